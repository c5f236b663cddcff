#!/usr/bin/env python3
"""Whether a rewritten model is valid and still computes the same.

    same.py BEFORE AFTER [--input NAME:TYPE:SHAPE[=VALUE]]... [--tolerance 1e-5] [--seed 0]

AFTER must pass onnx.checker with full_check, and both models must give the same outputs on the CPU in ONNX Runtime, within
the tolerance relative to the largest value of each output. Inputs not given are float32 of their declared shape, every
unknown size 1. SHAPE is like 1x3x224x224 (empty for a scalar); VALUE fills the input, otherwise it is random.
Prints one line of JSON: nodes before and after, and the largest difference.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime from PyPI queues telemetry otherwise

import argparse
import json
import sys

import numpy as np
import onnx
import onnxruntime


def session(path: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # What is compared is the file, not what ONNX Runtime makes of it.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--input", action="append", default=[])
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    onnx.checker.check_model(arguments.after, full_check=True)
    random = np.random.default_rng(arguments.seed)
    given = {}
    for text in arguments.input:
        name, dtype, rest = text.rsplit(":", 2)
        shape, _, value = rest.partition("=")
        dims = [int(d) for d in shape.split("x") if d]
        given[name] = np.full(dims, value or 0, dtype) if value or dtype == "bool" else random.uniform(size=dims).astype(dtype)
    before, after = session(arguments.before), session(arguments.after)
    feed = {}
    for put in before.get_inputs():
        dims = [d if isinstance(d, int) and d > 0 else 1 for d in put.shape]
        feed[put.name] = given[put.name] if put.name in given else random.uniform(size=dims).astype("float32")
    if [o.name for o in before.get_outputs()] != [o.name for o in after.get_outputs()]:
        sys.exit("the outputs have other names")
    left = {put.name for put in after.get_inputs()}
    worst = 0.0
    wanted = before.run(None, feed)
    for want, have, put in zip(wanted, after.run(None, {k: v for k, v in feed.items() if k in left}), before.get_outputs()):
        if want.dtype != have.dtype or want.shape != have.shape:
            sys.exit(f"output {put.name}: {want.dtype} {want.shape} became {have.dtype} {have.shape}")
        if want.size:
            scale = max(float(np.abs(want.astype("float64")).max()), 1e-6)
            worst = max(worst, float(np.abs(want.astype("float64") - have.astype("float64")).max()) / scale)
    nodes = [len(onnx.load(path, load_external_data=False).graph.node) for path in (arguments.before, arguments.after)]
    print(json.dumps({"nodes_before": nodes[0], "nodes_after": nodes[1], "difference": worst}))
    if not worst <= arguments.tolerance:
        sys.exit(f"outputs differ by {worst}")


if __name__ == "__main__":
    main()
