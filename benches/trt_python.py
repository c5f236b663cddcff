#!/usr/bin/env python3
"""Ours against NVIDIA's Python binding of TensorRT-RTX, same engine settings, same protocol, same run:
`trt_python.py --program enginesmith --folder FOLDER --output FILE`.

FOLDER is where pip installed tensorrt-rtx-cu13-libs and -bindings to. Needs an NVIDIA GPU and a Python with torch,
torchvision, transformers and onnx. Makes ResNet-50 and BERT-base with random weights, lowers them with `enginesmith cast` and
`enginesmith quantize`, builds each with both sides, for a fixed batch and for a range of batches, and measures in turn
(A B A B ...) with

* ours: `enginesmith worker`, target `tensorrt-rtx`, protocol `serial` without transfers counted (compute time by events);
* Python: the engine's context on a torch stream, events around `execute_async_v3`, waited for each time.

The table gives the median compute time of each side, the ratio, whether both sides built the same bytes, and the largest
difference of outputs on the same inputs.
"""

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

from ort_cuda import infer_all
from ort_loop import Worker

trt = None
RANGE = (1, 8, 64)


def export(folder: Path) -> dict[str, Path]:
    """ResNet-50 and BERT-base (128 tokens) with an open batch."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: folder / f"{name}.onnx" for name in ("resnet50", "bert")}
    torch.manual_seed(0)
    if not paths["resnet50"].exists():
        import torchvision

        model = torchvision.models.resnet50().eval()
        torch.onnx.export(model, torch.randn(2, 3, 224, 224), paths["resnet50"], input_names=["x"], output_names=["y"],
                          dynamic_axes={"x": {0: "N"}, "y": {0: "N"}}, opset_version=17, dynamo=False)
    if not paths["bert"].exists():
        from transformers import BertConfig, BertModel

        config = BertConfig()
        config._attn_implementation = "eager"

        class Named(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.model = BertModel(config).eval()

            def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
                found = self.model(input_ids=ids, attention_mask=mask)
                return found.last_hidden_state, found.pooler_output

        model = Named().eval()
        ids = torch.ones(2, 128, dtype=torch.int64)
        torch.onnx.export(model, (ids, ids), paths["bert"], input_names=["ids", "mask"], output_names=["y", "pooled"],
                          dynamic_axes={n: {0: "N"} for n in ("ids", "mask", "y", "pooled")}, opset_version=17, dynamo=False)
    return paths


def lower(program: str, model: Path, precision: str) -> Path:
    """The model as both sides build it; FP32 and TF32 need no change."""
    if precision in ("fp32", "tf32"):
        return model
    out = model.with_name(f"{model.stem}_{precision}.onnx")
    if not out.exists():
        if precision == "fp8":
            command = ["quantize", model, "--mode", "fp8", "--method", "max", "--samples", "2", "-o", out]
        else:
            command = ["cast", model, "--to", precision, "-o", out]
        command += [a for name, shape in shapes(model, 1).items() for a in ("--shape", f"{name}:{'x'.join(map(str, shape))}")]
        subprocess.run([program, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return out


def shapes(model: Path, batch: int) -> dict[str, list[int]]:
    if model.stem.startswith("bert"):
        return {"ids": [batch, 128], "mask": [batch, 128]}
    return {"x": [batch, 3, 224, 224]}


def data(model: Path, batch: int, dtypes: dict[str, str]) -> dict[str, np.ndarray]:
    random = np.random.default_rng(batch)
    out = {}
    for name, shape in shapes(model, batch).items():
        if name == "ids":
            value = random.integers(1, 30000, shape)
        elif name == "mask":
            value = np.ones(shape)
        else:
            value = random.random(shape, dtype=np.float32)
        out[name] = value.astype(dtypes[name])
    return out


class Python:
    """NVIDIA's binding."""

    def __init__(self, model: Path, profile: tuple[int, int, int], tf32: bool) -> None:
        # As ours does for fp32: TensorRT-RTX heeds the variable, not the flag.
        if tf32:
            os.environ.pop("NVIDIA_TF32_OVERRIDE", None)
        else:
            os.environ["NVIDIA_TF32_OVERRIDE"] = "0"
        logger = trt.Logger(trt.Logger.ERROR)
        builder = trt.Builder(logger)
        network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
        parser = trt.OnnxParser(network, logger)
        if not parser.parse_from_file(str(model)):
            raise RuntimeError(parser.get_error(0).desc())
        config = builder.create_builder_config()
        config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
        if not tf32:
            config.clear_flag(trt.BuilderFlag.TF32)
        one = builder.create_optimization_profile()
        for name in shapes(model, 1):
            one.set_shape(name, *[shapes(model, n)[name] for n in profile])
        config.add_optimization_profile(one)
        started = time.perf_counter()
        self.bytes = bytes(builder.build_serialized_network(network, config))
        self.build_s = time.perf_counter() - started
        self.runtime = trt.Runtime(logger)
        self.engine = self.runtime.deserialize_cuda_engine(self.bytes)
        started = time.perf_counter()
        self.context = self.engine.create_execution_context()
        self.context_s = time.perf_counter() - started
        self.stream = torch.cuda.Stream()

    def bind(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Gives memory to inputs and outputs and runs once; the outputs."""
        self.held = {}
        for name, value in inputs.items():
            self.held[name] = torch.from_numpy(value).cuda()
            self.context.set_input_shape(name, value.shape)
        types = {trt.float32: torch.float32, trt.float16: torch.float16, trt.bfloat16: torch.bfloat16}
        names = [self.engine.get_tensor_name(i) for i in range(self.engine.num_io_tensors)]
        outputs = [n for n in names if self.engine.get_tensor_mode(n) == trt.TensorIOMode.OUTPUT]
        for name in outputs:
            dtype = types[self.engine.get_tensor_dtype(name)]
            self.held[name] = torch.zeros(tuple(self.context.get_tensor_shape(name)), dtype=dtype, device="cuda")
        for name, tensor in self.held.items():
            self.context.set_tensor_address(name, tensor.data_ptr())
        torch.cuda.synchronize()
        for _ in range(2):
            self.context.execute_async_v3(self.stream.cuda_stream)
        self.stream.synchronize()
        return {name: self.held[name].float().cpu().numpy() for name in outputs}

    def measure(self, seconds: float, warm: float) -> list[float]:
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        times, begin = [], time.perf_counter()
        while (now := time.perf_counter() - begin) < warm + seconds:
            start.record(self.stream)
            self.context.execute_async_v3(self.stream.cuda_stream)
            end.record(self.stream)
            self.stream.synchronize()
            if now >= warm:
                times.append(start.elapsed_time(end))
        return times


def case(args, name: str, model: Path, precision: str, profile: tuple[int, int, int], batches: list[int]) -> list[dict]:
    lowered = lower(args.program, model, precision)
    library = str(args.folder / "tensorrt_rtx_libs")
    ranges = {
        key: {"min": shapes(model, profile[0])[key], "opt": shapes(model, profile[1])[key], "max": shapes(model, profile[2])[key]}
        for key in shapes(model, 1)
    }

    def recipe(batch: int) -> dict:
        return {
            "version": 1,
            "model": {"path": str(lowered)},
            "target": {"name": "tensorrt-rtx"},
            "build": {"precision": precision, "options": {"library": library}},
            "profile": [{"inputs": ranges}],
            "bench": {"protocol": "serial", "shapes": shapes(model, batch), "duration_s": args.seconds, "warmup_ms": 100.0},
        }

    kind = "fixed" if profile[0] == profile[2] else "{}-{}-{}".format(*profile)
    rows = []
    worker = Worker(args.program)
    try:
        job = {"job": "build", "recipe": recipe(profile[1]), "output": None, "force": False}
        built, _ = worker.run(job, lowered)
        python = Python(lowered, profile, precision != "fp32")
        same = built["record"]["engine_sha256"] == hashlib.sha256(python.bytes).hexdigest()
        dtypes = {i["name"]: i["dtype"] for i in built["inputs"]}
        for batch in batches:
            values = data(model, batch, dtypes)
            mine, theirs = infer_all(worker, built["engine"], values), python.bind(values)
            worst = max(np.abs(mine[n].astype(np.float32) - theirs[n]).max() for n in theirs)
            ours, peer, ratios = [], [], []
            for _ in range(args.rounds):
                output, samples = worker.run({"job": "bench", "engine": built["engine"], "recipe": recipe(batch), "seed": 7})
                a = [r[5] - r[4] for r in samples]
                b = python.measure(args.seconds, 0.1)
                ours += a
                peer += b
                ratios.append(statistics.median(a) / statistics.median(b))
            rows.append({
                "model": name, "precision": precision, "shapes": kind, "batch": batch, "ours": statistics.median(ours),
                "python": statistics.median(peer), "ratio": statistics.median(ours) / statistics.median(peer),
                "spread": [min(ratios), max(ratios)], "same_bytes": same, "difference": float(worst),
                "inferences": [len(ours), len(peer)], "environment": output["environment"],
            })
            print(json.dumps({k: v for k, v in rows[-1].items() if k != "environment"}), flush=True)
    except (SystemExit, RuntimeError, KeyError, TypeError) as error:
        rows.append({"model": name, "precision": precision, "shapes": kind, "batch": "", "error": str(error)[:300]})
        print(json.dumps(rows[-1]), flush=True)
    finally:
        worker.close()
    return rows


def table(args, rows: list[dict]) -> str:
    environment = next(r["environment"] for r in rows if "environment" in r)
    gpu = environment["gpu"][0]
    lines = [
        f"# {environment['runtime']} on an {gpu['name']}: ours against NVIDIA's Python binding",
        "",
        f"{environment['runtime']} on both sides; {gpu['name']}, driver {gpu['driver']}, CUDA {gpu['cuda']}; "
        f"{environment['cpu']}, {environment['cores']} processors, {environment['system']}; torch {torch.__version__}, "
        f"Python {sys.version.split()[0]}; {args.rounds} rounds of {args.seconds} s each, in turn; {environment['started'][:10]}.",
        "ResNet-50 at 224 x 224 and BERT-base with 128 tokens, random weights. Times are those of the computation between two",
        "events, each inference waited for; both sides built their own engine from the same ONNX file.",
        "",
        "| model | precision | shapes | batch | ours, median ms | Python, median ms | ratio | ratio of single rounds "
        "| same engine bytes | largest difference of outputs |",
        "|---|---|---|---:|---:|---:|---:|---|---|---:|",
    ]
    for r in rows:
        if "error" in r:
            lines.append(f"| {r['model']} | {r['precision'].upper()} | {r['shapes']} | | not built: {r['error'].splitlines()[0]} | | | | | |")
            continue
        lines.append(
            f"| {r['model']} | {r['precision'].upper()} | {r['shapes']} | {r['batch']} | {r['ours']:.4g} | {r['python']:.4g} "
            f"| {r['ratio']:.3f} | {r['spread'][0]:.3f} to {r['spread'][1]:.3f} | {'yes' if r['same_bytes'] else 'no'} "
            f"| {r['difference']:.1e} |"
        )
    ratios = [r["ratio"] for r in rows if "ratio" in r]
    lines += ["", f"Ratios: median {statistics.median(ratios):.3f}, {min(ratios):.3f} to {max(ratios):.3f}, {len(ratios)} cases.",
              "", "Made by `benches/trt_python.py`, whose head says how.", ""]
    return "\n".join(lines)


def main() -> None:
    global trt
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="target/release/enginesmith")
    parser.add_argument("--folder", type=Path, required=True, help="where pip installed NVIDIA's libraries and binding to")
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder for the models, made when missing")
    parser.add_argument("--only", nargs="+", default=["resnet50", "bert"])
    parser.add_argument("--precisions", nargs="+", default=["tf32", "fp32", "fp16", "bf16", "fp8"])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--seconds", type=float, default=0.4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    sys.path.insert(0, str(args.folder))
    import tensorrt_rtx_libs  # noqa: F401  (loads the libraries)
    import tensorrt_rtx_bindings

    trt = tensorrt_rtx_bindings
    rows = []
    for name, model in export(args.models).items():
        if name not in args.only:
            continue
        for precision in args.precisions:
            for batch in args.batches:
                rows += case(args, name, model.resolve(), precision, (batch,) * 3, [batch])
            rows += case(args, name, model.resolve(), precision, RANGE, args.batches)
            if args.output and any("environment" in r for r in rows):
                args.output.write_text(table(args, rows))
    print(table(args, rows))


if __name__ == "__main__":
    main()
