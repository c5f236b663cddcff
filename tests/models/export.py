#!/usr/bin/env python3
"""Exports the heavier models of tests and benchmarks from PyTorch: `export.py FOLDER [--only NAME]`.

    resnet50.onnx    torchvision's ResNet-50: `input` float32 [batch, 3, 224, 224] -> `logits` [batch, 1000]
    bert_base.onnx   an encoder of BERT-base's size (12 layers, 768 wide, 12 heads, vocabulary 30,522):
                     `input_ids`, `attention_mask`, `token_type_ids` int64 [batch, sequence]
                     -> `last_hidden_state` [batch, sequence, 768], `pooler_output` [batch, 768]

Weights are random (fixed seed): these models are for speed, memory and agreement between engines, not for accuracy.

    pip install torch==2.15.0 torchvision==0.29.2 onnx==1.23.2 onnxruntime==1.31.1
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime from PyPI queues telemetry otherwise

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

SEED = 8
OPSET = 17


class SelfAttention(nn.Module):
    """Multi-head attention over all positions; `bias` is added to the scores (0, or very negative where masked)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.output = nn.Linear(width, width)

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        split = (batch, length, self.heads, width // self.heads)
        query, key, value = (linear(x).view(split).transpose(1, 2) for linear in (self.query, self.key, self.value))
        scores = query @ key.transpose(2, 3) / (width // self.heads) ** 0.5 + bias
        return self.output((F.softmax(scores, -1) @ value).transpose(1, 2).reshape(batch, length, width))


class Layer(nn.Module):
    """Attention and a feed-forward part, each with a residual sum and LayerNorm after it, as in BERT."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = SelfAttention(width, heads)
        self.attention_norm = nn.LayerNorm(width, eps=1e-12)
        self.intermediate = nn.Linear(width, 4 * width)
        self.output = nn.Linear(4 * width, width)
        self.output_norm = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        x = self.attention_norm(x + self.attention(x, bias))
        return self.output_norm(x + self.output(F.gelu(self.intermediate(x))))


class Bert(nn.Module):
    """The encoder with its embeddings and pooler."""

    def __init__(self, layers: int = 12, width: int = 768, heads: int = 12, vocabulary: int = 30522) -> None:
        super().__init__()
        self.word = nn.Embedding(vocabulary, width)
        self.position = nn.Embedding(512, width)
        self.token_type = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.layer = nn.ModuleList(Layer(width, heads) for _ in range(layers))
        self.pooler = nn.Linear(width, width)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)

    def forward(self, input_ids, attention_mask, token_type_ids):
        positions = torch.arange(input_ids.size(1), device=input_ids.device)
        x = self.norm(self.word(input_ids) + self.position(positions) + self.token_type(token_type_ids))
        bias = (1.0 - attention_mask[:, None, None, :].float()) * -10000.0
        for layer in self.layer:
            x = layer(x, bias)
        return x, torch.tanh(self.pooler(x[:, 0]))


def resnet50():
    inputs = {"input": torch.randn(2, 3, 224, 224)}
    return torchvision.models.resnet50(weights=None), inputs, {"logits": ["batch"]}, {"input": ["batch"]}


def bert_base():
    ids = torch.randint(1000, 30000, (2, 16))
    mask = torch.ones_like(ids)
    mask[1, 10:] = 0
    inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": torch.zeros_like(ids)}
    outputs = {"last_hidden_state": ["batch", "sequence"], "pooler_output": ["batch"]}
    return Bert(), inputs, outputs, {name: ["batch", "sequence"] for name in inputs}


def export(make, path: Path) -> None:
    """Writes the model and compares it once with PyTorch; both of its dynamic sizes differ from those of the export."""
    torch.manual_seed(SEED)
    network, inputs, outputs, dynamic = make()
    network.eval()
    axes = {name: dict(enumerate(dims)) for name, dims in {**dynamic, **outputs}.items()}
    torch.onnx.export(
        network, tuple(inputs.values()), str(path), input_names=list(inputs), output_names=list(outputs),
        dynamic_axes=axes, opset_version=OPSET, dynamo=False,
    )  # fmt: skip
    onnx.checker.check_model(str(path))

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs = {
        name: (value[:1, :9] if dynamic[name][1:] == ["sequence"] else value[:1]) for name, value in inputs.items()
    }
    results = session.run(None, {name: value.numpy() for name, value in inputs.items()})
    with torch.no_grad():
        expected = network(*inputs.values())
    expected = expected if isinstance(expected, tuple) else (expected,)
    off = max(np.abs(a - b.numpy()).max() for a, b in zip(results, expected))
    nodes = len(onnx.load(path, load_external_data=False).graph.node)
    print(f"{path}: {nodes} nodes, {path.stat().st_size / 1e6:.0f} MB, off PyTorch by at most {off:.1e}", flush=True)


def main() -> None:
    models = {"resnet50": resnet50, "bert_base": bert_base}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=models)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name, make in models.items():
        if arguments.only in (None, name):
            export(make, arguments.folder / f"{name}.onnx")


if __name__ == "__main__":
    main()
