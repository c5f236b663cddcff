#!/usr/bin/env python3
"""Our measuring loop against Python ONNX Runtime's own, on the processor: `ort_loop.py --program enginesmith MODEL...`.

Both sides run the same ONNX Runtime library, with the same number of threads, on inputs of the same shapes and kinds. One
worker and one Python session per model stay open; they measure in turn (A B A B ...), so that a drifting or busy machine
meets both alike. Ours is a `serial` run of the worker; Python's is a loop of `session.run(None, inputs)` with
`time.perf_counter_ns` around each call. The table gives the median of each side over all rounds, the ratio of the two, and
the lowest and highest ratio of one round. Needs a Python with onnxruntime and numpy; the library is that Python's.

    cargo build --release
    python3 benches/ort_loop.py --program target/release/enginesmith --output docs/benchmarks/cpu-onnxruntime.md \\
        MODELS/PP-OCRv6_det_small.onnx=x:1x3x96x160 ... (a shape for every input that the model leaves open)
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime from PyPI queues telemetry otherwise

import argparse
import json
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime

from built_as import built_as


class Worker:
    """Speaks the worker protocol (src/worker/protocol.rs)."""

    def __init__(self, program: str) -> None:
        self.process = subprocess.Popen(
            [program, "worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.next = 1
        self.token = tempfile.NamedTemporaryFile("w", suffix=".token")
        self.token.write("seen")
        self.token.flush()
        assert self.receive()["type"] == "hello"
        self.send(0, type="hello", program="ort_loop", token_path=self.token.name, token="seen")

    def send(self, number: int, **body) -> None:
        # The protocol wants `v` first and no blanks.
        self.process.stdin.write(json.dumps({"v": 1, "id": number, **body}, separators=(",", ":")) + "\n")
        self.process.stdin.flush()

    def receive(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the worker ended")
        return json.loads(line)

    def run(self, job: dict, model: Path | None = None) -> tuple[dict, list[list[float]]]:
        """The job's output and its samples."""
        number, self.next = self.next, self.next + 1
        place = None
        if model:
            stat = model.stat()
            offered = {"name": model.name, "path": str(model), "bytes": stat.st_size, "modified_ns": stat.st_mtime_ns}
            self.send(number, type="offer", files=[offered])
            while (answer := self.receive())["type"] != "answer":
                pass
            assert answer["direct"], "the worker does not see the model file"
            place = {"path": str(model)}
        self.send(number, type="job", job=job, model=place)
        rows: list[list[float]] = []
        while True:
            message = self.receive()
            if message["type"] == "samples":
                rows += message["rows"]
            elif message["type"] == "failed":
                raise SystemExit(json.dumps(message["error"]))
            elif message["type"] == "done":
                return message["output"], rows

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def parse(argument: str) -> tuple[Path, dict[str, list[int]]]:
    path, *shapes = argument.split("=", 1)
    given = {}
    for shape in shapes[0].split(",") if shapes else []:
        name, dims = shape.rsplit(":", 1)
        given[name] = [int(d) for d in dims.split("x")]
    return Path(path).resolve(), given


TYPES = {"tensor(float)": np.float32, "tensor(int32)": np.int32, "tensor(int64)": np.int64}


def feeds(session: onnxruntime.InferenceSession, shapes: list[str]) -> dict[str, np.ndarray]:
    """Inputs of the shapes that our side measured with."""
    dims = dict(shape.rsplit(":", 1) for shape in shapes)
    random = np.random.default_rng(7)
    given = {}
    for value in session.get_inputs():
        shape = [int(d) for d in dims[value.name].split("x")] if dims[value.name] else []
        dtype = TYPES[value.type]
        given[value.name] = (
            random.random(shape, dtype=np.float32)
            if dtype is np.float32
            else np.full(shape, 16000 if value.name == "sr" else 1, dtype)
        )
    return given


def python_round(session, inputs, seconds: float, warm: float) -> list[float]:
    clock = time.perf_counter_ns
    until = clock() + warm * 1e9
    while clock() < until:
        session.run(None, inputs)
    times = []
    until = clock() + seconds * 1e9
    while clock() < until:
        start = clock()
        session.run(None, inputs)
        times.append((clock() - start) / 1e6)
    return times


def measure(args, model: Path, given: dict[str, list[int]]) -> dict:
    library = next(Path(onnxruntime.__file__).parent.glob("capi/libonnxruntime.*"))
    recipe = {
        "version": 1,
        "model": {"path": str(model)},
        "target": {"name": "onnxruntime-cpu"},
        "build": {"options": {"threads": args.threads, "library": str(library)}},
        "bench": {"shapes": given, "duration_s": args.seconds, "warmup_ms": 100.0, "protocol": "serial"},
    }
    worker = Worker(args.program)
    built, _ = worker.run({"job": "build", "recipe": recipe, "output": None, "force": False}, model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    job = {"job": "bench", "engine": built["engine"], "recipe": recipe, "seed": 7}
    ours, theirs, ratios = [], [], []
    inputs = None
    for turn in range(args.rounds):
        output, rows = worker.run(job)
        if inputs is None:
            inputs = feeds(session, output["shapes"])
        a = [row[5] - row[4] for row in rows]
        b = python_round(session, inputs, args.seconds, 0.1)
        if turn == 0:
            continue  # both sides grow their memory in the first round
        ours += a
        theirs += b
        ratios.append(statistics.median(a) / statistics.median(b))
    worker.close()
    return {
        "model": model.name,
        "shapes": " ".join(output["shapes"]),
        "generated": output["inputs"],
        "ours": statistics.median(ours),
        "theirs": statistics.median(theirs),
        "runs": (len(ours), len(theirs)),
        "ratio": statistics.median(ours) / statistics.median(theirs),
        "spread": (min(ratios), max(ratios)),
    }


def table(args, results: list[dict]) -> str:
    def fact(path: str, start: str) -> str:
        lines = Path(path).read_text().splitlines() if Path(path).exists() else []
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(start)), "unknown")

    lines = [
        "# Our loop against Python ONNX Runtime's, on the processor",
        "",
        f"ONNX Runtime {onnxruntime.__version__} on both sides, {args.threads} thread(s), {args.rounds - 1} rounds of "
        f"{args.seconds} s each, in turn. Ours is {built_as(args.program)}. {fact('/proc/cpuinfo', 'model name')}, {os.cpu_count()} processors, "
        f"Linux {platform.release()}, Python {platform.python_version()}, load average {os.getloadavg()[0]:.1f} at the end "
        f"(a shared machine), {time.strftime('%Y-%m-%d', time.gmtime())}.",
        "",
        "| model | shapes | ours, median ms | Python, median ms | ratio | ratio of single rounds | inferences |",
        "|---|---|---:|---:|---:|---|---|",
    ]
    for r in results:
        lines.append(
            f"| {r['model']} | `{r['shapes']}` | {r['ours']:.4g} | {r['theirs']:.4g} | {r['ratio']:.3f} "
            f"| {r['spread'][0]:.3f} to {r['spread'][1]:.3f} | {r['runs'][0]:,} and {r['runs'][1]:,} |"
        )
    lines += [
        "",
        f"Median of the ratios: {statistics.median(r['ratio'] for r in results):.3f}; the goal is at most 1.03.",
        "Ours binds inputs and outputs once; Python's `run` allocates its outputs at every call. Made by",
        "`benches/ort_loop.py`, whose head says how.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="target/release/enginesmith")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--rounds", type=int, default=13)
    parser.add_argument("--output", type=Path)
    parser.add_argument("models", nargs="+", help="MODEL or MODEL=input:1x3x224x224,other:1x8")
    args = parser.parse_args()
    print(built_as(args.program), flush=True)
    results = []
    for argument in args.models:
        results.append(measure(args, *parse(argument)))
        print(json.dumps(results[-1]), flush=True)
    text = table(args, results)
    print(text)
    if args.output:
        args.output.write_text(text)


if __name__ == "__main__":
    main()
