#!/usr/bin/env python3
"""`enginesmith cast` and `quantize` against NVIDIA's ModelOpt on the same models, data and ONNX Runtime library.

    benches/modelopt.py --environment DIR --program target/release/enginesmith --output docs/benchmarks/modelopt.md \\
        [--rtx FOLDER_OF_TENSORRT_RTX] [--rounds 3] [--only NAME]... [--noise] MODEL.onnx...

DIR is a virtual environment with ModelOpt 0.47.0 (6.4 GB); it is made when it is not there. Each run is a whole process, in
turn (ours, ModelOpt, ours, ...); wall time, processor time and the peak memory of the process tree (PSS, so that pages shared
within the tree count once, sampled every 50 ms) are measured from outside. ModelOpt gets a fresh copy of the model each time,
as it writes the shapes that it infers into the file it is given. Models are known by file name (`CASES`): the
shapes of their inputs and how values are drawn, with a fixed seed: some samples to calibrate with, others to judge with. The
text models get drawn lines and pages of text (`text_lines.py`), magika the first and last 1024 bytes of files of the
environment; resnet50 and bert_base, whose weights are random, get random values and tokens. With `--noise` all get random
values, which says little about a picture model.

* cast: FP16, both with ranges from the same single sample. Lowered: nodes with an FP16 output, of all nodes with a float
  output other than casts.
* int8: same samples, thresholds as each tool chooses them by default (mse here, entropy there), nothing else lowered on either
  side. Lowered: nodes with a computed input that comes from DequantizeLinear, of the same total. `ours, wide` is the same
  with `--pointwise --attention`, which quantizes what ModelOpt quantizes beyond ours. `inference alone` is one more process
  that only runs the model over the same samples with the same library: what is beyond it is the tool's own cost.

Errors are against the FP32 model, over all outputs of the judging samples: mean absolute, and the cosine of the whole. ONNX
Runtime runs with `session.x64quantprecision`: without it, products of integers saturate on processors without VNNI, an error
of the processor's kernels and not of the model (a model stored as codes meets them, one stored as floats does not).

Where the two lower different nodes, the reason is given: that of `quantize --json` for each node that ModelOpt alone lowers;
for those that ours alone lowers, what of the node ModelOpt's rules stumble over.
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
import sysconfig
import tempfile
import threading
import time
from pathlib import Path

VERSION = "0.47.0"
SEED = 11
# Twice as many samples as calibrate, and no more than this, judge: the error of a few says little of the next few.
JUDGED = 64
WIDE = "ours, wide"


def enter(environment: Path) -> None:
    """Goes on in the environment's Python, which is made when it is not there."""
    python = environment / "bin/python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", f"nvidia-modelopt[onnx]=={VERSION}", "pillow"], check=True)
    if Path(sys.prefix) != environment.resolve():
        os.execv(python, [str(python), *sys.argv])


def cases(np, random, is_noise: bool):
    """By file name: calibration samples, a function that draws one sample, and what it draws."""
    sys.dont_write_bytecode = True  # nothing beside the script
    import text_lines

    def uniform(name, *shape, low=-1.0, high=1.0):
        return lambda: {name: random.uniform(low, high, shape).astype(np.float32)}

    def drawn(draw, *rest):
        return lambda: {"x": draw(random, [], *rest)[None]}

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

    end = 1024

    def content():
        file = files[random.integers(len(files))]
        data = np.frombuffer(file.read_bytes(), np.uint8)
        return {"bytes": np.concatenate([data[:end], data[-end:]]).astype(np.int32)[None]}

    def either_way():
        return {"x": text_lines.line(random, [], 192, bool(random.integers(2)))[None]}

    at = Path(sysconfig.get_paths()["purelib"]).rglob("*")
    files = sorted(f for f in at if f.is_file() and f.stat().st_size >= 2 * end) if not is_noise else []
    same = {
        "silero_vad_16k_op15.onnx": (32, speech, "random"),
        "resnet50.onnx": (16, lambda: {"input": random.standard_normal((1, 3, 224, 224), dtype=np.float32)}, "random"),
        "bert_base.onnx": (8, tokens(128), "random tokens"),
    }
    if is_noise:
        return same | {
            "PP-OCRv6_det_small.onnx": (8, uniform("x", 1, 3, 320, 320), "random"),
            "PP-OCRv6_rec_small.onnx": (8, uniform("x", 1, 3, 48, 320), "random"),
            "ch_ppocr_mobile_v2.0_cls_mobile.onnx": (32, uniform("x", 1, 3, 48, 192), "random"),
            "magika.onnx": (32, lambda: {"bytes": random.integers(0, 256, (1, 2048), dtype=np.int32)}, "random"),
        }
    return same | {
        "PP-OCRv6_det_small.onnx": (16, drawn(text_lines.page), "drawn pages"),
        "PP-OCRv6_rec_small.onnx": (32, drawn(text_lines.line), "drawn lines"),
        "ch_ppocr_mobile_v2.0_cls_mobile.onnx": (32, either_way, "drawn lines, half of them upside down"),
        "magika.onnx": (32, content, "files"),
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

    def __init__(self, np, model: Path, folder: Path, count: int, draw, inputs: str) -> None:
        self.model, self.count, self.folder, self.inputs = model, count, folder, inputs
        self.copy = folder / "given" / model.name
        self.copy.parent.mkdir(parents=True, exist_ok=True)
        samples = [draw() for _ in range(count)]
        self.judge = [draw() for _ in range(min(JUDGED, 2 * count))]

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
    options.add_session_config_entry("session.x64quantprecision", "1")
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
        self.made_by = {o: n for n in model.graph.node for o in n.output}
        constant = {i.name for i in model.graph.initializer}
        for node in model.graph.node:  # in the order of computation, as ONNX demands
            if node.op_type == "Constant" or node.input and all(i in constant for i in node.input if i):
                constant.update(node.output)

        self.nodes = {}
        for node in model.graph.node:
            kinds = [types.get(o, 0) for o in node.output]
            if node.op_type in self.PLUMBING or not any(k in self.FLOATS for k in kinds) or node.output[0] in constant:
                continue
            data = [i for i in node.input if i and i not in constant]
            quantized = [i for i in data if self.maker(i) == "DequantizeLinear"]
            self.nodes[node.name or node.output[0]] = {
                "op": node.op_type,
                "from": [m for i in data for m in self.makers(i)],
                "half": any(k in {10, 16} for k in kinds),
                "quantized": bool(quantized),
                "inputs": [list(node.input).index(i) for i in quantized],
            }

    def maker(self, name: str) -> str:
        """The operator that makes a tensor; empty for an input."""
        return self.made_by[name].op_type if name in self.made_by else ""

    def makers(self, name: str) -> list[str]:
        """The operators before a tensor, back through those that only change its form."""
        found = []
        while name in self.made_by:
            node = self.made_by[name]
            found.append(node.op_type)
            if node.op_type not in {"Transpose", "Squeeze", "Unsqueeze", "Reshape", "Flatten"}:
                break
            name = node.input[0]
        return found

    def share(self, what: str) -> float:
        return sum(n[what] for n in self.nodes.values()) / max(len(self.nodes), 1)


def commands(args, case: Case, task: str) -> dict:
    """The command of each side, and the file that it writes."""
    folder, model = case.folder, case.model
    ours, wide, theirs = (folder / f"{task}_{side}.onnx" for side in ("ours", "wide", "modelopt"))
    for file in (ours, wide, theirs):
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
                [*python, "modelopt.onnx.autocast", "--onnx_path", case.copy, "--output_path", theirs,
                 "--low_precision_type", "fp16", "--calibration_data", case.single, "--providers", "cpu"],
                theirs,
            ),
        }  # fmt: skip
    quantize = [args.program, "quantize", recipe, "--mode", "int8", "--force"]
    return {
        "ours": ([*quantize, "-o", ours], ours),
        WIDE: ([*quantize, "--pointwise", "--attention", "-o", wide], wide),
        "ModelOpt": (
            [*python, "modelopt.onnx.quantization", "--onnx_path", case.copy, "--output_path", theirs,
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
    samples = 1 if task == "cast" else case.count
    result = {"model": case.model.name, "task": task, "samples": samples, "inputs": case.inputs, "sides": {}}
    runs: dict = {side: [] for side in (*what, "inference alone")}
    for _ in range(args.rounds):
        for side, (command, _) in what.items():
            # Ours would find its own cached ranges again: every run starts with an empty data folder.
            shutil.rmtree(scratch, ignore_errors=True)
            shutil.copyfile(case.model, case.copy)
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
        entry["graph"] = graph.nodes
        entry["lowered"] = {name: n for name, n in graph.nodes.items() if n[key]}
        found, failure = outputs(ort, np, file, case.judge)
        entry |= errors(np, reference, found) if found is not None and reference is not None else {"failed": failure or why}
        entry["rtx"] = builds(args, file, case)
    result["differences"] = {}
    for side in what:
        lowered = [result["sides"].get(s, {}).get("lowered") for s in (side, "ModelOpt")]
        if side != "ModelOpt" and None not in lowered:
            notes = reasons(what[side][0], scratch, args) if task == "int8" else {}
            result["differences"][side] = compare(task, *lowered, result["sides"]["ModelOpt"]["graph"], notes)
    for entry in result["sides"].values():
        entry.pop("graph", None)
    return result


def reasons(command: list, scratch: Path, args) -> dict:
    """Per node what ours says of it."""
    env = {**os.environ, "XDG_DATA_HOME": str(scratch), "ORT_DYLIB_PATH": str(args.library)}
    done = subprocess.run([*map(str, command), "--json"], env=env, cwd=tempfile.gettempdir(), stdout=subprocess.PIPE, check=True)
    return {name: note for name, note in json.loads(done.stdout)["notes"]}


def compare(task: str, ours: dict, theirs: dict, their_nodes: dict, notes: dict) -> dict:
    """Nodes that one side alone lowers, by operator and reason; those that both lower with other inputs."""

    def plain(note: str) -> str:
        # Names, scales and sizes differ from node to node.
        what, _, why = note.partition(": ")
        for pattern in (r"fused into", r"the skipping input", r"with scale"):
            if what != "float" and re.search(pattern, why):
                return {"fused into": "ours fuses it into the quantized node before it, without a pair of its own"}.get(
                    pattern, "ours quantizes another input of it"
                )
        return why

    def stumbles(name: str, node: dict) -> str:
        if task == "cast":
            return ""
        other = their_nodes.get(name)
        if other is None:
            return "ModelOpt's result has no such node"
        if "Identity" in other["from"]:
            return "ModelOpt takes the graph as it is, and an Identity stands before the node; ours removes it first"
        if node["op"] in {"Gemm", "MatMul"}:
            return "the calibration's batch gives it a single row; its batch is free, and ours does not look at the data's"
        if node["op"] not in {"Conv", "ConvTranspose"}:
            return "it carries no weights; ModelOpt lowers such nodes behind some groups only, `--pointwise` wherever they stand alone"
        return "a rule of ModelOpt that is not ours"

    def grouped(nodes) -> dict:
        found: dict = {}
        for op, why in nodes:
            what = f"{op}: {why}" if why else op
            found[what] = found.get(what, 0) + 1
        return dict(sorted(found.items(), key=lambda f: -f[1]))

    return {
        "only_ours": grouped((n["op"], stumbles(name, n)) for name, n in ours.items() if name not in theirs),
        "only_theirs": grouped(
            (n["op"], plain(notes.get(name, "float: ours removed the node while cleaning up"))) for name, n in theirs.items() if name not in ours
        ),
        "other_inputs": grouped(
            (n["op"], f"inputs {n['inputs']} here, {theirs[name]['inputs']} there")
            for name, n in ours.items()
            if name in theirs and n["inputs"] != theirs[name]["inputs"]
        ),
    }


def listed(nodes: dict) -> str:
    return "; ".join(f"{n} {what}" for what, n in nodes.items()) or "none"


def table(args, results: list[dict], ort) -> str:
    def number(value, digits=3):
        return "-" if value is None else f"{value:.{digits}g}"

    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    lines = [
        f"ModelOpt {VERSION}, ONNX Runtime {ort.__version__} on both sides, Python {platform.python_version()}; {cpu}, "
        f"{os.cpu_count()} processors, Linux {platform.release()}; medians of {args.rounds} runs in turn; "
        f"{time.strftime('%Y-%m-%d', time.gmtime())}; load average {os.getloadavg()[0]:.1f} at the end.",
        "",
        "| task | model | samples | inputs | side | wall s | processor s | beyond inference, processor s | peak MB | nodes lowered "
        "| mean abs error | cosine | file MB | TensorRT-RTX builds it |",
        "|---|---|---:|---|---|---:|---:|---:|---:|---|---:|---:|---:|---|",
    ]
    for r in results:
        alone = r["sides"].get("inference alone", {}).get("cpu")
        for side, e in r["sides"].items():
            lowered = f"{len(e['lowered'])} of {e['nodes']} ({100 * e['share']:.1f} %)" if "lowered" in e else ""
            beyond = number(e["cpu"] - alone) if alone is not None and side != "inference alone" else ""
            failed = f" **failed: {e['failed']}**" if "failed" in e else ""
            cells = [r["task"], r["model"], r["samples"], r["inputs"], side + failed, number(e["wall"]), number(e["cpu"]), beyond]
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
    lines += ["", "Where they lower different nodes, with the reasons:", ""]
    lines += ["| task | model | side | only this side | only ModelOpt | both, other inputs |", "|---|---|---|---|---|---|"]
    for r in results:
        for side, found in r["differences"].items():
            cells = [r["task"], r["model"], side, *(listed(found[k]) for k in ("only_ours", "only_theirs", "other_inputs"))]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--environment", type=Path, required=True)
    parser.add_argument("--program", type=Path, default=Path("target/release/enginesmith"))
    parser.add_argument("--rtx", type=Path, help="folder of TensorRT-RTX's libraries")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=["cast", "int8"])
    parser.add_argument("--noise", action="store_true", help="random inputs for the picture models too")
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
    known = cases(np, np.random.default_rng(SEED), args.noise)
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
