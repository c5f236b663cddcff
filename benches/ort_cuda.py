#!/usr/bin/env python3
"""Our GPU loop against a hand-written one in Python, same protocol, same run: `ort_cuda.py --program enginesmith --output FILE`.

Needs an NVIDIA GPU, and a Python with torch, torchvision, onnx and onnxruntime-gpu (its CUDA libraries in the packages
nvidia-*). Makes ResNet-50 with random weights in FP32, FP16 (ONNX Runtime's float16 converter) and QDQ INT8 (its static
quantization, calibrated on noise), then measures each in turn (A B A B ...) with

* ours: `enginesmith worker`, target `onnxruntime-cuda`;
* Python: an IO binding on device memory, the session on a torch stream, time stamps by torch events, the order of calls
  that of trtexec: three streams, two slots (`trtexec-11`: compute alone, CUDA graph; `trtexec-10`: transfers included) or
  one that is waited for (`serial`: transfers included).

The table gives the median latency (h2d + compute + d2h) of each side and the ratio. Outputs of both sides are compared.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime from PyPI queues telemetry otherwise

import argparse
import base64
import hashlib
import json
import statistics
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import torch

import onnxruntime  # after torch, which loads CUDA's libraries
from ort_loop import Worker


def make_models(folder: Path) -> dict[str, Path]:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.transformers.float16 import convert_float_to_float16

    folder.mkdir(parents=True, exist_ok=True)
    fp32, fp16, qdq = (folder / f"resnet50_{kind}.onnx" for kind in ("fp32", "fp16", "qdq"))
    if not fp32.exists():
        script = Path(__file__).resolve().parent.parent / "tests/models/export.py"
        subprocess.run([sys.executable, script, folder, "--only", "resnet50"], check=True)
        (folder / "resnet50.onnx").rename(fp32)
    if not fp16.exists():
        onnx.save(convert_float_to_float16(onnx.load(fp32)), fp16)
    if not qdq.exists():

        class Noise(CalibrationDataReader):
            def __init__(self) -> None:
                random = np.random.default_rng(1)
                self.left = [random.standard_normal((1, 3, 224, 224), dtype=np.float32) for _ in range(4)]

            def get_next(self):
                return {"input": self.left.pop()} if self.left else None

        quantize_static(
            str(fp32),
            str(qdq),
            Noise(),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            extra_options={"ActivationSymmetric": True, "WeightSymmetric": True},
        )
    return {"fp32": fp32, "tf32": fp32, "fp16": fp16, "int8": qdq}


class Slot:
    def __init__(self, data: np.ndarray, output: torch.Tensor) -> None:
        self.host_in = torch.from_numpy(data).pin_memory()
        self.host_out = torch.empty_like(output, device="cpu").pin_memory()
        self.events = {
            name: torch.cuda.Event(enable_timing=True)
            for name in ("in0", "in1", "compute0", "compute1", "out0", "out1")
        }
        self.busy = False


class PythonLoop:
    """trtexec's loop by hand, over ONNX Runtime's IO binding and torch's streams and events."""

    def __init__(self, model: Path, data: np.ndarray, tf32: bool, graph: bool) -> None:
        self.compute, self.input, self.output = (torch.cuda.Stream() for _ in range(3))
        options = {
            "use_tf32": "1" if tf32 else "0",
            "cudnn_conv_algo_search": "HEURISTIC",
            "user_compute_stream": str(self.compute.cuda_stream),
            "enable_cuda_graph": "1" if graph else "0",
        }
        quiet = onnxruntime.SessionOptions()
        quiet.log_severity_level = 4
        self.session = onnxruntime.InferenceSession(
            str(model), quiet, providers=[("CUDAExecutionProvider", options), "CPUExecutionProvider"]
        )
        assert self.session.get_providers()[0] == "CUDAExecutionProvider", "the CUDA provider was not taken"
        name, result = self.session.get_inputs()[0].name, self.session.get_outputs()[0].name
        plain = onnxruntime.RunOptions()
        plain.add_run_config_entry("gpu_graph_id", "-1")
        self.result = self.session.run([result], {name: data}, plain)[0]
        self.device_in = torch.from_numpy(data).cuda()
        self.device_out = torch.empty(self.result.shape, dtype=self.device_in.dtype, device="cuda")
        torch.cuda.synchronize()
        self.binding = self.session.io_binding()
        kind = np.float16 if data.dtype == np.float16 else np.float32
        self.binding.bind_input(name, "cuda", 0, kind, list(data.shape), self.device_in.data_ptr())
        self.binding.bind_output(result, "cuda", 0, kind, list(self.result.shape), self.device_out.data_ptr())
        self.options = onnxruntime.RunOptions()
        self.options.add_run_config_entry("disable_synchronize_execution_providers", "1")
        self.options.add_run_config_entry("gpu_graph_id", "1" if graph else "-1")
        self.data = data
        self.run()
        self.run()
        torch.cuda.synchronize()

    def run(self) -> None:
        self.session.run_with_iobinding(self.binding, self.options)

    def measure(self, seconds: float, warm: float, transfers: bool, ahead: int) -> list[float]:
        slots = [Slot(self.data, self.device_out) for _ in range(ahead + 1)]
        latencies = []
        begin = time.perf_counter()

        def query(slot: Slot) -> None:
            event = slot.events
            if transfers:
                event["in0"].record(self.input)
                with torch.cuda.stream(self.input):
                    self.device_in.copy_(slot.host_in, non_blocking=True)
                event["in1"].record(self.input)
                self.compute.wait_event(event["in1"])
            event["compute0"].record(self.compute)
            self.run()
            event["compute1"].record(self.compute)
            if transfers:
                self.output.wait_event(event["compute1"])
                event["out0"].record(self.output)
                with torch.cuda.stream(self.output):
                    slot.host_out.copy_(self.device_out, non_blocking=True)
                event["out1"].record(self.output)
            slot.busy = True

        def sync(slot: Slot) -> None:
            if not slot.busy:
                return
            slot.busy = False
            event = slot.events
            event["out1" if transfers else "compute1"].synchronize()
            latency = event["compute0"].elapsed_time(event["compute1"])
            if transfers:
                latency += event["in0"].elapsed_time(event["in1"]) + event["out0"].elapsed_time(event["out1"])
            if time.perf_counter() - begin >= warm:
                latencies.append(latency)

        turn = 0
        while time.perf_counter() - begin < warm + seconds:
            query(slots[turn % len(slots)])
            turn += 1
            sync(slots[turn % len(slots)])
        for slot in slots:
            sync(slot)
        return latencies


def infer_all(worker: Worker, engine: int, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """One inference through the worker; tensors packed as src/worker/wire.rs says."""
    header = [{"name": n, "dtype": str(d.dtype), "dims": list(d.shape), "bytes": d.nbytes} for n, d in inputs.items()]
    text = json.dumps(header, separators=(",", ":")).encode()
    blob = struct.pack("<Q", len(text)) + text + b"".join(d.tobytes() for d in inputs.values())
    number, worker.next = worker.next, worker.next + 1
    worker.send(number, type="blob", sha256=hashlib.sha256(blob).hexdigest(), bytes=len(blob), keep=False)
    for at in range(0, len(blob), 768 << 10):
        worker.send(number, type="chunk", data=base64.b64encode(blob[at : at + (768 << 10)]).decode())
    worker.send(number, type="blob_end")
    worker.send(number, type="job", job={"job": "infer", "engine": engine, "tensors": []}, model=None)
    got = b""
    while True:
        message = worker.receive()
        if message["type"] == "chunk":
            got += base64.b64decode(message["data"])
        elif message["type"] == "failed":
            raise SystemExit(json.dumps(message["error"]))
        elif message["type"] == "done":
            break
    (length,) = struct.unpack("<Q", got[:8])
    at, outputs = 8 + length, {}
    for entry in json.loads(got[8 : 8 + length]):
        part = got[at : at + entry["bytes"]]
        at += entry["bytes"]
        if entry["dtype"] == "bfloat16":
            values = (np.frombuffer(part, dtype=np.uint16).astype(np.uint32) << 16).view(np.float32)
        else:
            values = np.frombuffer(part, dtype=entry["dtype"])
        outputs[entry["name"]] = values.reshape(entry["dims"])
    return outputs


def infer(worker: Worker, engine: int, name: str, data: np.ndarray) -> np.ndarray:
    """One inference of a model with one input and one output."""
    return next(iter(infer_all(worker, engine, {name: data}).values()))


PROTOCOLS = {
    # name: transfers, slots ahead, CUDA graph
    "trtexec-11": (False, 1, True),
    "trtexec-10": (True, 1, False),
    "serial": (True, 0, False),
}


def measure(args, precision: str, model: Path, batch: int, protocol: str) -> dict:
    transfers, ahead, graph = PROTOCOLS[protocol]
    library = next(Path(onnxruntime.__file__).parent.glob("capi/libonnxruntime.so*"))
    recipe = {
        "version": 1,
        "model": {"path": str(model)},
        "target": {"name": "onnxruntime-cuda"},
        # The exhaustive search picks other kernels in every session, which would be compared instead of the loops.
        "build": {"precision": precision, "options": {"library": str(library), "cudnn_search": "heuristic"}},
        "bench": {
            "protocol": protocol,
            "shapes": {"input": [batch, 3, 224, 224]},
            "duration_s": args.seconds,
            "warmup_ms": 200.0,
        },
    }
    worker = Worker(args.program)
    built, _ = worker.run({"job": "build", "recipe": recipe, "output": None, "force": False}, model)
    data = np.random.default_rng(7).standard_normal((batch, 3, 224, 224)).astype(np.float32)
    if built["inputs"][0]["dtype"] == "float16":
        data = data.astype(np.float16)
    try:
        loop = PythonLoop(model, data, precision == "tf32", graph)
    except onnxruntime.capi.onnxruntime_pybind11_state.Fail:
        # ONNX Runtime captures no graph of a model with nodes on the processor; ours says so in its notes.
        loop = PythonLoop(model, data, precision == "tf32", False)
    mine = infer(worker, built["engine"], "input", data).astype(np.float64)
    theirs = loop.result.astype(np.float64)
    error = np.linalg.norm(mine - theirs) / np.linalg.norm(theirs)
    job = {"job": "bench", "engine": built["engine"], "recipe": recipe, "seed": 7}
    ours, python, ratios, enqueue = [], [], [], []
    for _ in range(args.rounds):
        output, rows = worker.run(job)
        a = [(r[3] - r[2]) + (r[5] - r[4]) + (r[7] - r[6]) for r in rows]
        enqueue += [r[1] - r[0] for r in rows]
        b = loop.measure(args.seconds, 0.2, transfers, ahead)
        ours += a
        python += b
        ratios.append(statistics.median(a) / statistics.median(b))
    worker.close()
    return {
        "precision": precision,
        "batch": batch,
        "protocol": protocol,
        "ours": statistics.median(ours),
        "python": statistics.median(python),
        "ratio": statistics.median(ours) / statistics.median(python),
        "spread": (min(ratios), max(ratios)),
        "enqueue": statistics.median(enqueue),
        "inferences": (len(ours), len(python)),
        "error": float(error),
        "notes": output.get("notes", []),
        "environment": output["environment"],
    }


def table(args, results: list[dict]) -> str:
    environment = results[0]["environment"]
    gpu = environment["gpu"][0]
    states = [s for r in results for s in r["environment"]["gpu"]]

    def span(key: str) -> str:
        values = [s[key] for s in states if s.get(key) is not None]
        return f"{min(values):.0f} to {max(values):.0f}" if values else "unknown"

    lines = [
        f"# ONNX Runtime on an {gpu['name']}: our loop against a hand-written one",
        "",
        f"{environment['runtime']} (CUDA provider) on both sides; {gpu['name']}, driver {gpu['driver']}, CUDA {gpu['cuda']}; "
        f"{environment['cpu']}, {environment['cores']} processors, {environment['system']}; torch {torch.__version__}, "
        f"Python {sys.version.split()[0]}; SM clock {span('sm_clock_mhz')} MHz, memory clock {span('memory_clock_mhz')} MHz, "
        f"power {span('power_w')} W, temperature {span('temperature_c')} degrees at the starts and ends; "
        f"{args.rounds} rounds of {args.seconds} s each, in turn; {environment['started'][:10]}.",
        "ResNet-50 with random weights at 224 x 224. Latency is h2d + compute + d2h, by events; the protocols are those of",
        "trtexec (`trtexec-11`: no transfers, CUDA graph). cuDNN picks its kernels by heuristics on both sides.",
        "",
        "| precision | batch | protocol | ours, median ms | Python, median ms | ratio | ratio of single rounds "
        "| our enqueue, ms | inferences | relative difference of outputs |",
        "|---|---:|---|---:|---:|---:|---|---:|---|---:|",
    ]
    for r in results:
        lines.append(
            f"| {r['precision'].upper()} | {r['batch']} | {r['protocol']} | {r['ours']:.4g} | {r['python']:.4g} "
            f"| {r['ratio']:.3f} | {r['spread'][0]:.3f} to {r['spread'][1]:.3f} | {r['enqueue']:.3f} "
            f"| {r['inferences'][0]:,} and {r['inferences'][1]:,} | {r['error']:.1e} |"
        )
    notes = sorted({note.splitlines()[0] for r in results for note in r["notes"]})
    lines += ["", *(f"* {note}" for note in notes), "", "Made by `benches/ort_cuda.py`, whose head says how.", ""]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="target/release/enginesmith")
    parser.add_argument("--models", type=Path, default=Path("models"), help="folder for the models, made when missing")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--precisions", nargs="+", default=["fp32", "tf32", "fp16", "int8"])
    parser.add_argument("--protocols", nargs="+", default=list(PROTOCOLS))
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    models = make_models(args.models)
    results = []
    for precision in args.precisions:
        for batch in args.batches:
            for protocol in args.protocols:
                results.append(measure(args, precision, models[precision].resolve(), batch, protocol))
                print(json.dumps({k: v for k, v in results[-1].items() if k != "environment"}), flush=True)
                if args.output:
                    args.output.write_text(table(args, results))
    print(table(args, results))


if __name__ == "__main__":
    main()
