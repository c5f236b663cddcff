#!/usr/bin/env python3
"""Writes a network of eight matrix products in which one is ruined by 8 bits and no other is.

    outlier.py MODEL DATA --layer 5

The weight of that product has one huge value in every column, in a row whose input is always zero: it changes nothing in
float32, but scales per column then leave nothing of the other weights. DATA is an npz with 64 samples and, as labels, what
the network itself answers in float32.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime from PyPI queues telemetry otherwise

import argparse

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

SIZE, LAYERS, CLASSES, DEAD = 32, 8, 20, 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--layer", type=int, required=True, help="index of the product to ruin, from 1")
    arguments = parser.parse_args()

    random = np.random.default_rng(0)
    nodes, initializers, last = [], [], "x"
    for i in range(LAYERS):
        out = CLASSES if i == LAYERS - 1 else SIZE
        weight = random.normal(0, np.sqrt(2 / SIZE), (SIZE, out)).astype("float32")
        bias = random.normal(0, 0.1, out).astype("float32")
        if i == arguments.layer:
            weight[DEAD, :] = 3000
        if i == arguments.layer - 1:
            # Behind Relu this input of the next product is zero whatever comes in.
            bias[DEAD] = -1e6
        initializers += [numpy_helper.from_array(weight, f"w{i}"), numpy_helper.from_array(bias, f"b{i}")]
        end = "y" if i == LAYERS - 1 else f"sum{i}"
        nodes.append(helper.make_node("MatMul", [last, f"w{i}"], [f"product{i}"], f"layer{i}/MatMul"))
        nodes.append(helper.make_node("Add", [f"product{i}", f"b{i}"], [end], f"layer{i}/Add"))
        if i < LAYERS - 1:
            nodes.append(helper.make_node("Relu", [end], [f"out{i}"], f"layer{i}/Relu"))
        last = f"out{i}"
    graph = helper.make_graph(
        nodes,
        "outlier",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", SIZE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", CLASSES])],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, arguments.model)
    x = random.normal(0, 1, (64, SIZE)).astype("float32")
    answers = onnxruntime.InferenceSession(arguments.model).run(None, {"x": x})[0]
    np.savez(arguments.data, x=x, labels=answers.argmax(1).astype("int64"))


if __name__ == "__main__":
    main()
