#!/usr/bin/env python3
"""trtexec's inference loop in Python with the workload of cuda_loop.ptx, against the same loop of Enginesmith.

    cuda_loop.py PROGRAM [--rounds 3] [--seconds 2] [--tolerance 0.02]

PROGRAM is the built benchmark cuda_loop. Both measure in turn; the medians over all rounds are compared per protocol and
series. Needs CuPy. Exit code 1 when a median differs by more than the tolerance.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import cupy
import numpy

ELEMENTS, ROUNDS, THREADS = 16 << 20, 2048, 256
WARMUP_MS = 200.0
# transfers, graph, spin, inferences enqueued ahead
PROTOCOLS = {
    "trtexec-10": (True, False, False, 1),
    "trtexec-11": (False, True, True, 1),
    "serial": (True, False, False, 0),
}
SERIES = ["latency_ms", "compute_ms", "h2d_ms", "d2h_ms"]


class Slot:
    """Pinned host memory and the six events of one inference in flight."""

    def __init__(self, data, spin):
        def event():
            return cupy.cuda.Event(block=not spin)

        self.host_in = cupy.cuda.alloc_pinned_memory(data.nbytes)
        numpy.frombuffer(self.host_in, data.dtype, data.size)[:] = data
        self.host_out = cupy.cuda.alloc_pinned_memory(data.nbytes)
        self.in_start, self.in_end, self.compute_start = event(), event(), event()
        self.compute_end, self.out_start, self.out_end = event(), event(), event()
        self.enqueued = None


def measure(kernel, x, y, data, protocol, seconds):
    transfers, graph_wanted, spin, ahead = PROTOCOLS[protocol]
    streams = [cupy.cuda.Stream(non_blocking=True) for _ in range(3)]
    inp, compute, out = streams
    slots = [Slot(data, spin) for _ in range(ahead + 1)]
    grid = ((ELEMENTS + THREADS - 1) // THREADS,)
    arguments = (x, y, numpy.uint32(ELEMENTS), numpy.uint32(ROUNDS))

    def launch():
        with compute:
            kernel(grid, (THREADS,), arguments)

    run = launch
    x.data.copy_from_host_async(slots[0].host_in.ptr, data.nbytes, inp)
    inp.synchronize()
    if graph_wanted:
        launch()
        compute.synchronize()
        compute.begin_capture()
        launch()
        graph = compute.end_capture()

        def run():
            graph.launch(compute)

    zero = cupy.cuda.Event(block=not spin)
    zero.record(compute)
    zero.synchronize()
    begin = time.perf_counter()

    def host_ms():
        return (time.perf_counter() - begin) * 1e3

    def query(slot):
        if transfers:
            slot.in_start.record(inp)
            x.data.copy_from_host_async(slot.host_in.ptr, data.nbytes, inp)
            slot.in_end.record(inp)
            compute.wait_event(slot.in_end)
        slot.compute_start.record(compute)
        start = host_ms()
        run()
        end = host_ms()
        slot.compute_end.record(compute)
        if transfers:
            out.wait_event(slot.compute_end)
            slot.out_start.record(out)
            y.data.copy_to_host_async(slot.host_out.ptr, data.nbytes, out)
            slot.out_end.record(out)
        slot.enqueued = (start, end)

    def sync(slot):
        if slot.enqueued is None:
            return None
        slot.enqueued = None
        (slot.out_end if transfers else slot.compute_end).synchronize()
        elapsed = cupy.cuda.get_elapsed_time
        compute_ms = elapsed(slot.compute_start, slot.compute_end)
        h2d = elapsed(slot.in_start, slot.in_end) if transfers else 0.0
        d2h = elapsed(slot.out_start, slot.out_end) if transfers else 0.0
        at = elapsed(zero, slot.compute_start)
        return at, {"latency_ms": h2d + compute_ms + d2h, "compute_ms": compute_ms, "h2d_ms": h2d, "d2h_ms": d2h}

    samples, i = [], 0
    while True:
        query(slots[i % len(slots)])
        done = sync(slots[(i + 1) % len(slots)])
        i += 1
        if done is None:
            continue
        at, sample = done
        if at < WARMUP_MS:
            continue
        samples.append(sample)
        if at - WARMUP_MS >= seconds * 1e3 and len(samples) >= 10:
            break
    for stream in streams:
        stream.synchronize()
    return {name: statistics.median(s[name] for s in samples) for name in SERIES}


def python_round(seconds):
    module = cupy.RawModule(path=str(Path(__file__).with_name("cuda_loop.ptx")))
    kernel = module.get_function("work")
    data = ((numpy.arange(ELEMENTS) % 1000).astype(numpy.float32) / numpy.float32(1000)).astype(numpy.float32)
    x, y = cupy.zeros(ELEMENTS, cupy.float32), cupy.zeros(ELEMENTS, cupy.float32)
    cupy.cuda.Device().synchronize()
    return {protocol: measure(kernel, x, y, data, protocol, seconds) for protocol in PROTOCOLS}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--tolerance", type=float, default=0.02)
    arguments = parser.parse_args()
    ours, theirs, device = [], [], None
    for _ in range(arguments.rounds):
        command = [arguments.program, "--seconds", str(arguments.seconds)]
        report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        device = report["device"]
        ours.append(report["protocols"])
        theirs.append(python_round(arguments.seconds))
    print(json.dumps({"device": device, "cupy": cupy.__version__, "python": sys.version.split()[0]}))
    print("| protocol | series | Enginesmith ms | Python ms | difference |")
    print("|---|---|---|---|---|")
    worst = 0.0
    for protocol in PROTOCOLS:
        for series in SERIES:
            a = statistics.median(r[protocol][series] for r in ours)
            b = statistics.median(r[protocol][series] for r in theirs)
            if b == 0.0:
                continue
            difference = a / b - 1.0
            worst = max(worst, abs(difference))
            print(f"| {protocol} | {series.removesuffix('_ms')} | {a:.4f} | {b:.4f} | {difference:+.2%} |")
    print(f"largest difference {worst:.2%}, allowed {arguments.tolerance:.0%}")
    for protocol in PROTOCOLS:
        print(f"{protocol}: enqueue {statistics.median(r[protocol]['enqueue_ms'] for r in ours):.4f} ms,", ours[0][protocol]["notes"])
    return 1 if worst > arguments.tolerance else 0


if __name__ == "__main__":
    sys.exit(main())
