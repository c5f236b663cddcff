#!/usr/bin/env python3
"""Judges patched models: onnx.checker with full_check, and the same results in ONNX Runtime as before.

    judge.py FOLDER

FOLDER has PAIRS.json, `[{name, before, after, inputs, tolerance, valid_only}]`. Inputs are random where no value is given;
a list of numbers fills the declared shape. Prints one line of JSON: by name the largest difference relative to the largest
value of an output, or what is wrong.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime from PyPI queues telemetry otherwise

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

TYPES = {
    "tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64", "tensor(int64)": "int64",
    "tensor(int32)": "int32", "tensor(bool)": "bool", "tensor(uint8)": "uint8", "tensor(int8)": "int8",
}


def session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    # What is compared is the file, not what ONNX Runtime makes of it.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def feed_of(before: onnxruntime.InferenceSession, given: dict, seed: int) -> dict:
    random = np.random.default_rng(seed)
    feed = {}
    for put in before.get_inputs():
        dims = [d if isinstance(d, int) and d > 0 else 2 for d in put.shape]
        dtype = TYPES[put.type]
        if put.name in given:
            value = np.asarray(given[put.name], dtype)
            feed[put.name] = value if value.ndim == len(dims) else np.broadcast_to(value, dims).copy()
        elif dtype.startswith("float"):
            feed[put.name] = random.uniform(-1, 1, dims).astype(dtype)
        else:
            feed[put.name] = random.integers(0, 2, dims).astype(dtype)
    return feed


def judge(folder: Path, pair: dict) -> float:
    before, after = folder / pair["before"], folder / pair["after"]
    onnx.checker.check_model(after, full_check=True)
    if pair.get("valid_only"):
        session(after)
        return 0.0
    a, b = session(before), session(after)
    for what in ("get_inputs", "get_outputs"):
        names = [[put.name for put in getattr(s, what)()] for s in (a, b)]
        if names[0] != names[1]:
            raise ValueError(f"{what}: {names[0]} became {names[1]}")
    worst = 0.0
    for seed in range(2):
        feed = feed_of(a, pair.get("inputs") or {}, seed)
        for want, have, put in zip(a.run(None, feed), b.run(None, feed), a.get_outputs()):
            if want.dtype != have.dtype or want.shape != have.shape:
                raise ValueError(f"output {put.name}: {want.dtype} {want.shape} became {have.dtype} {have.shape}")
            if not want.size:
                continue
            want, have = want.astype("float64"), have.astype("float64")
            finite = np.isfinite(want)
            if not np.array_equal(finite, np.isfinite(have)):
                raise ValueError(f"output {put.name}: not finite elsewhere")
            if finite.any():
                scale = max(float(np.abs(want[finite]).max()), 1e-6)
                worst = max(worst, float(np.abs(want - have)[finite].max()) / scale)
    return worst


def main() -> None:
    folder = Path(sys.argv[1])
    report = {}
    for pair in json.loads((folder / "PAIRS.json").read_text()):
        try:
            report[pair["name"]] = judge(folder, pair)
        except Exception as error:
            report[pair["name"]] = f"{type(error).__name__}: {error}"
    print(json.dumps(report))


if __name__ == "__main__":
    main()
