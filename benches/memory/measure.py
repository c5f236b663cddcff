"""What ONNX Runtime allocates for one inference, beside what `enginesmith inspect` says that the model's values need.

    cc -O2 -shared -fPIC benches/memory/allocations.c -o allocations.so
    LD_PRELOAD=./allocations.so python benches/memory/measure.py ENGINESMITH MODEL...

The arena is off and one thread runs, so that every tensor is an allocation of its own; the second run counts. Inputs are the caller's
and are added, as `inspect` counts them.
"""

import ctypes
import json
import os
import subprocess
import sys

import numpy as np
import onnxruntime as ort

TYPES = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(bool)": np.bool_}
counter = ctypes.CDLL(None)
counter.allocated_now.restype = counter.allocated_peak.restype = ctypes.c_long


def measure(path, sizes):
    options = ort.SessionOptions()
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    before = counter.allocated_now()
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    loaded = counter.allocated_now() - before
    feed = {}
    for i in session.get_inputs():
        size = sizes[i.name]
        value = size.get("value")
        dtype = TYPES[i.type]
        feed[i.name] = np.ones(size["shape"], dtype) if value is None else np.array(value, dtype).reshape(size["shape"])
    session.run(None, feed)
    counter.allocated_reset()
    before = counter.allocated_now()
    result = session.run(None, feed)
    peak = counter.allocated_peak() - before
    del result
    return loaded, peak + sum(a.nbytes for a in feed.values())


def main():
    program, models = sys.argv[1], sys.argv[2:]
    clean = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
    print("| model | activations said | ONNX Runtime | said / real | weights and what is computed from them | loaded | said / real |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for path in models:
        said = json.loads(subprocess.run([program, "inspect", path, "--json"], capture_output=True, env=clean).stdout)
        memory = said["memory"]
        loaded, peak = measure(path, said["sizes"])
        kept = memory["weight_bytes"] + memory["folded_bytes"]
        name = os.path.basename(path)
        print(f"| {name} | {memory['activation_bytes']:,} | {peak:,} | {memory['activation_bytes'] / peak:.3f} "
              f"| {kept:,} | {loaded:,} | {kept / loaded:.2f} |")


main()
