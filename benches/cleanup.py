#!/usr/bin/env python3
"""`enginesmith clean` against onnxslim and `polygraphy surgeon sanitize --fold-constants`, on real models.

    cleanup.py --program target/release/enginesmith --models DIR [--models DIR] [--tools VENV] [--rounds 3]

Takes every .onnx file in the folders. Where a model's weights were replaced by ConstantOfShape (the light models of the onnx
package), they are put back as random numbers first, for all sides alike. The tools are installed from PyPI into --tools
where that environment is not there. Counts nodes in all bodies, without Constant nodes, which hold a value and compute
nothing; runs the original and each result in ONNX Runtime with its own optimizations off; takes the wall time of the whole
process, the shortest of the rounds, the three in turn. Prints a Markdown table, and the operators of which we leave more
than another tool.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime from PyPI queues telemetry otherwise

import argparse
import collections
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PACKAGES = ["onnxslim==0.1.98", "polygraphy==0.53.6", "onnx-graphsurgeon==0.6.1", "onnxruntime==1.31.1", "onnx==1.23.2", "sympy", "colored"]
# Inputs that mean something: sizes of open dimensions, or a value that fills the input.
INPUTS = {
    "silero_vad": {"input": (1, 576), "state": (2, 1, 128), "sr": 16000},
    "silero_vad_16k_op15": {"input": (1, 576), "state": (2, 1, 128), "sr": 16000},
    "PP-OCRv6_det_small": {"x": (1, 3, 64, 96)},
    "PP-OCRv6_rec_small": {"x": (1, 3, 48, 128)},
    "ch_ppocr_mobile_v2.0_cls_mobile": {"x": (2, 3, 48, 192)},
    "magika": {"bytes": 65},
    "bert_base": {"input_ids": (2, 16), "attention_mask": 1, "token_type_ids": (2, 16)},
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=Path)
    parser.add_argument("--models", required=True, action="append", type=Path)
    parser.add_argument("--tools", type=Path, default=Path.home() / ".cache/enginesmith-bench/cleanup")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


def enter_tools(folder: Path) -> None:
    """Goes on in the tools' own Python."""
    python = folder / "bin/python"
    if Path(sys.executable) == python:
        return
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    os.execv(python, [str(python), *sys.argv])


def bodies(graph):
    """The graph and all graphs in it."""
    import onnx

    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from bodies(attribute.g)


def operators(path: Path) -> collections.Counter:
    import onnx

    model = onnx.load(path, load_external_data=False)
    return collections.Counter(n.op_type for g in bodies(model.graph) for n in g.node if n.op_type != "Constant")


def with_weights(path: Path, folder: Path) -> Path:
    """The model with random weights where it only has their shapes."""
    import numpy as np
    import onnx
    from onnx import numpy_helper

    model = onnx.load(path)
    stored = {t.name: t for t in model.graph.initializer}
    made = [n for n in model.graph.node if n.op_type == "ConstantOfShape" and n.input[0] in stored]
    if len(made) < 8:
        return path
    variances = {n.input[4] for n in model.graph.node if n.op_type == "BatchNormalization"}
    random = np.random.default_rng(0)
    for node in made:
        shape = numpy_helper.to_array(stored[node.input[0]])
        fan_in = max(1, int(np.prod(shape[1:])))
        value = random.normal(0, (2 / fan_in) ** 0.5 if len(shape) > 1 else 0.1, shape)
        if node.output[0] in variances:
            value = random.uniform(0.5, 1.5, shape)
        model.graph.initializer.append(numpy_helper.from_array(value.astype("float32"), node.output[0]))
        model.graph.node.remove(node)
    model.ir_version = max(model.ir_version, 4)
    used = {i for n in model.graph.node for i in n.input}
    for tensor in [t for t in model.graph.initializer if t.name not in used]:
        model.graph.initializer.remove(tensor)
    names = {t.name for t in model.graph.initializer} | set(stored)
    for put in [i for i in model.graph.input if i.name in names]:
        model.graph.input.remove(put)
    out = folder / path.name
    onnx.save(model, out)
    return out


def outputs(path: Path, name: str) -> list:
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(1)
    feed = {}
    for put in session.get_inputs():
        given = INPUTS.get(name, {}).get(put.name)
        dims = list(given) if isinstance(given, tuple) else [d if isinstance(d, int) and d > 0 else 2 for d in put.shape]
        if put.name in ("attention_mask",):
            dims = [2, 16]
        kind = {"tensor(float)": "float32", "tensor(int64)": "int64", "tensor(int32)": "int32"}[put.type]
        if isinstance(given, int):
            feed[put.name] = np.full(dims, given, kind)
        elif kind == "float32":
            feed[put.name] = random.uniform(size=dims).astype(kind)
        else:
            feed[put.name] = random.integers(0, 2, dims).astype(kind)
    return session.run(None, feed)


def difference(wanted: list, given: list) -> float:
    import numpy as np

    worst = 0.0
    for want, have in zip(wanted, given, strict=True):
        want, have = want.astype("float64"), have.astype("float64")
        if want.shape != have.shape:
            return float("inf")
        worst = max(worst, float(np.abs(want - have).max()) / max(float(np.abs(want).max()), 1e-6))
    return worst


def compared(wanted: list, path: Path, name: str) -> str:
    """The difference, or why there is none to tell."""
    try:
        return f"{difference(wanted, outputs(path, name)):.1e}"
    except Exception as error:
        print(f"{path.name} of {name}: {error}", file=sys.stderr)
        return "does not load"


def main() -> None:
    given = arguments()
    enter_tools(given.tools)
    import onnx
    import onnxruntime

    tools = Path(sys.executable).parent
    commands = {
        "ours": lambda a, b: [given.program, "clean", a, "-o", b, "--force"],
        "onnxslim": lambda a, b: [tools / "onnxslim", a, b],
        "surgeon": lambda a, b: [tools / "polygraphy", "surgeon", "sanitize", "--fold-constants", a, "-o", b],
    }
    rows, left = [], []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for path in sorted(p for models in given.models for p in models.glob("*.onnx")):
            name = path.stem
            model = with_weights(path, folder)
            wanted = outputs(model, name)
            seconds = {side: [] for side in commands}
            for _ in range(given.rounds):
                for side, command in commands.items():
                    start = time.monotonic()
                    done = subprocess.run(command(model, folder / f"{side}.onnx"), capture_output=True, text=True)
                    seconds[side].append(time.monotonic() - start)
                    if done.returncode:
                        sys.exit(f"{side} on {name}: {done.stdout}{done.stderr}")
            counts = {side: operators(folder / f"{side}.onnx") for side in commands}
            onnx.checker.check_model(folder / "ours.onnx", full_check=True)
            worst = {side: compared(wanted, folder / f"{side}.onnx", name) for side in commands}
            best = {side: min(values) for side, values in seconds.items()}
            cells = [name, operators(model).total(), *(counts[side].total() for side in commands)]
            cells += [worst[side] for side in commands]
            cells += [f"{best['ours']:.2f}", *(f"{best[side] / best['ours']:.1f}x" for side in ("onnxslim", "surgeon"))]
            rows.append(cells)
            print(" ".join(str(c) for c in cells), file=sys.stderr)
            for side in ("onnxslim", "surgeon"):
                more = counts["ours"] - counts[side]
                less = counts[side] - counts["ours"]
                if more:
                    left.append(f"- {name}, more than {side}: {dict(more)}; fewer: {dict(less)}")
    versions = ", ".join(p for p in PACKAGES if "==" in p)
    print(f"{versions}; Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end.\n")
    print("| model | nodes | ours | onnxslim | surgeon | difference, ours | onnxslim | surgeon | ours, s | onnxslim takes | surgeon takes |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for cells in rows:
        print("| " + " | ".join(str(c) for c in cells) + " |")
    print("\n" + "\n".join(left))


if __name__ == "__main__":
    main()
