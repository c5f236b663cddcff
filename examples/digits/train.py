#!/usr/bin/env python3
"""Trains the demo model of this folder and writes everything the recipe needs.

A small residual CNN learns the real handwritten digits of scikit-learn's `load_digits` (8x8 grey images, ten classes).
Written into this script's folder (or into --out):

    digits.onnx        the model: input `input` float32 [batch, 1, 8, 8] in 0..1, output `logits` float32 [batch, 10]
    calibration.npz    images and labels for INT8 calibration; the network never saw them in training
    test.npz           images and labels for the accuracy figures; used once, after the last epoch

Split, initial weights, order of batches and augmentation come from one seed; the number of epochs is fixed, so no choice
is made by looking at the test set.

    pip install torch==2.15.0 onnx==1.23.2 onnxruntime==1.31.1 scikit-learn==1.9.1
    python train.py
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime from PyPI queues telemetry otherwise

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn import functional as F

SEED = 8
TEST_IMAGES = 540
CALIBRATION_IMAGES = 200
EPOCHS = 30
BATCH = 64
PEAK_LEARNING_RATE = 0.05
OPSET = 17


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and the sum with the input, which a 1x1 convolution fits where the shape changes."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.downsample = None
        if stride != 1 or channels_in != channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + shortcut)


class DigitsNet(nn.Module):
    """The usual residual network in small: stem, three stages, global average pooling, one linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 32, 3, 1, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU())
        self.layer1 = nn.Sequential(BasicBlock(32, 32, 1), BasicBlock(32, 32, 1))
        self.layer2 = nn.Sequential(BasicBlock(32, 64, 1))
        self.layer3 = nn.Sequential(BasicBlock(64, 64, 2))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.flatten(self.pool(self.layer3(self.layer2(self.layer1(self.stem(x)))))))


def split() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The 1,797 images as train, calibration and test sets, every class in the same share; pixels 0..16 become 0..1."""
    digits = load_digits()
    images = (digits.images / 16.0).astype(np.float32)[:, None]
    labels = digits.target.astype(np.int64)
    images, test_images, labels, test_labels = train_test_split(
        images, labels, test_size=TEST_IMAGES, random_state=SEED, stratify=labels
    )
    images, calibration_images, labels, calibration_labels = train_test_split(
        images, labels, test_size=CALIBRATION_IMAGES, random_state=SEED, stratify=labels
    )
    return {
        "train": (images, labels),
        "calibration": (calibration_images, calibration_labels),
        "test": (test_images, test_labels),
    }


def augment(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Small random turns, scalings and shifts: what another hand would have written."""
    count = len(images)

    def uniform(limit: float) -> torch.Tensor:
        return (torch.rand(count, generator=generator) * 2 - 1) * limit

    angle, scale = uniform(0.2), 1 + uniform(0.1)
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    shift_x, shift_y = uniform(0.15), uniform(0.15)
    matrix = torch.stack([cos, -sin, shift_x, sin, cos, shift_y], 1).view(count, 2, 3)
    grid = F.affine_grid(matrix, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def train(images: np.ndarray, labels: np.ndarray) -> DigitsNet:
    """Trains for a fixed number of epochs (SGD with momentum, one-cycle learning rate) and returns the network."""
    generator = torch.Generator().manual_seed(SEED)
    network = DigitsNet()
    optimizer = torch.optim.SGD(
        network.parameters(), PEAK_LEARNING_RATE, momentum=0.9, weight_decay=5e-4, nesterov=True
    )
    steps = EPOCHS * -(-len(images) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_LEARNING_RATE, total_steps=steps)
    all_images, all_labels = torch.from_numpy(images), torch.from_numpy(labels)
    for epoch in range(1, EPOCHS + 1):
        network.train()
        total = 0.0
        for chosen in torch.randperm(len(all_images), generator=generator).split(BATCH):
            loss = F.cross_entropy(
                network(augment(all_images[chosen], generator)), all_labels[chosen], label_smoothing=0.05
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(chosen)
        if epoch % 5 == 0:
            print(f"epoch {epoch:3}/{EPOCHS}  training loss {total / len(all_images):.4f}", flush=True)
    return network.eval()


def export(network: DigitsNet, path: Path) -> None:
    """Writes the ONNX file, BatchNormalization left as nodes of its own: folding it is the engine builder's work."""
    torch.onnx.export(
        network,
        (torch.zeros(1, 1, 8, 8),),
        str(path),
        input_names=["input"],
        output_names=["logits"],
        dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}},
        opset_version=OPSET,
        do_constant_folding=False,
        training=torch.onnx.TrainingMode.PRESERVE,
        dynamo=False,
    )
    onnx.checker.check_model(onnx.load(path), full_check=True)


def accuracy(logits: np.ndarray, labels: np.ndarray) -> str:
    right = int((logits.argmax(1) == labels).sum())
    return f"{right}/{len(labels)} = {right / len(labels):.2%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent, help="folder to write into")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(SEED)
    torch.use_deterministic_algorithms(True)
    sets = split()
    print(", ".join(f"{name} {len(labels)}" for name, (_, labels) in sets.items()))
    network = train(*sets["train"])
    export(network, out / "digits.onnx")

    session = onnxruntime.InferenceSession(out / "digits.onnx", providers=["CPUExecutionProvider"])
    for name, (images, labels) in sets.items():
        with torch.no_grad():
            expected = network(torch.from_numpy(images)).numpy()
        (logits,) = session.run(["logits"], {"input": images})
        difference = np.abs(logits - expected).max()
        print(f"{name:12} accuracy {accuracy(logits, labels)}  (ONNX Runtime; off PyTorch by at most {difference:.1e})")
        if name != "train":
            np.savez(out / f"{name}.npz", images=images, labels=labels)
    parameters = sum(p.numel() for p in network.parameters())
    files = ["digits.onnx", "calibration.npz", "test.npz"]
    print(f"{parameters:,} parameters; " + ", ".join(f"{f} {(out / f).stat().st_size:,} bytes" for f in files))


if __name__ == "__main__":
    main()
