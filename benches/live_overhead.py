#!/usr/bin/env python3
"""What live plotting costs: one variant measured headless and with the studio plotting it, in turn.

A is `enginesmith compare RECIPE`, B is `enginesmith RECIPE --run compare --screenshot FILE`: the same recipe, the same worker,
but a window that draws the samples while they arrive (about 30 frames a second at most). They alternate A B, B A, A B ... so
that a machine that drifts meets both alike; the figure is the ratio of the median latencies of a pair, B over A, and its
median over all pairs with a 95 % bootstrap interval. The first pair is left out: both sides fill caches in it.

    python3 benches/live_overhead.py --program target/release/enginesmith --output docs/benchmarks/live-overhead.md

Without a display it starts Xvfb, and then the window is drawn by the processor (Mesa's llvmpipe), which no machine with a GPU
does. `--split` (the default where there are taskset and two processors) gives the worker the last processor and everything
else, on both sides, the others: without it the scheduler decides, except that the program itself binds an engine with one thread
to the last processor where there are more than two. `--no-split` measures that.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime from PyPI queues telemetry otherwise

import argparse
import json
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from built_as import built_as

HERE = Path(__file__).resolve().parent.parent


def processors() -> list[int]:
    return sorted(os.sched_getaffinity(0))


class Display:
    """The display there is, or an Xvfb of our own."""

    def __init__(self, size: str) -> None:
        self.server = None
        self.name = os.environ.get("DISPLAY", "")
        if self.name or os.environ.get("WAYLAND_DISPLAY"):
            return
        program = shutil.which("Xvfb")
        if not program:
            raise SystemExit("no display and no Xvfb")
        ready, tell = os.pipe()
        self.server = subprocess.Popen(
            [program, "-displayfd", str(tell), "-screen", "0", f"{size}x24", "+extension", "GLX"],
            pass_fds=[tell],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(tell)
        # The number and the end of its line may come one after the other.
        with os.fdopen(ready) as line:
            number = line.readline().strip()
        if not number:
            raise SystemExit("Xvfb did not start")
        self.name = f":{number}"

    def close(self) -> None:
        if self.server:
            self.server.terminate()
            self.server.wait()


def write_recipe(args, folder: Path, worker_cpu: int | None) -> Path:
    target = {"name": args.target}
    if worker_cpu is not None:
        target["via"] = f"taskset -c {worker_cpu}"
    options = {"threads": args.threads}
    if args.library:
        options["library"] = str(args.library.resolve())
    lines = [
        "version = 1",
        f"model.path = {json.dumps(str(args.model.resolve()))}",
        *(f"target.{key} = {json.dumps(value)}" for key, value in target.items()),
        *(f"build.options.{key} = {json.dumps(value)}" for key, value in options.items()),
        f"bench.duration_s = {args.seconds}",
        f"bench.rounds = {args.inner}",
        *(f'bench.shapes."{name}" = {dims}' for name, dims in (shape(s) for s in args.shape)),
    ]
    path = folder / "recipe.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def shape(text: str) -> tuple[str, list[int]]:
    name, dims = text.rsplit(":", 1)
    return name, [int(d) for d in dims.split("x")]


def measured(args, command: list[str], environment: dict, home: Path, rest: list[int] | None) -> dict:
    """Runs one side with a data folder of its own and returns what it kept: the one run in its history."""
    data = home / "data"
    shutil.rmtree(data, ignore_errors=True)
    environment = {**environment, "XDG_DATA_HOME": str(data)}
    prefix = ["taskset", "-c", ",".join(map(str, rest))] if rest else []
    done = subprocess.run([*prefix, *command], env=environment, cwd=home, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stderr}")
    (index,) = data.glob("**/history/*/index.jsonl")
    (line,) = index.read_text().splitlines()
    return json.loads(line)["result"]


def interval(ratios: list[float]) -> tuple[float, float]:
    rng = random.Random(1)
    medians = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(5000))
    return medians[124], medians[4874]


def report(args, pairs: list[tuple[dict, dict]], split: bool, renderer: str) -> str:
    ratios = [b["statistics"]["latency_ms"]["median"] / a["statistics"]["latency_ms"]["median"] for a, b in pairs]
    tails = [b["statistics"]["latency_ms"]["p99"] / a["statistics"]["latency_ms"]["p99"] for a, b in pairs]
    low, high = interval(ratios)
    median = statistics.median(ratios)
    environment = pairs[0][1]["environment"]
    verdict = "met" if high <= 1.02 else "missed" if low > 1.02 else "neither met nor missed beyond the noise"
    placed = (
        f"worker on processor {processors()[-1]}, everything else on the other {len(processors()) - 1}"
        if split
        else environment.get("affinity") or "placed by the system's scheduler"
    )
    lines = [
        "# What live plotting costs a measurement",
        "",
        f"{built_as(args.program)}; {args.model.name} {' '.join(pairs[0][1]['shapes'])} on {pairs[0][1]['target']} with "
        f"{args.threads} thread(s), protocol serial; {environment['cpu']}, {len(processors())} processors, {environment['system']}; "
        f"{placed}; window of {args.size} drawn by {renderer}; load average {os.getloadavg()[0]:.1f} at the end; "
        f"{time.strftime('%Y-%m-%d', time.gmtime())}.",
        "",
        f"{len(pairs)} pairs of {args.seconds} s a side in turn, the first pair left out.",
        "",
        "| | median of pairs | 95 % interval | lowest to highest pair |",
        "|---|---:|---|---|",
        f"| median latency, plotting over headless | {median:.4f} | {low:.4f} to {high:.4f} | {min(ratios):.4f} to {max(ratios):.4f} |",
        f"| p99 latency, plotting over headless | {statistics.median(tails):.4f} | {' to '.join(f'{x:.4f}' for x in interval(tails))} "
        f"| {min(tails):.4f} to {max(tails):.4f} |",
        "",
        f"The goal of at most 2 % on the median latency is {verdict}.",
        "",
        "Headless median latencies "
        + f"{min(a['statistics']['latency_ms']['median'] for a, _ in pairs):.4g} to "
        + f"{max(a['statistics']['latency_ms']['median'] for a, _ in pairs):.4g} ms. Made by `benches/live_overhead.py`, whose head",
        "says how the two sides run.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="target/release/enginesmith")
    parser.add_argument("--model", type=Path, default=HERE / "examples/digits/digits.onnx")
    parser.add_argument("--shape", action="append", default=[], metavar="NAME:1x3x224x224")
    parser.add_argument("--target", default="embedded")
    parser.add_argument("--library", type=Path, help="the ONNX Runtime library, for --target onnxruntime-cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=5.0, help="of measuring, a side and pair")
    parser.add_argument("--inner", type=int, default=5, help="rounds inside one side")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--split", action=argparse.BooleanOptionalAction, default=None)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    args.program = str(Path(args.program).resolve())
    cpus = processors()
    split = args.split
    if split is None:
        split = len(cpus) > 1 and shutil.which("taskset") is not None
    worker, rest = (cpus[-1], cpus[:-1]) if split else (None, None)
    print(built_as(args.program), flush=True)
    display = Display(args.size)
    renderer = "llvmpipe (no GPU)" if display.server else "the display's own OpenGL"
    try:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            recipe = write_recipe(args, home, worker)
            # A worker behind a prefix is called `enginesmith`, as it would be on another machine.
            tools = home / "bin"
            tools.mkdir()
            (tools / "enginesmith").symlink_to(Path(args.program).resolve())
            path = f"{tools}{os.pathsep}{os.environ.get('PATH', '')}"
            base = {**os.environ, "XDG_CACHE_HOME": str(home / "cache"), "PATH": path}
            # Headless must not need a display.
            headless_env = {k: v for k, v in base.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
            window_env = {**base, "DISPLAY": display.name}
            if display.server:
                # As many rasterizer threads as the window has processors left.
                window_env |= {"LIBGL_ALWAYS_SOFTWARE": "1", "LP_NUM_THREADS": str(len(rest) if rest else 1)}
            picture = home / "picture.png"
            sides = {
                "a": ([args.program, "compare", str(recipe), "--json"], headless_env),
                "b": (
                    [args.program, str(recipe), "--run", "compare", "--screenshot", str(picture)]
                    + ["--size", args.size, "--step", "lab", "--pane", "plots"],
                    window_env,
                ),
            }
            pairs = []
            for turn in range(args.pairs + 1):
                order = "ab" if turn % 2 == 0 else "ba"
                got = {side: measured(args, *sides[side], home, rest) for side in order}
                if turn == 0:
                    continue
                pairs.append((got["a"], got["b"]))
                a, b = (got[s]["statistics"]["latency_ms"]["median"] for s in "ab")
                print(f"pair {turn}: headless {a:.4g} ms, plotting {b:.4g} ms, ratio {b / a:.4f}", flush=True)
            text = report(args, pairs, split, renderer)
    finally:
        display.close()
    print(text)
    if args.output:
        args.output.write_text(text)


if __name__ == "__main__":
    sys.exit(main())
