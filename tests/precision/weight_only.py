#!/usr/bin/env python3
"""Writes four models that have no activation to quantize, only weights.

    weight_only.py FOLDER

recurrent.onnx (LSTM in both directions, then a GRU; x [4, 2, 24]), branches.onnx (a MatMul in each branch of an If: one weight in
the branch, the other of the model; x [2, 32], or minus x) and loop.onnx (three turns of a MatMul whose weight is in the body;
x [2, 32]), and embedding.onnx (rows of a table, averaged; ids [2, 5]).
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.default_rng(0)


def constant(name: str, *shape: int) -> TensorProto:
    return numpy_helper.from_array(RANDOM.normal(0, 0.2, shape).astype("float32"), name)


def value(name: str, *shape: int, dtype: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, dtype, shape)


def save(path: Path, graph: onnx.GraphProto) -> None:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def recurrent() -> onnx.GraphProto:
    nodes = [
        helper.make_node("LSTM", ["x", "w", "r", "b"], ["lstm"], "lstm", hidden_size=32, direction="bidirectional"),
        helper.make_node("Transpose", ["lstm"], ["turned"], "turn", perm=[0, 2, 1, 3]),
        helper.make_node("Reshape", ["turned", "sizes"], ["flat"], "flat"),
        helper.make_node("GRU", ["flat", "w2", "r2"], ["y"], "gru", hidden_size=16),
    ]
    sizes = numpy_helper.from_array(np.array([4, 2, 64], "int64"), "sizes")
    stored = [constant("w", 2, 128, 24), constant("r", 2, 128, 32), constant("b", 2, 256), sizes]
    stored += [constant("w2", 1, 48, 64), constant("r2", 1, 48, 16)]
    return helper.make_graph(nodes, "recurrent", [value("x", 4, 2, 24)], [value("y", 4, 1, 2, 16)], stored)


def branches() -> onnx.GraphProto:
    one = helper.make_graph(
        [helper.make_node("MatMul", ["x", "inside"], ["p"], "one")], "one", [], [value("p", 2, 32)], [constant("inside", 32, 32)]
    )
    two = helper.make_graph([helper.make_node("MatMul", ["x", "outside"], ["q"], "two")], "two", [], [value("q", 2, 32)])
    nodes = [
        helper.make_node("ReduceSum", ["x"], ["sum"], "sum", keepdims=0),
        helper.make_node("Less", ["sum", "limit"], ["low"], "less"),
        helper.make_node("If", ["low"], ["y"], "pick", then_branch=one, else_branch=two),
    ]
    limit = numpy_helper.from_array(np.array(0, "float32"), "limit")
    return helper.make_graph(nodes, "branches", [value("x", 2, 32)], [value("y", 2, 32)], [constant("outside", 32, 32), limit])


def loop() -> onnx.GraphProto:
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["on"], "on"),
            helper.make_node("MatMul", ["v", "again"], ["next"], "step"),
        ],
        "turn",
        [value("i", dtype=TensorProto.INT64), value("go", dtype=TensorProto.BOOL), value("v", 2, 32)],
        [value("on", dtype=TensorProto.BOOL), value("next", 2, 32)],
        [constant("again", 32, 32)],
    )
    stored = [
        numpy_helper.from_array(np.array(3, "int64"), "turns"),
        numpy_helper.from_array(np.array(True), "yes"),
    ]
    nodes = [helper.make_node("Loop", ["turns", "yes", "x"], ["y"], "loop", body=body)]
    return helper.make_graph(nodes, "loop", [value("x", 2, 32)], [value("y", 2, 32)], stored)


def embedding() -> onnx.GraphProto:
    nodes = [
        helper.make_node("Gather", ["table", "ids"], ["rows"], "look"),
        helper.make_node("ReduceMean", ["rows"], ["y"], "mean", axes=[1], keepdims=0),
    ]
    ids = helper.make_tensor_value_info("ids", TensorProto.INT64, [2, 5])
    return helper.make_graph(nodes, "embedding", [ids], [value("y", 2, 200)], [constant("table", 60, 200)])


def main() -> None:
    folder = Path(sys.argv[1])
    for make in (recurrent, branches, loop, embedding):
        save(folder / f"{make.__name__}.onnx", make())


if __name__ == "__main__":
    main()
