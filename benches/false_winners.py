#!/usr/bin/env python3
"""Records what the decision "faster or slower" is tried on: many rounds of variants that are the same thing, and of variants with
3 % more work, measured as `compare` measures: every variant once a round, in an order drawn at random, in a process and a session
of its own, 0.2 s of warm-up and 0.3 s of measuring. One round is one `bench` here, so that a recording can be continued.

    python3 benches/false_winners.py --program target/release/enginesmith --library libonnxruntime.so \\
        --condition "quiet" --seconds 600 --output tests/false_winners/quiet.json

Six variants are the same file, two have 34 convolutions where the others have 33. What is kept is the median latency of every
round in milliseconds, in order, by target. `cargo test --release --test false_winners -- --nocapture` then makes trials of it:
runs of rounds as they were measured, with the default rule, and prints the table of docs/benchmarks/false-winners.md.
Needs a Python with numpy and onnx.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

SAME = [f"same {i}" for i in range(1, 7)]
MORE = ["more 1", "more 2"]


def chain(path: Path, layers: int) -> None:
    """Convolutions of 32 channels at 16 x 16 with ReLU, weights that keep values in range."""
    rng = np.random.default_rng(0)
    nodes, weights, at = [], [], "x"
    for i in range(layers):
        weight = rng.normal(0, (2 / 288) ** 0.5, (32, 32, 3, 3)).astype(np.float32)
        weights.append(numpy_helper.from_array(weight, f"w{i}"))
        nodes.append(helper.make_node("Conv", [at, f"w{i}"], [f"c{i}"], pads=[1, 1, 1, 1]))
        nodes.append(helper.make_node("Relu", [f"c{i}"], [f"r{i}"]))
        at = f"r{i}"
    shape = [1, 32, 16, 16]
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(at, TensorProto.FLOAT, shape)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    save(model, path)


def recipe(folder: Path, model: str, target: str, library: Path | None, threads: int) -> Path:
    lines = ["version = 1", "[model]", f'path = "{model}.onnx"', "[target]", f'name = "{target}"']
    lines += ["[build.options]", f"threads = {threads}"]
    if library:
        lines.append(f"library = {json.dumps(str(library))}")
    # A round as compare has it by default.
    lines += ["[bench]", "rounds = 1", "duration_s = 0.3", "iterations = 1"]
    path = folder / f"{model}-{target}-{threads}.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--library", type=Path, required=True, help="the ONNX Runtime library")
    parser.add_argument("--condition", required=True, help="what else the machine did, in words")
    parser.add_argument("--seconds", type=float, default=600, help="ends after the round in which this time is over")
    parser.add_argument("--output", type=Path, required=True, help="continued where it is there already")
    args = parser.parse_args()
    if args.output.exists():
        recorded = json.loads(args.output.read_text())
    else:
        recorded = {"condition": args.condition, "system": platform.platform(), "recordings": []}
        for target, threads in [("embedded", 1), ("onnxruntime-cpu", 1), ("onnxruntime-cpu", 2)]:
            rows = {name: [] for name in SAME + MORE}
            recorded["recordings"].append({"target": target, "threads": threads, "rounds": rows})
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        chain(folder / "same.onnx", 33)
        chain(folder / "more.onnx", 34)
        env = os.environ | {"XDG_DATA_HOME": str(folder / "data"), "XDG_CACHE_HOME": str(folder / "cache")}
        while time.monotonic() - began < args.seconds:
            for recording in recorded["recordings"]:
                target, rows = recording["target"], recording["rounds"]
                library = None if target == "embedded" else args.library
                taken = {}
                for name in random.sample(list(rows), len(rows)):
                    model = "more" if name in MORE else "same"
                    path = recipe(folder, model, target, library, recording["threads"])
                    command = [args.program.resolve(), "bench", path, "--json"]
                    run = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
                    if run.returncode:
                        sys.exit(run.stderr.decode())
                    result = json.loads(run.stdout)
                    taken[name] = round(result["latency_ms"]["median"], 5)
                    facts = result["environment"]
                    recording |= {"runtime": result["target"], "cpu": facts["cpu"], "cores": facts["cores"], "program": facts["program"]}
                # A round counts when all of its rows were measured.
                for name, ms in taken.items():
                    rows[name].append(ms)
            args.output.parent.mkdir(parents=True, exist_ok=True)
            args.output.write_text(json.dumps(recorded, separators=(",", ":")) + "\n")
    done = len(recorded["recordings"][0]["rounds"][SAME[0]])
    print(f"{done} rounds", file=sys.stderr)


if __name__ == "__main__":
    main()
