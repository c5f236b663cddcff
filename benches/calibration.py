#!/usr/bin/env python3
"""What calibration costs beyond inference, and whether its memory grows with the number of samples.

    benches/calibration.py --program target/release/enginesmith --library libonnxruntime.so --output docs/benchmarks/calibration.md \\
        [--few 10] [--many 50] [--rounds 3] [--huge 500] MODEL.onnx

Whole processes in turn: `enginesmith quantize` on few and on many samples, and a Python loop that only runs the model over
the same samples with the same library. What starting costs is in both of `few` and `many`, so their difference over the
difference in samples is what one sample costs. Needs numpy, onnx and onnxruntime (the loop's); peak memory is the sum of PSS
over the process tree, sampled every 50 ms. The samples are standard normal numbers from a fixed seed.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime from PyPI queues telemetry otherwise

import argparse
import json
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LOOP = """
import os, sys, time, numpy as np, onnxruntime as ort
model, data, name, count = sys.argv[1:]
session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
rows = np.load(data)[name]
session.run(None, {name: rows[:1]})
start, used = time.perf_counter(), sum(os.times()[:2])
for i in range(int(count)):
    session.run(None, {name: rows[i : i + 1]})
print(time.perf_counter() - start, sum(os.times()[:2]) - used)
"""


def tree(root: int) -> list[int]:
    todo, found = [root], []
    while todo:
        pid = todo.pop()
        found.append(pid)
        try:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                todo += map(int, (thread / "children").read_text().split())
        except OSError:
            pass
    return found


def run(command: list, env: dict) -> dict:
    """Wall seconds, processor seconds of the tree, peak bytes."""
    start, used, peak = time.perf_counter(), {}, 0
    ticks = os.sysconf("SC_CLK_TCK")
    process = subprocess.Popen([str(c) for c in command], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while process.poll() is None:
        total = 0
        for pid in tree(process.pid):
            try:
                total += int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M).group(1))
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                used[pid] = (int(fields[11]) + int(fields[12])) / ticks
            except (OSError, AttributeError):
                continue
        peak = max(peak, total * 1024)
        time.sleep(0.05)
    if process.returncode:
        sys.exit(process.stderr.read().decode())
    return {"wall": time.perf_counter() - start, "cpu": sum(used.values()), "peak": peak}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--few", type=int, default=10)
    parser.add_argument("--many", type=int, default=50)
    parser.add_argument("--huge", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    import numpy as np
    import onnx
    import onnxruntime

    value = onnx.load(args.model, load_external_data=False).graph.input[0]
    shape = [d.dim_value or 1 for d in value.type.tensor_type.shape.dim][1:]
    with tempfile.TemporaryDirectory() as folder:
        home, cache = Path(folder, "home"), Path(folder, "cache.json")
        random, data = np.random.default_rng(0), {}
        for count in (args.many, args.huge):
            data[count] = Path(folder, f"{count}.npz")
            np.savez(data[count], **{value.name: random.standard_normal((count, *shape), dtype=np.float32)})
        env = {**os.environ, "XDG_DATA_HOME": str(home), "ORT_DYLIB_PATH": str(args.library)}

        def ours(count: int, source: Path) -> dict:
            shutil.rmtree(home, ignore_errors=True)
            cache.unlink(missing_ok=True)
            command = [args.program, "quantize", args.model, "--data", source, "--samples", count, "--cache", cache]
            done = run([*command, "-o", Path(folder, "out.onnx"), "--force"], env)
            return done | json.loads(cache.read_text())

        def loop(count: int) -> tuple[float, float]:
            command = [sys.executable, "-c", LOOP, args.model, data[args.many], value.name, count]
            text = subprocess.run([str(c) for c in command], env=env, capture_output=True, text=True, check=True).stdout
            wall, cpu = map(float, text.split())
            return wall / count, cpu / count

        rows = []
        for _ in range(args.rounds):
            few, alone, many = ours(args.few, data[args.many]), loop(args.many), ours(args.many, data[args.many])
            between = args.many - args.few
            rows.append(
                {
                    "wall": (many["wall"] - few["wall"]) / between,
                    "cpu": (many["cpu"] - few["cpu"]) / between,
                    "alone_wall": alone[0],
                    "alone_cpu": alone[1],
                    "looking": many["looking_s"] / many["inference_s"],
                    "inference": many["inference_s"] / many["samples"],
                    "peaks": (few["peak"], many["peak"]),
                }
            )
            print(rows[-1], flush=True)
        huge = ours(args.huge, data[args.huge]) if args.huge > args.many else None

    def median(key: str) -> float:
        return statistics.median(r[key] for r in rows)

    ratios = [r["cpu"] / r["alone_cpu"] for r in rows]
    walls = [r["wall"] / r["alone_wall"] for r in rows]
    peaks = [max(r["peaks"][i] for r in rows) / 2**20 for i in (0, 1)]
    load = os.getloadavg()[0]
    lines = [
        "# What calibration costs beyond inference",
        "",
        f"`{args.model.name}`, INT8, ONNX Runtime {onnxruntime.__version__} on both sides, {args.few} and {args.many} samples, "
        f"{args.rounds} rounds in turn, {os.cpu_count()} processors, Linux {platform.release()}, load average {load:.1f} at the end, "
        f"{time.strftime('%Y-%m-%d')}. Made by `benches/calibration.py`, whose head says how.",
        "",
        "| | calibration, one more sample | inference alone, one sample | ratio, median | ratios of single rounds |",
        "|---|---:|---:|---:|---|",
        f"| wall seconds | {median('wall'):.3f} | {median('alone_wall'):.3f} | {statistics.median(walls):.2f} | "
        f"{', '.join(f'{r:.2f}' for r in walls)} |",
        f"| processor seconds | {median('cpu'):.3f} | {median('alone_cpu'):.3f} | {statistics.median(ratios):.2f} | "
        f"{', '.join(f'{r:.2f}' for r in ratios)} |",
        "",
        f"Inside the worker: looking at the values took {100 * median('looking'):.1f} % of the time of the inference that gave them "
        f"({median('inference'):.3f} s a sample); single rounds {', '.join(format(100 * r['looking'], '.1f') for r in rows)} %. The goal is under 15 %.",
        "",
        "| samples | peak memory of all processes |",
        "|---:|---:|",
        f"| {args.few} | {peaks[0]:.0f} MiB |",
        f"| {args.many} | {peaks[1]:.0f} MiB |",
    ]
    if huge:
        lines.append(f"| {args.huge} | {huge['peak'] / 2**20:.0f} MiB |")
        lines += ["", f"{args.huge} samples took {huge['wall']:.0f} s in all: inference {huge['inference_s']:.0f} s, looking {huge['looking_s']:.0f} s."]
    args.output.write_text("\n".join(lines) + "\n")
    print(args.output.read_text())


if __name__ == "__main__":
    main()
