#!/usr/bin/env python3
"""Writes random small models, valid by construction, full of what clean-up patches look for.

    random_graphs.py FOLDER [--count 120] [--seed 0]

0.onnx, 1.onnx, ...; each reads `x`, and some of what is computed on the way is an output as well.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSETS = [11, 12, 13, 15, 17, 18, 20, 22, 23]


class Maker:
    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.opset = int(self.random.choice(OPSETS))
        self.nodes, self.weights = [], {}
        self.count = 0
        start = [(2, 4, 6, 6), (2, 8), (2, 3, 8), (1, 4, 5)][self.random.integers(4)]
        self.start = start
        # Name and shape of all tensors so far.
        self.tensors = [("x", start)]

    def name(self, base: str) -> str:
        self.count += 1
        return f"{base}{self.count}"

    def pick(self, rank: int | None = None) -> tuple[str, tuple]:
        fit = [t for t in self.tensors if rank is None or len(t[1]) == rank]
        # Mostly the newest, so that chains come about.
        return fit[-1 - min(int(self.random.exponential(0.8)), len(fit) - 1)] if fit else ("", ())

    def weight(self, value: np.ndarray) -> str:
        name = self.name("w")
        self.weights[name] = value
        return name

    def f(self, *shape: int) -> str:
        if self.random.random() < 0.3:
            return self.weight(np.full(shape, self.random.choice([0.0, 1.0, 0.5]), "float32"))
        return self.weight(self.random.uniform(-1, 1, shape).astype("float32"))

    def ints(self, values: list) -> str:
        return self.weight(np.int64(values))

    def add(self, op: str, inputs: list, shape: tuple, **attributes) -> str:
        out = self.name("t")
        self.nodes.append(helper.make_node(op, inputs, [out], name=self.name("n"), **attributes))
        self.tensors.append((out, tuple(shape)))
        return out

    def with_axes(self, op: str, read: str, axes: list, shape: tuple, since: int, **attributes) -> str:
        if self.opset >= since:
            return self.add(op, [read, self.ints(axes)], shape, **attributes)
        return self.add(op, [read], shape, axes=axes, **attributes)

    def step(self) -> None:
        kinds = [
            self.unary, self.with_constant, self.with_constant, self.with_other, self.conv, self.batch_norm, self.gemm,
            self.transpose, self.reshape, self.slice, self.unsqueeze, self.squeeze, self.reduce, self.softmax,
            self.branch, self.pad_conv, self.layer_norm, self.gelu,
        ]
        self.random.choice(kinds)()

    def unary(self) -> None:
        name, shape = self.pick()
        self.add(str(self.random.choice(["Relu", "Tanh", "Identity", "Neg", "Sigmoid"])), [name], shape)

    def with_constant(self) -> None:
        name, shape = self.pick()
        dims = [[], [1], [shape[-1]] if shape else [], [1] * len(shape)]
        if len(shape) > 1:
            dims += [[shape[1]] + [1] * (len(shape) - 2)]
        chosen = dims[self.random.integers(len(dims))]
        op = str(self.random.choice(["Add", "Mul", "Sub"]))
        constant = self.f(*chosen)
        if len(chosen) > len(shape):
            return
        pair = [name, constant] if self.random.random() < 0.7 else [constant, name]
        self.add(op, pair, shape)

    def with_other(self) -> None:
        name, shape = self.pick()
        fit = [t for t, other in self.tensors if other == shape]
        self.add(str(self.random.choice(["Add", "Mul"])), [name, str(self.random.choice(fit))], shape)

    def conv(self) -> None:
        name, shape = self.pick(4)
        if name and min(shape[2:]) >= 3:
            out = int(self.random.integers(2, 5))
            inputs = [name, self.f(out, shape[1], 3, 3)] + ([self.f(out)] if self.random.random() < 0.5 else [])
            self.add("Conv", inputs, (shape[0], out, *shape[2:]), pads=[1, 1, 1, 1])

    def pad_conv(self) -> None:
        name, shape = self.pick(4)
        if name:
            pads = [0, 0, 1, 1, 0, 0, 1, 1]
            padded = (shape[0], shape[1], shape[2] + 2, shape[3] + 2)
            t = self.add("Pad", [name, self.ints(pads)], padded)
            self.add("Conv", [t, self.f(2, shape[1], 1, 1)], (shape[0], 2, *padded[2:]))

    def batch_norm(self) -> None:
        name, shape = self.pick()
        if len(shape) > 1:
            c = shape[1]
            var = self.weight(self.random.uniform(0.5, 1.5, c).astype("float32"))
            self.add("BatchNormalization", [name, self.f(c), self.f(c), self.f(c), var], shape)

    def gemm(self) -> None:
        name, shape = self.pick()
        if len(shape) >= 2:
            n = int(self.random.integers(2, 5))
            weight = self.f(shape[-1], n)
            if len(shape) == 2 and self.random.random() < 0.5:
                self.add("Gemm", [name, weight, self.f(n)], (shape[0], n))
            else:
                self.add("MatMul", [name, weight], (*shape[:-1], n))

    def transpose(self) -> None:
        name, shape = self.pick()
        perm = [int(p) for p in self.random.permutation(len(shape))]
        self.add("Transpose", [name], tuple(shape[p] for p in perm), perm=perm)

    def reshape(self) -> None:
        name, shape = self.pick()
        n = int(np.prod(shape))
        forms = [[n], [-1], [1, n], list(shape), [shape[0] if shape else 1, -1]]
        forms += [[2, n // 2]] if n % 2 == 0 else []
        form = forms[self.random.integers(len(forms))]
        made = tuple(n // int(np.prod([d for d in form if d > 0])) if d == -1 else d for d in form)
        if self.random.random() < 0.3 and len(shape) > 1:
            # As exporters write it: the first size taken from the tensor.
            sizes = self.name("t")
            self.nodes.append(helper.make_node("Shape", [name], [sizes]))
            first = self.name("t")
            self.nodes.append(helper.make_node("Slice", [sizes, self.ints([0]), self.ints([1])], [first]))
            both = self.name("t")
            self.nodes.append(helper.make_node("Concat", [first, self.ints([n // shape[0]])], [both], axis=0))
            self.add("Reshape", [name, both], (shape[0], n // shape[0]))
        else:
            self.add("Reshape", [name, self.ints(form)], made)

    def slice(self) -> None:
        name, shape = self.pick()
        if not shape:
            return
        axis = int(self.random.integers(len(shape)))
        start, end = (1, 2**62) if shape[axis] > 2 and self.random.random() < 0.6 else (0, 2**62)
        made = list(shape)
        made[axis] -= start
        written = axis - len(shape) if self.random.random() < 0.3 else axis
        self.add("Slice", [name, self.ints([start]), self.ints([end]), self.ints([written])], tuple(made))

    def unsqueeze(self) -> None:
        name, shape = self.pick()
        if len(shape) < 4:
            axis = int(self.random.integers(-1, len(shape) + 1))
            at = axis if axis >= 0 else len(shape)
            self.with_axes("Unsqueeze", name, [axis], (*shape[:at], 1, *shape[at:]), 13)

    def squeeze(self) -> None:
        name, shape = self.pick()
        ones = [i for i, d in enumerate(shape) if d == 1]
        if ones and len(shape) > 1:
            at = int(self.random.choice(ones))
            self.with_axes("Squeeze", name, [at], shape[:at] + shape[at + 1 :], 13)

    def reduce(self) -> None:
        name, shape = self.pick()
        if len(shape) > 1:
            keep = bool(self.random.random() < 0.5)
            made = (*shape[:-1], 1) if keep else shape[:-1]
            t = self.with_axes("ReduceMean", name, [len(shape) - 1], made, 18, keepdims=int(keep))
            if not keep:
                self.with_axes("Unsqueeze", t, [len(shape) - 1], (*shape[:-1], 1), 13)

    def softmax(self) -> None:
        name, shape = self.pick()
        if shape:
            self.add("Softmax", [name], shape, axis=len(shape) - 1)

    def branch(self) -> None:
        name, shape = self.pick()

        def body(op: str) -> onnx.GraphProto:
            out = self.name("b")
            node = helper.make_node(op, [name], [out])
            return helper.make_graph([node], "b", [], [helper.make_tensor_value_info(out, TensorProto.FLOAT, list(shape))])

        condition = self.weight(np.array(bool(self.random.random() < 0.5)))
        self.add("If", [condition], shape, then_branch=body("Relu"), else_branch=body("Neg"))

    def layer_norm(self) -> None:
        name, shape = self.pick()
        if len(shape) < 2 or shape[-1] < 2:
            return
        row = (*shape[:-1], 1)
        mean = self.with_axes("ReduceMean", name, [-1], row, 18, keepdims=1)
        d = self.add("Sub", [name, mean], shape)
        square = self.add("Mul", [d, d], shape)
        variance = self.with_axes("ReduceMean", square, [-1], row, 18, keepdims=1)
        eps = self.add("Add", [variance, self.weight(np.float32(1e-2))], row)
        n = self.add("Div", [d, self.add("Sqrt", [eps], row)], shape)
        self.add("Mul", [n, self.f(shape[-1])], shape)

    def gelu(self) -> None:
        name, shape = self.pick()
        e = self.add("Erf", [self.add("Div", [name, self.weight(np.float32(2**0.5))], shape)], shape)
        p = self.add("Add", [e, self.weight(np.float32(1))], shape)
        self.add("Mul", [self.add("Mul", [name, p], shape), self.weight(np.float32(0.5))], shape)

    def model(self) -> onnx.ModelProto:
        for _ in range(int(self.random.integers(4, 18))):
            self.step()
        if len(self.tensors) == 1:
            self.unary()
        outputs = {self.tensors[-1][0]: self.tensors[-1][1]}
        for name, shape in self.tensors[1:]:
            if self.random.random() < 0.08:
                outputs[name] = shape
        puts = [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name, shape in outputs.items()]
        start = list(self.start)
        # Who runs the model takes 2 for an open size.
        if start[0] == 2 and self.random.random() < 0.6:
            start[0] = "n"
            puts = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * len(s)) for name, s in outputs.items()]
        stored = [numpy_helper.from_array(value, name) for name, value in self.weights.items()]
        read = [helper.make_tensor_value_info("x", TensorProto.FLOAT, start)]
        graph = helper.make_graph(self.nodes, "g", read, puts, stored)
        ir = 11 if self.opset > 22 else 10 if self.opset > 18 else 8
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=ir)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    for at in range(given.count):
        model = Maker(given.seed + at).model()
        onnx.checker.check_model(model)
        onnx.save(model, given.folder / f"{at}.onnx")


if __name__ == "__main__":
    main()
