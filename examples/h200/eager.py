#!/usr/bin/env python3
"""The models of `export.py` in PyTorch, as a runner: `eager.py NAME [--half] [--compile]`. The weights are those of the ONNX file.

Needs enginesmith_runner.py beside it: `enginesmith runner python`.
"""

import sys

import torch
from export import make

import enginesmith_runner

name, flags = sys.argv[1], sys.argv[2:]
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
model = make(name)[0].cuda()
if "--half" in flags:
    model = model.half()


def call(*inputs: torch.Tensor):
    dtype = next(model.parameters()).dtype
    return model(*(i.to(dtype) if i.is_floating_point() else i for i in inputs))


run = torch.compile(call) if "--compile" in flags else call
kind = "torch.compile" if "--compile" in flags else "PyTorch eager"
enginesmith_runner.serve(run, name=kind, device="cuda", precision="fp16" if "--half" in flags else "fp32")
