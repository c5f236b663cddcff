#!/usr/bin/env python3
"""Writes asymmetric.onnx, quantized as other tools do: unsigned codes with a zero point, one scale a weight. x [20, 32] and its weight
are quantized, the second product is float.

    quantized.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.default_rng(0)


def main() -> None:
    def stored(name: str, value) -> TensorProto:
        return numpy_helper.from_array(np.asarray(value), name)

    weight = RANDOM.normal(0.05, 0.2, (32, 32)).astype("float32")
    scale = np.float32((weight.max() - weight.min()) / 255)
    zero = np.uint8(np.clip(np.round(-weight.min() / scale), 0, 255))
    codes = np.clip(np.round(weight / scale) + zero, 0, 255).astype("uint8")
    constants = [
        stored("w_codes", codes),
        stored("w_scale", scale),
        stored("w_zero", zero),
        stored("x_scale", np.float32(0.01)),
        stored("x_zero", np.uint8(60)),
        stored("w2", RANDOM.normal(0, 0.2, (32, 32)).astype("float32")),
    ]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "x_scale", "x_zero"], ["x_codes"], "q"),
        helper.make_node("DequantizeLinear", ["x_codes", "x_scale", "x_zero"], ["x_back"], "dq"),
        helper.make_node("DequantizeLinear", ["w_codes", "w_scale", "w_zero"], ["w"], "dqw"),
        helper.make_node("MatMul", ["x_back", "w"], ["m"], "first"),
        helper.make_node("Relu", ["m"], ["r"], "relu"),
        helper.make_node("MatMul", ["r", "w2"], ["y"], "second"),
    ]
    graph = helper.make_graph(
        nodes,
        "asymmetric",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [20, 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [20, 32])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, Path(sys.argv[1]) / "asymmetric.onnx")


if __name__ == "__main__":
    main()
