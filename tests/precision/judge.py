#!/usr/bin/env python3
"""Judges a model whose precision was lowered: onnx.checker with full_check, then ONNX Runtime against the original.

    judge.py BEFORE AFTER [--input NAME:TYPE:SHAPE[=VALUE]]... [--data NPZ --array NAME=ARRAY --labels ARRAY] [--seed 0]

Inputs are random where no data is given; float inputs and outputs of AFTER may have another float type. Prints one line of
JSON: per output the mean absolute error, the largest value of the original, the cosine similarity; with labels also how
many the two models get right and on how many samples their largest output differs.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime from PyPI queues telemetry otherwise

import argparse
import json
import sys

import numpy as np
import onnx
import onnxruntime

TYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(int64)": "int64", "tensor(int32)": "int32"}


def session(path: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if any(t.data_type in (17, 18, 19, 20) for t in onnx.load(path, load_external_data=False).graph.initializer):
        # Its extended optimizations take pairs around 8-bit floats for integer ones (1.31.1): refusals and wrong numbers.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def feed_of(arguments) -> dict:
    random = np.random.default_rng(arguments.seed)
    if arguments.data:
        archive = np.load(arguments.data)
        pairs = (text.partition("=") for text in arguments.array)
        return {name: archive[array] for name, _, array in pairs}
    feed = {}
    for text in arguments.input:
        name, dtype, rest = text.rsplit(":", 2)
        shape, _, value = rest.partition("=")
        dims = [int(d) for d in shape.split("x") if d]
        feed[name] = np.full(dims, value, dtype) if value else random.uniform(size=dims).astype(dtype)
    return feed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--input", action="append", default=[])
    parser.add_argument("--data")
    parser.add_argument("--array", action="append", default=[])
    parser.add_argument("--labels")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--types-only", action="store_true", help="check the file, do not run it")
    arguments = parser.parse_args()

    onnx.checker.check_model(arguments.after, full_check=True)
    model = onnx.load(arguments.after)
    weights = sum(t.ByteSize() for t in model.graph.initializer)
    report = {"nodes": len(model.graph.node), "weight_bytes": weights, "outputs": {}}
    if arguments.types_only:
        print(json.dumps(report))
        return
    feed = feed_of(arguments)
    before, after = session(arguments.before), session(arguments.after)
    if [o.name for o in before.get_outputs()] != [o.name for o in after.get_outputs()]:
        sys.exit("the outputs have other names")
    if [i.name for i in before.get_inputs()] != [i.name for i in after.get_inputs()]:
        sys.exit("the inputs have other names")
    if not feed:
        random = np.random.default_rng(arguments.seed)
        for put in before.get_inputs():
            dims = [d if isinstance(d, int) and d > 0 else 1 for d in put.shape]
            feed[put.name] = random.uniform(size=dims).astype("float32")
    types = {put.name: TYPES[put.type] for put in after.get_inputs()}
    wanted = before.run(None, feed)
    given = after.run(None, {name: value.astype(types[name]) for name, value in feed.items()})
    for want, have, put in zip(wanted, given, before.get_outputs()):
        if want.shape != have.shape:
            sys.exit(f"output {put.name}: {want.shape} became {have.shape}")
        a, b = want.astype("float64").ravel(), have.astype("float64").ravel()
        norm = float(np.linalg.norm(a) * np.linalg.norm(b))
        report["outputs"][put.name] = {
            "type": str(have.dtype),
            "mean_abs": float(np.abs(a - b).mean()) if a.size else 0.0,
            "largest": float(np.abs(a).max()) if a.size else 0.0,
            "cosine": float(a @ b) / norm if norm else 1.0,
        }
    if arguments.labels:
        labels = np.load(arguments.data)[arguments.labels]
        classes = [np.argmax(result[0].astype("float32"), axis=-1) for result in (wanted, given)]
        report["samples"] = len(labels)
        report["right"] = [int((c == labels).sum()) for c in classes]
        report["flipped"] = int((classes[0] != classes[1]).sum())
    print(json.dumps(report))


if __name__ == "__main__":
    main()
