#!/usr/bin/env python3
"""`enginesmith cast` and `quantize` against NVIDIA's ModelOpt on the same models, data and ONNX Runtime library.

    benches/modelopt.py --environment DIR --program target/release/enginesmith --output docs/benchmarks/modelopt.md \\
        [--rtx FOLDER_OF_TENSORRT_RTX] [--rounds 3] [--only NAME]... MODEL.onnx...

DIR is a virtual environment with ModelOpt 0.47.0 (6.4 GB); it is made when it is not there. Each run is a whole process, in
turn (ours, ModelOpt, ours, ...); wall time, processor time and the peak memory of the process tree (PSS, so that pages shared
within the tree count once, sampled every 50 ms) are measured from outside. Models are known by file name (`CASES`): the
shapes of their inputs and how values are drawn, with a fixed seed: some samples to calibrate with, others to judge with.

* cast: FP16, both with ranges from the same single sample. Lowered: nodes with an FP16 output, of all nodes with a float
  output other than casts.
* int8: entropy, same samples, nothing else lowered on either side. Lowered: nodes whose data input comes from
  DequantizeLinear, of the same total. `inference alone` is a third process that only runs the model over the same samples
  with the same library: what is beyond it is the tool's own cost.

Errors are against the FP32 model, over all outputs of the judging samples: mean absolute, and the cosine of the whole.
"""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

VERSION = "0.47.0"
SEED = 11


def enter(environment: Path) -> None:
    """Goes on in the environment's Python, which is made when it is not there."""
    python = environment / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", f"nvidia-modelopt[onnx]=={VERSION}"], check=True)
    if Path(sys.prefix) != environment.resolve():
        os.execv(python, [str(python), *sys.argv])


def cases(np, random):
    """By file name: calibration samples, and a function that draws one sample."""

    def uniform(name, *shape, low=-1.0, high=1.0):
        return lambda: {name: random.uniform(low, high, shape).astype(np.float32)}

    def tokens(length):
        def draw():
            ids = random.integers(1000, 30000, (1, length), dtype=np.int64)
            return {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}

        return draw

    def speech():
        return {
            "input": random.normal(0, 0.1, (1, 512)).astype(np.float32),
            "state": np.zeros((2, 1, 128), np.float32),
            "sr": np.array(16000, np.int64),
        }

    return {
        "PP-OCRv6_det_small.onnx": (8, uniform("x", 1, 3, 320, 320)),
        "PP-OCRv6_rec_small.onnx": (8, uniform("x", 1, 3, 48, 320)),
        "ch_ppocr_mobile_v2.0_cls_mobile.onnx": (32, uniform("x", 1, 3, 48, 192)),
        "magika.onnx": (32, lambda: {"bytes": random.integers(0, 256, (1, 2048), dtype=np.int32)}),
        "silero_vad_16k_op15.onnx": (32, speech),
        "resnet50.onnx": (16, lambda: {"input": random.standard_normal((1, 3, 224, 224), dtype=np.float32)}),
        "bert_base.onnx": (8, tokens(128)),
    }


class Run:
    """One whole process with its children: seconds, processor seconds, peak bytes, output."""

    def __init__(self, command: list, env: dict) -> None:
        start = time.perf_counter()
        with tempfile.TemporaryFile("w+") as log:
            # Not in the current folder: the repository's `tensorrt/` would pass for a Python package.
            process = subprocess.Popen(
                [str(c) for c in command], stdout=log, stderr=subprocess.STDOUT, env=env, cwd=tempfile.gettempdir()
            )
            self.peak, self.spent, ended = 0, {}, threading.Event()
            watcher = threading.Thread(target=self.watch, args=(process.pid, ended))
            watcher.start()
            _, status = os.waitpid(process.pid, 0)
            self.wall = time.perf_counter() - start
            ended.set()
            watcher.join()
            process.returncode = os.waitstatus_to_exitcode(status)
            log.seek(0)
            self.log = log.read()
        # Not wait4's sum, which leaves out a child that its parent never waited for.
        self.cpu = sum(self.spent.values()) / os.sysconf("SC_CLK_TCK")
        self.code = process.returncode

    def watch(self, root: int, ended: threading.Event) -> None:
        while not ended.wait(0.05):
            todo, total = [root], 0
            while todo:
                pid = todo.pop()
                try:
                    for thread in Path(f"/proc/{pid}/task").iterdir():
                        todo += map(int, (thread / "children").read_text().split())
                    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
                    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                    self.spent[pid] = int(fields[11]) + int(fields[12])
                    total += 1024 * int(re.search(r"^Pss:\s+(\d+)", rollup, re.M).group(1))
                except (OSError, AttributeError):
                    continue
            self.peak = max(self.peak, total)


ALONE = """
import sys, numpy as np, onnxruntime as ort
model, data = sys.argv[1:]
options = ort.SessionOptions()
session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
arrays = dict(np.load(data))
rows = {k: v for k, v in arrays.items()}
count = int(rows.pop("__count"))
for i in range(count):
    session.run(None, {k: (v[i : i + 1] if v.ndim and len(v) == count else v) for k, v in rows.items()})
"""


class Case:
    """A model with its samples, in files for both tools."""

    def __init__(self, np, model: Path, folder: Path, count: int, draw) -> None:
        self.model, self.count, self.folder = model, count, folder
        folder.mkdir(parents=True, exist_ok=True)
        samples = [draw() for _ in range(count)]
        self.judge = [draw() for _ in range(4)]

        def joined(some):
            # Samples lie along the first axis; what has no batch (a scalar, a state) is given once.
            return {
                k: np.concatenate([s[k] for s in some]) if some[0][k].ndim and some[0][k].shape[0] == 1 else some[0][k]
                for k in some[0]
            }

        self.single, self.all, self.counted = folder / "one.npz", folder / "all.npz", folder / "counted.npz"
        np.savez(self.single, **samples[0])
        np.savez(self.all, **joined(samples))
        np.savez(self.counted, __count=count, **joined(samples))
        self.shapes = ",".join(f"{k}:{'x'.join(map(str, v.shape))}" for k, v in samples[0].items() if v.ndim)


def outputs(ort, np, path: Path, samples: list[dict]):
    """All outputs of all samples as one float64 vector; None and the reason when the model does not run."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        parts = []
        for sample in samples:
            feeds = {}
            for value in session.get_inputs():
                kind = {"tensor(float16)": np.float16, "tensor(float)": np.float32}.get(value.type)
                feeds[value.name] = sample[value.name].astype(kind) if kind else sample[value.name]
            parts += [np.asarray(o).astype(np.float64).ravel() for o in session.run(None, feeds)]
        return np.concatenate(parts), ""
    except Exception as error:  # the reason goes into the table
        return None, str(error).splitlines()[0][:160]


def errors(np, reference, found) -> dict:
    finite = np.isfinite(found)
    if not finite.all():
        return {"mean_abs": float("nan"), "cosine": float("nan"), "not_finite": int((~finite).sum())}
    norm = np.linalg.norm(reference) * np.linalg.norm(found)
    return {"mean_abs": float(np.abs(reference - found).mean()), "cosine": float(reference @ found / norm) if norm else 1.0}


class Graph:
    """What was lowered in a model, by the checker's own type inference."""

    FLOATS = {1, 10, 16}  # TensorProto: FLOAT, FLOAT16, BFLOAT16
    PLUMBING = {"Cast", "QuantizeLinear", "DequantizeLinear", "Constant", "Identity"}

    def __init__(self, onnx, path: Path) -> None:
        model = onnx.load(path)
        onnx.checker.check_model(model, full_check=False)
        model = onnx.shape_inference.infer_shapes(model, data_prop=True)
        types = {v.name: v.type.tensor_type.elem_type for v in [*model.graph.value_info, *model.graph.output]}
        made_by = {o: n for n in model.graph.node for o in n.output}
        weights = {i.name for i in model.graph.initializer}

        def is_constant(name):
            while name in made_by and made_by[name].op_type in self.PLUMBING:
                if made_by[name].op_type == "Constant":
                    return True
                name = made_by[name].input[0]
            return name in weights

        self.nodes = {}
        for node in model.graph.node:
            kinds = [types.get(o, 0) for o in node.output]
            if node.op_type in self.PLUMBING or not any(k in self.FLOATS for k in kinds):
                continue
            data = [i for i in node.input if i and not is_constant(i)]
            quantized = [i for i in data if i in made_by and made_by[i].op_type == "DequantizeLinear"]
            self.nodes[node.name or node.output[0]] = {
                "op": node.op_type,
                "half": any(k in {10, 16} for k in kinds),
                "quantized": bool(quantized),
                "inputs": [list(node.input).index(i) for i in quantized],
            }

    def share(self, what: str) -> float:
        return sum(n[what] for n in self.nodes.values()) / max(len(self.nodes), 1)


def commands(args, case: Case, task: str) -> dict:
    """The command of each side, and the file that it writes."""
    folder, model = case.folder, case.model
    ours, theirs = folder / f"{task}_ours.onnx", folder / f"{task}_modelopt.onnx"
    for file in (ours, theirs):
        for stale in (file, file.with_suffix(".onnx_data"), file.with_suffix(".onnx.data")):
            stale.unlink(missing_ok=True)
    recipe = folder / f"{task}.toml"
    data = case.single if task == "cast" else case.all
    recipe.write_text(
        f'version = 1\n[model]\npath = "{model}"\n[target]\nname = "onnxruntime-cpu"\n'
        f'[build.options]\nlibrary = "{args.library}"\n[data.calibration]\npath = "{data}"\n'
        f'[accuracy.reference]\nname = "onnxruntime-cpu"\n'
    )
    python = [sys.executable, "-m"]
    if task == "cast":
        return {
            "ours": ([args.program, "cast", recipe, "--to", "fp16", "--force", "-o", ours], ours),
            "ModelOpt": (
                [*python, "modelopt.onnx.autocast", "--onnx_path", model, "--output_path", theirs,
                 "--low_precision_type", "fp16", "--calibration_data", case.single, "--providers", "cpu"],
                theirs,
            ),
        }  # fmt: skip
    return {
        "ours": ([args.program, "quantize", recipe, "--mode", "int8", "--method", "entropy", "--force", "-o", ours], ours),
        "ModelOpt": (
            [*python, "modelopt.onnx.quantization", "--onnx_path", model, "--output_path", theirs,
             "--quantize_mode", "int8", "--calibration_method", "entropy", "--calibration_data_path", case.all,
             "--calibration_eps", "cpu", "--calibration_shapes", case.shapes, "--high_precision_dtype", "fp32"],
            theirs,
        ),
    }  # fmt: skip


def builds(args, model: Path, case: Case) -> str:
    """Whether TensorRT-RTX builds the result: `yes`, or the first line of what it says."""
    if not args.rtx:
        return "not asked"
    shapes = [a for s in case.shapes.split(",") if s for f in ("--min", "--opt", "--max") for a in (f, s)]
    run = Run(
        [args.program, "build", model, "--target", "tensorrt-rtx", "--option", f"library={args.rtx}",
         "--option", "compute_capability=8.6", *shapes],
        dict(os.environ),
    )  # fmt: skip
    if run.code == 0:
        return "yes"
    said = [line for line in run.log.splitlines() if line.strip()]
    return "no: " + (said[-1][:400] if said else f"exit {run.code}")


def judge(args, task: str, case: Case, modules) -> dict:
    np, onnx, ort = modules
    what = commands(args, case, task)
    scratch = case.folder / "data"
    result = {"model": case.model.name, "task": task, "samples": 1 if task == "cast" else case.count, "sides": {}}
    runs: dict = {side: [] for side in (*what, "inference alone")}
    for _ in range(args.rounds):
        for side, (command, _) in what.items():
            # Ours would find its own cached ranges again: every run starts with an empty data folder.
            shutil.rmtree(scratch, ignore_errors=True)
            env = {**os.environ, "XDG_DATA_HOME": str(scratch), "ORT_DYLIB_PATH": str(args.library)}
            runs[side].append(Run(command, env))
        if task != "cast":
            runs["inference alone"].append(
                Run([sys.executable, "-c", ALONE, case.model, case.counted], dict(os.environ))
            )
    reference, why = outputs(ort, np, case.model, case.judge)
    for side, done in runs.items():
        if not done:
            continue
        entry = {
            "wall": statistics.median(r.wall for r in done),
            "cpu": statistics.median(r.cpu for r in done),
            "peak": max(r.peak for r in done),
            "codes": sorted({r.code for r in done}),
        }
        result["sides"][side] = entry
        if side not in what:
            continue
        file = what[side][1]
        if not file.exists():
            entry["failed"] = [line for line in done[-1].log.splitlines() if line.strip()][-1:]
            continue
        graph = Graph(onnx, file)
        key = "half" if task == "cast" else "quantized"
        entry |= {"share": graph.share(key), "nodes": len(graph.nodes), "bytes": file.stat().st_size}
        entry["lowered"] = {name: n for name, n in graph.nodes.items() if n[key]}
        found, failure = outputs(ort, np, file, case.judge)
        entry |= errors(np, reference, found) if found is not None and reference is not None else {"failed": failure or why}
        entry["rtx"] = builds(args, file, case)
    sides = [result["sides"].get(s, {}).get("lowered") for s in what]
    if None not in sides:
        ours, theirs = sides
        names = {n: v for s in sides for n, v in s.items()}
        result["only_ours"] = {n: names[n]["op"] for n in ours.keys() - theirs.keys()}
        result["only_theirs"] = {n: names[n]["op"] for n in theirs.keys() - ours.keys()}
        result["other_inputs"] = {
            n: [ours[n]["inputs"], theirs[n]["inputs"]] for n in ours.keys() & theirs.keys() if ours[n]["inputs"] != theirs[n]["inputs"]
        }
    return result


def counts(nodes: dict) -> str:
    ops: dict = {}
    for op in nodes.values():
        ops[op] = ops.get(op, 0) + 1
    return ", ".join(f"{n} {op}" for op, n in sorted(ops.items())) or "none"


def table(args, results: list[dict], ort) -> str:
    def number(value, digits=3):
        return "-" if value is None else f"{value:.{digits}g}"

    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    lines = [
        f"ModelOpt {VERSION}, ONNX Runtime {ort.__version__} on both sides, Python {platform.python_version()}; {cpu}, "
        f"{os.cpu_count()} processors, Linux {platform.release()}; medians of {args.rounds} runs in turn; "
        f"{time.strftime('%Y-%m-%d', time.gmtime())}; load average {os.getloadavg()[0]:.1f} at the end.",
        "",
        "| task | model | samples | side | wall s | processor s | beyond inference, processor s | peak MB | nodes lowered "
        "| mean abs error | cosine | file MB | TensorRT-RTX builds it |",
        "|---|---|---:|---|---:|---:|---:|---:|---|---:|---:|---:|---|",
    ]
    for r in results:
        alone = r["sides"].get("inference alone", {}).get("cpu")
        for side, e in r["sides"].items():
            lowered = f"{len(e['lowered'])} of {e['nodes']} ({100 * e['share']:.1f} %)" if "lowered" in e else ""
            beyond = number(e["cpu"] - alone) if alone is not None and side != "inference alone" else ""
            failed = f" **failed: {e['failed']}**" if "failed" in e else ""
            cells = [r["task"], r["model"], r["samples"], side + failed, number(e["wall"]), number(e["cpu"]), beyond]
            cells += [f"{e['peak'] / 1e6:,.0f}", lowered]
            cells += [number(e["mean_abs"]), f"{e['cosine']:.6f}"] if "cosine" in e else ["", ""]
            cells += [f"{e['bytes'] / 1e6:.3g}", e["rtx"]] if "rtx" in e else ["", ""]
            lines.append(f"| {' | '.join(map(str, cells))} |")
    lines += ["", "Ratios, ModelOpt to ours:", "", "| task | model | wall | peak memory | beyond inference |", "|---|---|---:|---:|---:|"]
    for r in results:
        ours, theirs = r["sides"]["ours"], r["sides"]["ModelOpt"]
        if "failed" in ours or "failed" in theirs:
            lines.append(f"| {r['task']} | {r['model']} | one side failed | | |")
            continue
        alone = r["sides"].get("inference alone", {}).get("cpu")
        beyond = ""
        if alone is not None:
            own = ours["cpu"] - alone
            beyond = f"{(theirs['cpu'] - alone) / own:.1f}" if own > 0 else "ours is below inference alone"
        lines.append(
            f"| {r['task']} | {r['model']} | {theirs['wall'] / ours['wall']:.1f} | {theirs['peak'] / max(ours['peak'], 1):.1f} | {beyond} |"
        )
    lines += ["", "Where they lower different nodes:", "", "| task | model | only ours | only ModelOpt | both, other inputs |", "|---|---|---|---|---|"]
    for r in results:
        if "only_ours" in r:
            lines.append(
                f"| {r['task']} | {r['model']} | {counts(r['only_ours'])} | {counts(r['only_theirs'])} | {len(r['other_inputs'])} |"
            )
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, required=True)
    parser.add_argument("--program", type=Path, default=Path("target/release/enginesmith"))
    parser.add_argument("--rtx", type=Path, help="folder of TensorRT-RTX's libraries")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=["cast", "int8"])
    parser.add_argument("--folder", type=Path, help="where the rewritten models stay; a temporary one when not given")
    parser.add_argument("--output", type=Path, help="table.md; the whole result goes beside it as .json when --folder is given")
    parser.add_argument("models", nargs="+", type=Path)
    args = parser.parse_args()
    args.program, args.models = args.program.resolve(), [m.resolve() for m in args.models]
    enter(args.environment)

    import numpy as np
    import onnx
    import onnxruntime as ort

    args.library = next(Path(ort.__file__).parent.glob("capi/libonnxruntime.*"))
    known = cases(np, np.random.default_rng(SEED))
    folder = args.folder or Path(tempfile.mkdtemp())
    results = []
    for model in args.models:
        if model.name not in known:
            raise SystemExit(f"{model.name}: not known; add it to `cases`, with its shapes")
        case = Case(np, model, (folder / model.stem).resolve(), *known[model.name])
        for task in args.only or ["cast", "int8"]:
            results.append(judge(args, task, case, (np, onnx, ort)))
            r = results[-1]
            print(json.dumps({s: {k: v for k, v in e.items() if k != "lowered"} for s, e in r["sides"].items()}), flush=True)
            (folder / f"{model.stem}_{task}.json").write_text(json.dumps(r, indent=1))
    text = table(args, results, ort)
    print(text)
    if args.output:
        args.output.write_text(text)
    if not args.folder:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
