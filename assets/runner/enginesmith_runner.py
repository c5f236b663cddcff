"""Measure any Python callable beside inference engines, with Enginesmith.

A program that calls `serve` is a runner: Enginesmith starts it, sends it arrays, takes its time in turn with the other
variants of a comparison and checks its results like theirs.

    # eager.py
    import torch, torchvision
    import enginesmith_runner

    model = torchvision.models.resnet50(weights="DEFAULT").eval().cuda()
    enginesmith_runner.serve(model, name="PyTorch eager")

    # recipe.toml
    [[variant]]
    name = "PyTorch eager"
    target = { name = "runner", command = ["python", "eager.py"] }

The callable gets one array per input of the ONNX model, in the model's order, and returns its outputs in the model's order:
an array, a tuple or list, or a dictionary (by name where the names are the model's). With `torch.nn.Module`s, and where
`device` is given, arrays are tensors on that device and nothing is recorded for gradients; otherwise they are NumPy arrays.
On CUDA the time is taken by events on the current stream, otherwise by the clock around the call, until the results are
there. What is loaded before `serve` counts as load time; what is compiled in the first call as time to first inference.

Needs Python 3.9 and NumPy. The protocol is that of docs/runner.md in Enginesmith's repository. This file may be copied
and changed as you like (MIT or Apache-2.0).
"""

import json
import os
import sys
import time

import numpy as np

__all__ = ["Session", "connect", "serve"]

VERSION = 1
LONGEST_LINE = 1 << 20
_BFLOAT16 = "bfloat16"
_TYPES = {
    name: np.dtype(name).newbyteorder("<")
    for name in "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool".split()
}


def serve(function, **options):
    """Serves `function` until Enginesmith has no more questions; the options are those of `Session.serve`."""
    connect().serve(function, **options)


def connect():
    """Waits for Enginesmith's greeting; only for programs that need what it says before they load their model."""
    return Session()


class Session:
    """A conversation with Enginesmith.

    `model` is the path of the ONNX model, `inputs` and `outputs` are lists of {name, dtype, shape} (unknown sizes are None or
    names), `precision` is what the recipe asks for ("fp16"), `threads` and `device` what it says of those, or None.
    """

    def __init__(self):
        # What anybody prints goes to standard error; only this object writes to Enginesmith.
        self._in = os.fdopen(os.dup(0), "rb", buffering=1 << 20)
        self._out = os.fdopen(os.dup(1), "wb", buffering=1 << 20)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        sys.stdout.flush()
        os.dup2(2, 1)
        self._pending = None
        hello, _ = self._receive()
        if hello is None:
            sys.exit(0)
        if hello.get("type") != "hello":
            sys.exit("enginesmith_runner: this program is started by Enginesmith (target \"runner\"), not by hand")
        if hello.get("v") != VERSION:
            sys.exit(f"enginesmith_runner: this file speaks version {VERSION} of the runner protocol, Enginesmith "
                     f"{hello.get('v')}; write it anew with `enginesmith runner python`")
        self.model = hello["model"]
        self.precision = hello["precision"]
        self.inputs = hello["inputs"]
        self.outputs = hello["outputs"]
        self.threads = hello.get("threads")
        self.device = hello.get("device")

    def serve(self, function, name=None, version=None, device=None, precision=None, notes=()):
        """Answers until the end of the conversation.

        name, version: what tables call this runner ("PyTorch eager", "2.11.0"); guessed where torch is used.
        device: where torch tensors are put ("cuda", "cuda:1", "cpu"); for a torch.nn.Module where its parameters are.
        precision: what the callable computes in ("fp16"); for a torch.nn.Module the type of its parameters.
        notes: sentences that stand beside the numbers.
        """
        torch = sys.modules.get("torch")
        is_module = torch is not None and isinstance(function, torch.nn.Module)
        if is_module or (torch is not None and device is not None):
            work = _Torch(torch, function, device, self.threads)
        else:
            work = _NumPy(function)
        work.names = [o["name"] for o in self.outputs]
        hello = {"type": "hello", "v": VERSION, "inputs": self.inputs, "outputs": self.outputs}
        hello.update(work.describe())
        for key, value in (("name", name), ("version", version), ("precision", precision)):
            if value is not None:
                hello[key] = str(value)
        hello["notes"] = [str(n) for n in notes] + hello.get("notes", [])
        self._send(hello)
        while True:
            message, arrays = self._receive()
            kind = message and message.get("type")
            if kind in (None, "close"):
                return
            try:
                self._answer(work, kind, message, arrays)
            except Exception as error:  # What the callable raises is an answer too.
                import traceback

                traceback.print_exc()
                self._send({"type": "error", "message": f"{type(error).__name__}: {error}"})

    def _answer(self, work, kind, message, arrays):
        if kind == "inputs":
            work.bind(arrays)
            self._send({"type": "ok"})
        elif kind == "run":
            self._send({"type": "ran", **work.run(bool(message.get("transfers", True)))})
        elif kind == "outputs":
            self._send_arrays("outputs", work.results(), self.outputs)
        elif kind == "facts":
            self._send({"type": "facts", **work.facts()})
        else:
            self._send({"type": "error", "message": f"the message {kind!r} is not known"})

    def _receive(self):
        """The next message with its arrays; (None, None) at the end."""
        line = self._in.readline(LONGEST_LINE)
        if not line:
            return None, None
        message = json.loads(line)
        arrays = [self._read_array(a) for a in message.get("arrays", ())]
        return message, arrays

    def _read_array(self, about):
        dtype, shape = about["dtype"], about["shape"]
        stored = np.dtype("<u2") if dtype == _BFLOAT16 else _TYPES.get(dtype)
        if stored is None:
            sys.exit(f"enginesmith_runner: input {about['name']} is {dtype}, which NumPy cannot hold")
        count = 1
        for size in shape:
            count *= size
        data = bytearray(count * stored.itemsize)
        view, at = memoryview(data), 0
        while at < len(data):
            n = self._in.readinto(view[at:])
            if not n:
                sys.exit(0)
            at += n
        array = np.frombuffer(data, stored).reshape(shape)
        if dtype == _BFLOAT16:
            array = (array.astype(np.uint32) << 16).view(np.float32)
        return array

    def _send(self, message, parts=()):
        self._out.write(json.dumps(message).encode() + b"\n")
        for part in parts:
            self._out.write(part)
        self._out.flush()

    def _send_arrays(self, kind, results, specs):
        if len(results) != len(specs):
            raise ValueError(f"the callable returned {len(results)} outputs, the model has {len(specs)}: "
                             f"{', '.join(s['name'] for s in specs)}")
        about, parts = [], []
        for array, spec in zip(results, specs):
            dtype = spec["dtype"]
            # A drop-in: floats of another width become the model's type; anything else must be right already.
            if array.dtype.kind == "f" and dtype == _BFLOAT16:
                bits = np.ascontiguousarray(array, np.float32).view(np.uint32)
                rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16
                array = np.where(np.isnan(array), 0x7FC0, rounded).astype("<u2")
            elif array.dtype.kind == "f" and dtype.startswith("float") and dtype in _TYPES:
                array = array.astype(_TYPES[dtype])
            else:
                dtype = array.dtype.name
            about.append({"name": spec["name"], "dtype": dtype, "shape": list(array.shape)})
            parts.append(np.ascontiguousarray(array).tobytes())
        self._send({"type": kind, "arrays": about}, parts)


def _ordered(returned, names):
    """The outputs of a call in the model's order."""
    if isinstance(returned, dict):
        if all(n in returned for n in names):
            return [returned[n] for n in names]
        return list(returned.values())
    if isinstance(returned, (tuple, list)):
        return list(returned)
    return [returned]


class _NumPy:
    """Calls a function of NumPy arrays, or of whatever NumPy can turn into arrays."""

    def __init__(self, function):
        self.function, self.arrays, self.last = function, [], None

    def describe(self):
        return {"name": "Python", "version": sys.version.split()[0], "device": "cpu"}

    def bind(self, arrays):
        self.arrays = arrays

    def run(self, transfers):
        start = time.perf_counter()
        returned = self.function(*self.arrays)
        # Libraries that compute later do so here.
        last = [np.asarray(r) for r in _ordered(returned, self.names)]
        end = time.perf_counter()
        self.last = last
        return {"compute_ms": (end - start) * 1e3}

    def results(self):
        return self.last or []

    def facts(self):
        return {}


class _Torch:
    """Calls a function of torch tensors on one device."""

    def __init__(self, torch, function, device, threads):
        self.torch, self.function = torch, function
        parameter = next(iter(function.parameters()), None) if isinstance(function, torch.nn.Module) else None
        if device is None:
            device = parameter.device if parameter is not None else "cpu"
        self.device = torch.device(device)
        self.is_cuda = self.device.type == "cuda"
        self.dtype = parameter.dtype if parameter is not None else None
        self.host, self.bound, self.last, self.returned = [], [], [], []
        if threads and not self.is_cuda:
            torch.set_num_threads(int(threads))
        if self.is_cuda:
            if self.device.index is None:  # set_device() wants a number
                self.device = torch.device("cuda", torch.cuda.current_device())
            torch.cuda.set_device(self.device)
            self.events = [torch.cuda.Event(enable_timing=True) for _ in range(4)]

    def describe(self):
        torch = self.torch
        about = {"name": "PyTorch", "version": str(torch.__version__), "device": self.device.type, "notes": []}
        if self.device.type == "cpu":
            about["threads"] = torch.get_num_threads()
        if self.is_cuda:
            about["device_index"] = torch.cuda.current_device()
        names = {torch.float32: "fp32", torch.float16: "fp16", torch.bfloat16: "bf16"}
        if self.dtype in names:
            about["precision"] = names[self.dtype]
        places = self._tf32() if self.is_cuda and self.dtype in (None, torch.float32) else []
        if places:
            if self.dtype is not None:
                about["precision"] = "tf32"
            about["notes"].append(f"PyTorch computes {' and '.join(places)} of float32 in TF32 (torch.backends.cuda.matmul, "
                                  "torch.backends.cudnn).")
        return about

    def _tf32(self):
        """What of this module PyTorch computes in TF32, as its settings are."""
        torch = self.torch
        if torch.cuda.get_device_capability(self.device)[0] < 8:
            return []
        try:
            conv, matmul = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
        except RuntimeError:  # Once the newer settings are used, the older ones cannot be read.
            conv = torch.backends.cudnn.conv.fp32_precision == "tf32"
            matmul = torch.backends.cuda.matmul.fp32_precision == "tf32"
        if isinstance(self.function, torch.nn.Module):
            kind = torch.nn.modules.conv._ConvNd
            conv = conv and any(isinstance(m, kind) for m in self.function.modules())
        return [name for name, on in (("convolutions", conv), ("matrix products", matmul)) if on]

    def bind(self, arrays):
        host = [self.torch.from_numpy(np.array(a, order="C")) for a in arrays]
        self.host = [t.pin_memory() for t in host] if self.is_cuda else host
        self.bound = [t.to(self.device) for t in self.host]
        self.last = []

    def run(self, transfers):
        with self.torch.inference_mode():
            return self._run_cuda(transfers) if self.is_cuda else self._run_host()

    def _run_host(self):
        start = time.perf_counter()
        self.returned = _ordered(self.function(*self.bound), self.names)
        if self.device.type == "mps":
            self.torch.mps.synchronize()
        return {"compute_ms": (time.perf_counter() - start) * 1e3}

    def _run_cuda(self, transfers):
        start, computing, computed, end = self.events
        if transfers:
            start.record()
            for device, host in zip(self.bound, self.host):
                device.copy_(host, non_blocking=True)
        computing.record()
        returned = _ordered(self.function(*self.bound), self.names)
        computed.record()
        if transfers:
            like = [(t.shape, t.dtype) for t in returned]
            if [(t.shape, t.dtype) for t in self.last] != like:
                # Pinned memory is made once; a run that has to make it is one of the warm-up.
                self.last = [self.torch.empty(s, dtype=d, pin_memory=True) for s, d in like]
            for host, device in zip(self.last, returned):
                host.copy_(device, non_blocking=True)
            end.record()
        (end if transfers else computed).synchronize()
        self.returned = returned
        times = {"compute_ms": computing.elapsed_time(computed)}
        if transfers:
            times["h2d_ms"] = start.elapsed_time(computing)
            times["d2h_ms"] = computed.elapsed_time(end)
        return times

    def results(self):
        out = []
        for tensor in self.returned:
            tensor = tensor.detach().to("cpu")
            out.append((tensor.float() if tensor.dtype == self.torch.bfloat16 else tensor).numpy())
        return out

    def facts(self):
        if not self.is_cuda:
            return {}
        return {"device_peak_bytes": int(self.torch.cuda.max_memory_reserved())}
