#!/usr/bin/env python3
"""Our build of a TensorRT-RTX engine against NVIDIA's own Python binding: `trt_build.py --program enginesmith MODEL...`.

Both sides are whole processes that read the same model, build with the same library and settings (network as the graph says,
one profile with fixed shapes, TF32 off) and write an engine file: `enginesmith build`, which starts its worker, hashes model
and engine and writes the record beside it, and a Python program of thirty lines that does nothing but build and write. They
run in turn (A B A B ...) after one uncounted round, so that a drifting or busy machine meets both alike. Wall time is from
start to end of the process; CPU is user and system time of it and of everything it started. The engines of one model are
compared byte by byte, and where they differ, with the other builds of their own side.

    pip install --target RTX tensorrt-rtx-cu13-libs==1.7.1.116 tensorrt-rtx-cu13-bindings==1.7.1.116
    cargo build --release
    python3 benches/trt_build.py --program target/release/enginesmith --packages RTX --output docs/benchmarks/trt-build.md \\
        MODELS/resnet50.onnx=input:1x3x224x224 MODELS/bert_base.onnx=input_ids:1x128,attention_mask:1x128,token_type_ids:1x128

`--packages` is the folder that has `tensorrt_rtx_libs` and `tensorrt_rtx_bindings`; without it they are looked for where this
Python finds its packages. Linux only: processor time of orphaned processes comes through PR_SET_CHILD_SUBREAPER.
"""

import argparse
import ctypes
import hashlib
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

VERBOSITIES = {"none": "NONE", "layer-names-only": "LAYER_NAMES_ONLY", "detailed": "DETAILED"}
LIMIT = 1.05


@dataclass
class Build:
    """One build by one side: seconds of wall, processor and TensorRT's builder alone, and the engine's hash."""

    wall: float
    cpu: float
    builder: float
    sha256: str
    bytes: int


def shapes_of(text: str) -> dict[str, list[int]]:
    """`NAME:1x3,NAME:4` as a dictionary; names may have colons, sizes not."""
    shapes = {}
    for part in filter(None, text.split(",")):
        name, _, sizes = part.rpartition(":")
        shapes[name] = [int(size) for size in filter(None, sizes.split("x"))]
    return shapes


def build_with_python(settings: dict) -> None:
    """The other side: what a Python user writes, from NVIDIA's documentation."""
    import tensorrt_rtx_bindings as trt

    logger = trt.Logger(trt.Logger.WARNING)
    builder = trt.Builder(logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(settings["model"]):
        raise SystemExit("\n".join(str(parser.get_error(i)) for i in range(parser.num_errors)))
    config = builder.create_builder_config()
    config.clear_flag(trt.BuilderFlag.TF32)
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, settings["workspace"] << 20)
    config.builder_optimization_level = settings["level"]
    config.profiling_verbosity = getattr(trt.ProfilingVerbosity, VERBOSITIES[settings["verbosity"]])
    config.num_compute_capabilities = 1
    config.set_compute_capability(getattr(trt.ComputeCapability, "SM" + settings["capability"].replace(".", "")), 0)
    profile = builder.create_optimization_profile()
    for name, shape in settings["shapes"].items():
        profile.set_shape(name, shape, shape, shape)
    config.add_optimization_profile(profile)
    start = time.perf_counter()
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        raise SystemExit("no engine")
    print(json.dumps({"builder": time.perf_counter() - start}))
    with open(settings["output"], "wb") as file:
        file.write(engine)


def measured(command: list[str], environment: dict[str, str]) -> tuple[float, float, str]:
    """Wall seconds, processor seconds of the process and all that it started, and what it printed."""
    with tempfile.TemporaryFile("w+") as printed, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=printed, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        cpu = usage.ru_utime + usage.ru_stime
        # What it left behind is ours to wait for now.
        while True:
            try:
                _, _, usage = os.wait4(-1, 0)
            except ChildProcessError:
                break
            cpu += usage.ru_utime + usage.ru_stime
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        if process.returncode != 0:
            errors.seek(0)
            raise SystemExit(f"{' '.join(command)}\nended with {process.returncode}:\n{errors.read()}{printed.read()}")
        return wall, cpu, printed.read()


def build_with_ours(program: str, library: Path, settings: dict, environment: dict[str, str]) -> tuple[float, float, float]:
    command = [program, "build", settings["model"], "-o", settings["output"], "--target", "tensorrt-rtx", "--json"]
    command += ["--workspace", f"{settings['workspace']}MiB"]
    options = {
        "library": library,
        "compute_capability": settings["capability"],
        "optimization_level": settings["level"],
        "profiling_verbosity": settings["verbosity"],
    }
    for name, value in options.items():
        command += ["--option", f"{name}={value}"]
    for name, shape in settings["shapes"].items():
        for end in ("min", "opt", "max"):
            command += [f"--{end}", f"{name}:{'x'.join(map(str, shape))}"]
    wall, cpu, printed = measured(command, environment)
    return wall, cpu, dict(json.loads(printed)["stages"])["build engine"]


def packages(named: Path | None) -> Path:
    """The folder that has NVIDIA's two packages."""
    if named:
        return named.resolve()
    found = importlib.util.find_spec("tensorrt_rtx_libs")
    if not found or not found.origin:
        raise SystemExit("this Python has no tensorrt_rtx_libs; name the folder that has it: --packages FOLDER")
    return Path(found.origin).resolve().parent.parent


def run(arguments: argparse.Namespace, model: Path, shapes: dict[str, list[int]], folder: Path) -> dict[str, list[Build]]:
    """All builds of one model by each side."""
    place = packages(arguments.packages)
    environment = {**os.environ, "XDG_DATA_HOME": str(folder / "data")}
    python = {**environment, "PYTHONPATH": os.pathsep.join([str(place), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)}
    settings = {
        "model": str(model.resolve()),
        "shapes": shapes,
        "workspace": arguments.workspace,
        "level": arguments.level,
        "verbosity": arguments.verbosity,
        "capability": arguments.capability,
    }
    builds: dict[str, list[Build]] = {"ours": [], "python": []}
    for round_ in range(arguments.rounds + 1):
        for side in builds:
            output = folder / f"{side}.engine"
            for old in (output, Path(f"{output}.json")):
                old.unlink(missing_ok=True)
            asked = {**settings, "output": str(output)}
            if side == "ours":
                wall, cpu, builder = build_with_ours(arguments.program, place / "tensorrt_rtx_libs", asked, environment)
            else:
                command = [sys.executable, __file__, "--build", json.dumps(asked)]
                wall, cpu, printed = measured(command, python)
                builder = json.loads(printed.splitlines()[-1])["builder"]
            content = output.read_bytes()
            build = Build(wall, cpu, builder, hashlib.sha256(content).hexdigest(), len(content))
            # The first round fills the page cache.
            if round_ > 0:
                builds[side].append(build)
            print(f"{model.name} {round_}: {side} {wall:.2f} s, CPU {cpu:.2f} s, builder {builder:.2f} s", file=sys.stderr)
    return builds


def sameness(builds: dict[str, list[Build]]) -> str:
    """What the engines' bytes say."""
    ours, theirs = ({b.sha256 for b in builds[side]} for side in ("ours", "python"))
    if ours == theirs and len(ours) == 1:
        return "all identical"
    own = [f"{name}: {len(hashes)} different" for name, hashes in (("ours", ours), ("Python", theirs))]
    common = len(ours & theirs)
    return f"{', '.join(own)}, {common} common"


def row(model: Path, shapes: dict[str, list[int]], builds: dict[str, list[Build]]) -> tuple[str, float]:
    """A line of the table, and the ratio in it."""
    median = lambda side, key: statistics.median(getattr(b, key) for b in builds[side])
    ratio = median("ours", "wall") / median("python", "wall")
    cpu = median("ours", "cpu") / median("python", "cpu")
    pairs = [a.wall / b.wall for a, b in zip(builds["ours"], builds["python"])]
    text = " ".join(f"{name}:{'x'.join(map(str, shape))}" for name, shape in shapes.items())
    size = builds["ours"][0].bytes / 2**20
    cells = [
        model.name,
        f"`{text}`",
        *(f"{median(side, 'wall'):.2f}" for side in builds),
        f"{ratio:.3f}",
        f"{min(pairs):.3f} to {max(pairs):.3f}",
        *(f"{median(side, 'cpu'):.2f}" for side in builds),
        f"{cpu:.3f}",
        *(f"{median(side, 'builder'):.2f}" for side in builds),
        f"{size:,.1f}",
        sameness(builds),
    ]
    return f"| {' | '.join(cells)} |", ratio


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {len(os.sched_getaffinity(0))} processors"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL=NAME:SHAPE,...")
    parser.add_argument("--program", default="enginesmith")
    parser.add_argument("--packages", type=Path, help="folder with tensorrt_rtx_libs and tensorrt_rtx_bindings")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workspace", type=int, default=1024, help="MiB")
    parser.add_argument("--level", type=int, default=3, help="builder optimization level")
    parser.add_argument("--verbosity", choices=VERBOSITIES, default="layer-names-only")
    parser.add_argument("--capability", default="8.6", help="compute capability to build for")
    parser.add_argument("--profile", default="release", help="how the program was built, for the report")
    parser.add_argument("--output", type=Path, help="write the table here too")
    parser.add_argument("--build", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.build:
        build_with_python(json.loads(arguments.build))
        return
    if not arguments.models:
        parser.error("name at least one model")
    # Orphans come to us: the worker outlives `enginesmith build` by a moment.
    PR_SET_CHILD_SUBREAPER = 36
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    rows, ratios, models, repeated = [], [], [], []
    for named in arguments.models:
        path, _, shapes = named.partition("=")
        with tempfile.TemporaryDirectory(dir=arguments.output.parent if arguments.output else None) as folder:
            builds = run(arguments, Path(path), shapes_of(shapes), Path(folder))
        line, ratio = row(Path(path), shapes_of(shapes), builds)
        rows.append(line)
        sha256 = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        models.append(f"- {Path(path).name}: {Path(path).stat().st_size:,} bytes, SHA-256 {sha256[:16]}")
        repeated.append(f"{Path(path).name}={shapes}")
        ratios.append(ratio)
    library = next((packages(arguments.packages)).glob("tensorrt_rtx*libs-*.dist-info"), None)
    version = library.name.split("-")[1].removesuffix(".dist") if library else "of unknown version"
    report = f"""# Building with our worker against NVIDIA's Python binding

TensorRT-RTX {version} on both sides, {arguments.rounds} builds each, in turn, after one uncounted round; strongly typed network, TF32 off,
compute capability {arguments.capability}, workspace {arguments.workspace} MiB, optimization level {arguments.level}, profiling verbosity {arguments.verbosity}. {processor()},
Linux {platform.release()}, Python {platform.python_version()}, load average {os.getloadavg()[0]:.1f} at the end, {time.strftime("%Y-%m-%d")}. Our program: {arguments.profile} profile.

| model | shapes | ours, wall s | Python, wall s | ratio | ratio of single rounds | ours, CPU s | Python, CPU s | ratio | ours, builder s | Python, builder s | engine MiB | engine bytes |
|---|---|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|---|
{chr(10).join(rows)}

Medians. Largest ratio of wall times: {max(ratios):.3f}; the goal is at most {LIMIT}. "Wall" is the whole process, from start to end: loading the
library, parsing, building, writing the engine; ours also hashes model and engine and writes the record. "Builder" is the time in
TensorRT's build call alone; ours writes the file inside of it, as the engine is made.

{chr(10).join(models)}

To repeat, as the script's head says:

    python3 benches/trt_build.py --program PROGRAM --packages RTX --rounds {arguments.rounds} --output docs/benchmarks/trt-build.md \\
        {" ".join(repeated)}
"""
    print(report)
    if arguments.output:
        arguments.output.write_text(report)


if __name__ == "__main__":
    main()
