#!/usr/bin/env python3
"""Writes a model whose values stand in bodies of If, Loop and Scan, data for it, and the ranges that the data gives.

    bodies.py FOLDER

bodies.onnx, data.npz (array x) and ranges.json: `{name: [min, max]}` of tensors inside bodies that run, computed by numpy.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx.parser

TEXT = """
<ir_version: 9, opset_import: ["" : 19]>
main (float[N, 3] x) => (float[N, 3] y, float[N, 3] z, float[N, 3] w, float[N, 3] sums, float[N] tail)
<float hundred = {100.0}, float half = {0.5}, int64 four = {4}, int64 zero = {0}, bool yes = {1}, float thousand = {1000.0}, int64[1] axis = {1}> {
    most = ReduceMax <keepdims = 0> (x)
    often = Less(most, thousand)
    [pick] y = If (often) <
        then_branch = one () => (float[N, 3] o1) { [e] e = Exp(x)  [big] big = Mul(e, hundred)  [t] o1 = Tanh(big) },
        else_branch = two () => (float[N, 3] o2) { [never] n = Exp(x)  [neg] o2 = Neg(n) }
    >
    [grow] z = Loop (four, yes, x) <
        body = turn (int64 i, bool go, float[N, 3] v) => (bool on, float[N, 3] next) {
            on = Identity(go)
            [double] d = Add(v, v)
            first = Equal(i, zero)
            [inner] next = If (first) <
                then_branch = a () => (float[N, 3] p) { [start] q = Mul(d, half)  [keep] p = Abs(q) },
                else_branch = b () => (float[N, 3] r) { [more] r = Mul(d, thousand) }
            >
        }
    >
    [none] w = Loop (zero, yes, x) <
        body = idle (int64 i, bool go, float[N, 3] v) => (bool on, float[N, 3] next) {
            on = Identity(go)
            [unrun] next = Exp(v)
        }
    >
    flat = ReduceSum <keepdims = 0> (x, axis)
    start = Mul(flat, half)
    [scan] tail, sums = Scan <num_scan_inputs = 1, scan_input_axes = [1], scan_output_axes = [1],
        body = step (float[N] s, float[N] v) => (float[N] next, float[N] o) { [add] next = Add(s, v)  [out] o = Mul(next, half) }
    > (start, x)
}
"""


def main() -> None:
    folder = Path(sys.argv[1])
    model = onnx.parser.parse_model(TEXT)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, folder / "bodies.onnx")

    x = np.random.default_rng(0).uniform(-2, 3, (6, 3)).astype("float32")
    np.savez(folder / "data.npz", x=x)
    known = {}

    def see(name: str, values) -> np.ndarray:
        values = np.asarray(values, "float32")
        low, high = known.get(name, (np.inf, -np.inf))
        known[name] = (min(low, float(values.min())), max(high, float(values.max())))
        return values

    exp = see("pick/then_branch/e", np.exp(x))
    big = see("pick/then_branch/big", exp * 100)
    see("pick/then_branch/o1", np.tanh(big))
    v = x
    for turn in range(4):
        see("grow/body/v", v)
        d = see("grow/body/d", v + v)
        if turn == 0:
            q = see("grow/body/inner/then_branch/q", d * 0.5)
            v = see("grow/body/inner/then_branch/p", np.abs(q))
        else:
            v = see("grow/body/inner/else_branch/r", d * 1000)
        see("grow/body/next", v)
    s = x.sum(1) * np.float32(0.5)
    for column in range(3):
        see("scan/body/s", s)
        see("scan/body/v", x[:, column])
        s = see("scan/body/next", s + x[:, column])
        see("scan/body/o", s * 0.5)
    (folder / "ranges.json").write_text(json.dumps(known))


if __name__ == "__main__":
    main()
