#!/usr/bin/env python3
"""Writes the models of the table: `export.py [NAME...]`, beside this file. Weights are random, from a fixed seed: they do not
change the time of an inference. Needs torch, torchvision, transformers and onnx.

    resnet50.onnx    torchvision's ResNet-50, 224 x 224
    bert.onnx        BERT-base (110 million parameters), 128 tokens
    detector.onnx    torchvision's RetinaNet with a ResNet-50 feature pyramid, 640 x 640: scores and boxes before suppression
"""

import sys
from pathlib import Path

import torch
import torchvision

HERE = Path(__file__).resolve().parent
SEED = 0


class Detector(torch.nn.Module):
    """RetinaNet's network, without the search for the best boxes, which no engine here computes on the GPU alone."""

    def __init__(self) -> None:
        super().__init__()
        whole = torchvision.models.detection.retinanet_resnet50_fpn(weights=None, weights_backbone=None)
        self.backbone, self.head = whole.backbone, whole.head

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = self.head(list(self.backbone(image).values()))
        return found["cls_logits"], found["bbox_regression"]


class Bert(torch.nn.Module):
    """BERT-base, arguments by name: their order differs between versions of transformers."""

    def __init__(self) -> None:
        from transformers import BertConfig, BertModel

        super().__init__()
        config = BertConfig()
        config._attn_implementation = "eager"
        self.model = BertModel(config)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = self.model(input_ids=ids, attention_mask=mask)
        return found.last_hidden_state, found.pooler_output


def make(name: str) -> tuple[torch.nn.Module, dict[str, torch.Tensor], list[str]]:
    """The model, inputs of batch 2 and names of outputs."""
    torch.manual_seed(SEED)
    if name == "resnet50":
        return torchvision.models.resnet50(weights=None).eval(), {"image": torch.randn(2, 3, 224, 224)}, ["logits"]
    if name == "detector":
        return Detector().eval(), {"image": torch.randn(2, 3, 640, 640)}, ["scores", "boxes"]
    ones = torch.ones(2, 128, dtype=torch.int64)
    return Bert().eval(), {"input_ids": ones, "attention_mask": ones}, ["hidden", "pooled"]


def main() -> None:
    for name in sys.argv[1:] or ["resnet50", "bert", "detector"]:
        model, inputs, outputs = make(name)
        torch.onnx.export(
            model,
            tuple(inputs.values()),
            HERE / f"{name}.onnx",
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes={n: {0: "batch"} for n in [*inputs, *outputs]},
            opset_version=17,
            dynamo=False,
        )


if __name__ == "__main__":
    main()
