#!/usr/bin/env python3
"""Writes models that are large in one way each, valid and runnable. Needs onnx and numpy only.

    big.py weights FILE [--megabytes 800]
        A chain of MatMul and Relu whose weights, inside the file, have at least that size: for what opening costs.

    big.py transformer FILE [--nodes 10000]
        A decoder as PyTorch exports it (about 50 nodes a layer, RMSNorm, rotary embedding, causal mask, SwiGLU; mask,
        cos and sin shared by all layers) with at least that many nodes and tiny weights: for layout and graph building.
"""

import argparse
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

IR_VERSION = 9
OPSET = 17
SEED = 8


def model(nodes, inputs, outputs, initializers, name: str) -> ModelProto:
    graph = helper.make_graph(nodes, name, inputs, outputs, initializers)
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="big.py")


def weights(megabytes: int) -> ModelProto:
    width = 2048
    count = -(-megabytes * 1_000_000 // (width * width * 4))
    random = np.random.default_rng(SEED)
    nodes, initializers, tensor = [], [], "input"
    for i in range(count):
        matrix = random.standard_normal((width, width), dtype=np.float32) * np.float32((2 / width) ** 0.5)
        initializers.append(numpy_helper.from_array(matrix, f"layers.{i}.weight"))
        product = f"/layers.{i}/MatMul_output_0"
        nodes.append(helper.make_node("MatMul", [tensor, f"layers.{i}.weight"], [product], f"/layers.{i}/MatMul"))
        tensor = "output" if i == count - 1 else f"/layers.{i}/Relu_output_0"
        nodes.append(helper.make_node("Relu", [product], [tensor], f"/layers.{i}/Relu"))
    dims = ["batch", width]
    return model(
        nodes,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, dims)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, dims)],
        initializers,
        "weights",
    )


class Decoder:
    """Collects the nodes of a decoder; every method that adds nodes returns the name of the resulting tensor."""

    HEADS, HEAD_WIDTH, INNER, VOCABULARY = 2, 8, 32, 64
    WIDTH = HEADS * HEAD_WIDTH

    def __init__(self) -> None:
        self.random = np.random.default_rng(SEED)
        self.nodes, self.initializers, self.constants = [], [], {}
        self.names: dict[str, int] = {}

    def add(self, scope: str, op: str, *inputs: str, outputs: int = 1, **attributes) -> str | list[str]:
        """One node, named as PyTorch names it: /scope/Op, /scope/Op_1, ..."""
        name = f"{scope}/{op}"
        self.names[name] = self.names.get(name, -1) + 1
        name += f"_{self.names[name]}" if self.names[name] else ""
        results = [f"{name}_output_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, list(inputs), results, name, **attributes))
        return results[0] if outputs == 1 else results

    def constant(self, values, dtype) -> str:
        """An initializer shared by all who ask for the same values."""
        array = np.array(values, dtype)
        key = (array.tobytes(), array.shape, array.dtype.str)
        if key not in self.constants:
            self.constants[key] = f"constant_{len(self.constants)}"
            self.initializers.append(numpy_helper.from_array(array, self.constants[key]))
        return self.constants[key]

    def ints(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def weight(self, scope: str, *dims: int) -> str:
        name = scope.strip("/").replace("/", ".") + ".weight"
        array = self.random.standard_normal(dims, dtype=np.float32) * np.float32(dims[0] ** -0.5)
        self.initializers.append(numpy_helper.from_array(array, name))
        return name

    def linear(self, scope: str, x: str, width_in: int, width_out: int) -> str:
        return self.add(scope, "MatMul", x, self.weight(scope, width_in, width_out))

    def norm(self, scope: str, x: str) -> str:
        square = self.add(scope, "Pow", x, self.constant(2.0, np.float32))
        mean = self.add(scope, "ReduceMean", square, axes=[-1])
        root = self.add(scope, "Sqrt", self.add(scope, "Add", mean, self.constant(1e-6, np.float32)))
        return self.add(scope, "Mul", self.weight(scope, self.WIDTH), self.add(scope, "Div", x, root))

    def heads(self, scope: str, x: str) -> str:
        split = self.add(scope, "Reshape", x, self.ints(0, 0, self.HEADS, self.HEAD_WIDTH))
        return self.add(scope, "Transpose", split, perm=[0, 2, 1, 3])

    def rotate(self, scope: str, x: str, cos: str, sin: str) -> str:
        half, end, axis = self.HEAD_WIDTH // 2, np.iinfo(np.int64).max, self.ints(3)
        first = self.add(scope, "Slice", x, self.ints(0), self.ints(half), axis)
        second = self.add(scope, "Slice", x, self.ints(half), self.ints(end), axis)
        turned = self.add(scope, "Concat", self.add(scope, "Neg", second), first, axis=-1)
        return self.add(scope, "Add", self.add(scope, "Mul", x, cos), self.add(scope, "Mul", turned, sin))

    def layer(self, scope: str, x: str, mask: str, cos: str, sin: str) -> str:
        attention, mlp = f"{scope}/self_attn", f"{scope}/mlp"
        normal = self.norm(f"{scope}/input_layernorm", x)
        query, key, value = (
            self.heads(attention, self.linear(f"{attention}/{name}_proj", normal, self.WIDTH, self.WIDTH))
            for name in "qkv"
        )
        query, key = self.rotate(attention, query, cos, sin), self.rotate(attention, key, cos, sin)
        scores = self.add(attention, "MatMul", query, self.add(attention, "Transpose", key, perm=[0, 1, 3, 2]))
        scores = self.add(attention, "Mul", scores, self.constant(self.HEAD_WIDTH**-0.5, np.float32))
        scores = self.add(attention, "Softmax", self.add(attention, "Add", scores, mask), axis=-1)
        mixed = self.add(attention, "Transpose", self.add(attention, "MatMul", scores, value), perm=[0, 2, 1, 3])
        mixed = self.add(attention, "Reshape", mixed, self.ints(0, 0, self.WIDTH))
        x = self.add(scope, "Add", x, self.linear(f"{attention}/o_proj", mixed, self.WIDTH, self.WIDTH))

        normal = self.norm(f"{scope}/post_attention_layernorm", x)
        gate = self.linear(f"{mlp}/gate_proj", normal, self.WIDTH, self.INNER)
        gate = self.add(f"{mlp}/act_fn", "Mul", gate, self.add(f"{mlp}/act_fn", "Sigmoid", gate))
        inner = self.add(mlp, "Mul", gate, self.linear(f"{mlp}/up_proj", normal, self.WIDTH, self.INNER))
        return self.add(scope, "Add", x, self.linear(f"{mlp}/down_proj", inner, self.INNER, self.WIDTH))

    def shared(self) -> tuple[str, str, str]:
        """Causal mask, cos and sin, computed once from the length of the sequence."""
        scope = "/model/rotary_emb"
        length = self.add("/model", "Gather", self.add("/model", "Shape", "input_ids"), self.constant(1, np.int64))
        zero, one = self.constant(0, np.int64), self.constant(1, np.int64)
        positions = self.add(scope, "Cast", self.add(scope, "Range", zero, length, one), to=TensorProto.FLOAT)
        steps = np.arange(0, self.HEAD_WIDTH, 2) / self.HEAD_WIDTH
        rates = self.constant((10000.0**-steps)[None], np.float32)
        angles = self.add(scope, "Mul", self.add(scope, "Unsqueeze", positions, self.ints(1)), rates)
        angles = self.add(scope, "Concat", angles, angles, axis=-1)
        cos, sin = self.add(scope, "Cos", angles), self.add(scope, "Sin", angles)

        scope = "/model/causal_mask"
        row, column = (self.add(scope, "Unsqueeze", positions, self.ints(axis)) for axis in (0, 1))
        future = self.add(scope, "Greater", row, column)
        lowest = self.constant(-1e4, np.float32)
        return self.add(scope, "Where", future, lowest, self.constant(0.0, np.float32)), cos, sin

    def build(self, nodes: int) -> ModelProto:
        tokens = self.weight("/model/embed_tokens", self.VOCABULARY, self.WIDTH)
        x = self.add("/model/embed_tokens", "Gather", tokens, "input_ids")
        mask, cos, sin = self.shared()
        layers = 0
        # The last norm and projection add seven nodes.
        while len(self.nodes) + 7 < nodes:
            x = self.layer(f"/model/layers.{layers}", x, mask, cos, sin)
            layers += 1
        logits = self.linear("/lm_head", self.norm("/model/norm", x), self.WIDTH, self.VOCABULARY)
        self.nodes[-1].output[0] = logits = "logits"
        return model(
            self.nodes,
            [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "sequence"])],
            [helper.make_tensor_value_info(logits, TensorProto.FLOAT, ["batch", "sequence", self.VOCABULARY])],
            self.initializers,
            "transformer",
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("weights")
    command.add_argument("file", type=Path)
    command.add_argument("--megabytes", type=int, default=800)
    command = commands.add_parser("transformer")
    command.add_argument("file", type=Path)
    command.add_argument("--nodes", type=int, default=10_000)
    arguments = parser.parse_args()
    made = weights(arguments.megabytes) if arguments.command == "weights" else Decoder().build(arguments.nodes)
    arguments.file.write_bytes(made.SerializeToString())
    print(f"{arguments.file}: {len(made.graph.node)} nodes, {arguments.file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
