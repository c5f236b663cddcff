#!/usr/bin/env python3
"""Writes small models for the clean-up patches, and what each patch must make of them.

    cases.py FOLDER

NAME.onnx for every case, and cases.json: `[{name, patches, ops, ...}]`. `patches` are applied in order; `ops` are the
operators that must be left in the top-level graph, sorted, null where that does not matter; `note` is a word that a note must contain; `refused` a word of
the reason where the patch must refuse; `inputs` the values that are not random.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

random = np.random.default_rng(0)
cases = []


def f(*shape: int) -> np.ndarray:
    return random.uniform(-1, 1, shape).astype("float32")


def positive(*shape: int) -> np.ndarray:
    return random.uniform(0.5, 1.5, shape).astype("float32")


def node(op: str, inputs: list, outputs: list, **attributes) -> onnx.NodeProto:
    return helper.make_node(op, inputs, outputs, name=f"{outputs[0]}_{op}", **attributes)


def put(name: str, shape: list, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def graph(nodes: list, inputs: list, outputs: list, weights: dict) -> onnx.GraphProto:
    stored = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    return helper.make_graph(nodes, "g", inputs, outputs, stored)


def case(name, patches, nodes, ops, *, x=(2, 3, 8, 8), weights=None, y=None, opset=17, inputs=None, outputs=None, given=None, **more):
    """A model that reads `x` and makes `y`, or those given."""
    weights = weights or {}
    reads = inputs or [put("x", list(x))]
    made = outputs or [put("y", [None] * len(x) if y is None else y)]
    ir = 11 if opset > 22 else 10 if opset > 18 else 8
    model = helper.make_model(
        graph(nodes, reads, made, weights), opset_imports=[helper.make_opsetid("", opset)], ir_version=ir
    )
    patches = [{"kind": patches}] if isinstance(patches, str) else patches
    cases.append({"name": name, "patches": patches, "ops": sorted(ops), "inputs": given or {}, **more})
    onnx.save(model, Path(sys.argv[1]) / f"{name}.onnx")


def merging() -> None:
    """BatchNormalization and constants per channel."""
    batch_norm = {"s": positive(4), "b": f(4), "m": f(4), "v": positive(4)}
    conv = {"w": f(4, 3, 3, 3), "c": f(4)}

    def norm(read: str, made: str = "y", **more) -> onnx.NodeProto:
        return node("BatchNormalization", [read, "s", "b", "m", "v"], [made], epsilon=1e-3, **more)

    conv_node = node("Conv", ["x", "w", "c"], ["t"], pads=[1, 1, 1, 1])
    case("bn_conv", "merge-scales", [conv_node, norm("t")], ["Conv"], weights={**conv, **batch_norm})
    case(
        "bn_conv_without_bias", "merge-scales", [node("Conv", ["x", "w"], ["t"]), norm("t")], ["Conv"],
        weights={"w": conv["w"], **batch_norm},
    )
    case(
        "bn_conv_grouped", "merge-scales", [node("Conv", ["x", "w"], ["t"], group=2), norm("t")], ["Conv"],
        x=(2, 4, 6, 6), weights={"w": f(4, 2, 3, 3), **batch_norm},
    )
    for group in (1, 2):
        case(
            f"bn_conv_transpose_group_{group}", "merge-scales",
            [node("ConvTranspose", ["x", "w"], ["t"], group=group, strides=[2, 2]), norm("t")], ["ConvTranspose"],
            x=(2, 6, 5, 5), weights={"w": f(6, 4 // group, 2, 2), **batch_norm},
        )
    for transposed in (0, 1):
        case(
            f"bn_gemm_transb_{transposed}", "merge-scales",
            [node("Gemm", ["x", "w", "c"], ["t"], transB=transposed, alpha=0.5, beta=2.0), norm("t")], ["Gemm"],
            x=(3, 5), weights={"w": f(4, 5) if transposed else f(5, 4), "c": f(4), **batch_norm},
        )
    case(
        "scales_one_after_another", "merge-scales",
        [
            conv_node, norm("t", "n"), node("Mul", ["n", "k"], ["p"]), node("Add", ["l", "p"], ["q"]),
            node("Sub", ["q", "one"], ["r"]), node("Div", ["r", "k"], ["u"]), node("Sub", ["one", "u"], ["y"]),
        ],
        ["Conv"], weights={**conv, **batch_norm, "k": positive(4, 1, 1), "l": f(1, 4, 1, 1), "one": np.float32([0.7])},
    )
    case(
        "scales_into_batch_norm", "merge-scales",
        [norm("x", "n"), node("Mul", ["n", "k"], ["p"]), node("Add", ["p", "l"], ["y"])], ["BatchNormalization"],
        x=(2, 4, 5, 5), weights={**batch_norm, "k": positive(4, 1, 1), "l": f(1, 4, 1, 1)},
    )
    case(
        "conv_output_read_twice", "merge-scales", [conv_node, norm("t", "n"), node("Add", ["n", "t"], ["y"])],
        ["Add", "BatchNormalization", "Conv"], weights={**conv, **batch_norm}, note="read elsewhere",
    )
    case(
        "conv_output_is_an_output", "merge-scales", [conv_node, norm("t")], ["BatchNormalization", "Conv"],
        outputs=[put("y", [None] * 4), put("t", [None] * 4)], weights={**conv, **batch_norm}, note="read elsewhere",
    )
    case(
        "scale_along_another_axis", "merge-scales", [conv_node, node("Mul", ["t", "k"], ["y"])], ["Conv", "Mul"],
        weights={**conv, "k": positive(8)}, note="not one value per channel",
    )
    case(
        "scale_that_adds_a_dimension", "merge-scales", [conv_node, node("Mul", ["t", "k"], ["y"])], ["Conv", "Mul"],
        weights={**conv, "k": positive(1, 1, 4, 1, 1)}, y=[None] * 5, note="not one value per channel",
    )
    case(
        "weight_read_twice", "merge-scales",
        [
            node("Conv", ["x", "w"], ["t"], pads=[1, 1, 1, 1]), norm("t", "n"),
            node("Conv", ["n", "w"], ["y"], pads=[1, 1, 1, 1]),
        ],
        ["BatchNormalization", "Conv", "Conv"], x=(2, 4, 6, 6), weights={"w": f(4, 4, 3, 3), **batch_norm}, note="shared",
    )
    case(
        "computed_weight", "merge-scales", [node("Mul", ["x", "x"], ["w"]), node("Conv", ["x", "w"], ["t"]), norm("t")],
        ["BatchNormalization", "Conv", "Mul"], x=(4, 4, 3, 3), weights=batch_norm, note="computed",
    )
    case(
        "shift_beyond_fp32", "merge-scales", [conv_node, node("Mul", ["t", "k"], ["y"])], ["Conv", "Mul"],
        weights={"w": 1e30 * conv["w"], "c": conv["c"], "k": np.float32([1e20])}, note="overflow", valid_only=True,
    )


def duplicates() -> None:
    """Equal constants and nodes."""
    case(
        "equal_constants", "merge-duplicates", [node("Mul", ["x", "a"], ["p"]), node("Add", ["p", "b"], ["y"])],
        ["Add", "Mul"], weights={"a": np.ones((3, 1, 1), "float32"), "b": np.ones((3, 1, 1), "float32")}, constants=1,
    )
    case(
        "equal_chains", "merge-duplicates",
        [
            node("Relu", ["x"], ["a"]), node("Exp", ["a"], ["b"]), node("Relu", ["x"], ["c"]), node("Exp", ["c"], ["d"]),
            node("Add", ["b", "d"], ["y"]),
        ],
        ["Add", "Exp", "Relu"],
    )
    case(
        "equal_outputs", "merge-duplicates",
        [node("Relu", ["x"], ["y"]), node("Relu", ["x"], ["z"]), node("Relu", ["x"], ["u"]), node("Exp", ["u"], ["v"])],
        ["Exp", "Relu", "Relu"], outputs=[put(n, [None] * 4) for n in "yzv"],
    )


def chains() -> None:
    """What one node does as well, and what does nothing."""
    open_batch = {"inputs": [put("x", ["n", 6, 4])]}

    def ints(**lists: list) -> dict:
        return {name: np.int64(values) for name, values in lists.items()}

    simplify, no_ops = "simplify-chains", "remove-no-ops"
    both = [node("Reshape", ["x", "a"], ["t"]), node("Reshape", ["t", "b"], ["y"])]
    case("reshape_twice", simplify, both, ["Reshape"], x=(2, 6, 4), weights=ints(a=[12, 4], b=[-1, 8]), y=[None] * 2)
    case("reshape_copies_a_size", simplify, both, ["Reshape"] * 2, x=(2, 6, 4), weights=ints(a=[12, 4], b=[0, 2, 2]), y=[None] * 3)
    case("flatten_then_reshape", simplify, [node("Flatten", ["x"], ["t"]), both[1]], ["Reshape"], x=(2, 6, 4),
         weights=ints(b=[8, 6]), y=[None] * 2)
    case("reshape_between_is_read", simplify, [*both, node("Exp", ["t"], ["z"])], ["Exp", "Reshape", "Reshape"], x=(2, 6, 4),
         weights=ints(a=[12, 4], b=[-1, 8]), outputs=[put("y", [None] * 2), put("z", [None] * 2)])
    computed = [
        node("Shape", ["x"], ["s"]), node("Slice", ["s", "zero", "one", "zero"], ["n"]),
        node("Concat", ["n", "rest"], ["shape"], axis=0), node("Reshape", ["x", "shape"], ["y"]),
    ]
    case("reshape_with_an_open_batch", simplify, computed, ["Reshape"], y=[None] * 2,
         weights=ints(zero=[0], one=[1], rest=[24]), **open_batch)
    case("reshape_with_two_open_sizes", simplify, computed, ["Reshape"], y=[None] * 3,
         inputs=[put("x", ["n", "c", 4])], weights=ints(zero=[0], one=[2], rest=[4]))
    elsewhere = [
        node("Shape", ["x"], ["s"]), node("Gather", ["s", "one"], ["c"]), node("Unsqueeze", ["c", "zero"], ["d"]),
        node("Concat", ["rest", "d"], ["shape"], axis=0), node("Reshape", ["x", "shape"], ["y"]),
    ]
    index = {"one": np.int64(1), "zero": np.int64([0])}
    case("reshape_with_a_size_of_another_place", simplify, elsewhere, ["Reshape"], y=[None] * 3,
         inputs=[put("x", ["n", "c", 4])], weights={**index, "rest": np.int64([2, 4])})
    case("reshape_with_two_computed_sizes", simplify, elsewhere, [n.op_type for n in elsewhere], y=[None] * 3,
         inputs=[put("x", ["n", "c", 4])], weights={**index, "rest": np.int64([-1, 4])})
    through = [
        node("Shape", ["x"], ["s"]), node("Slice", ["s", "zero", "two", "zero"], ["n"]), node("MatMul", ["x", "w"], ["t"]),
        node("Concat", ["n", "rest"], ["shape"], axis=0), node("Reshape", ["t", "shape"], ["y"]),
    ]
    case("reshape_with_sizes_of_the_same_name", simplify, through, ["MatMul", "Reshape"], y=[None] * 4,
         inputs=[put("x", ["n", "c", 4])], weights={**ints(zero=[0], two=[2], rest=[3, 2]), "w": f(4, 6)})
    first, second = node("Transpose", ["x"], ["t"], perm=[1, 2, 0]), node("Transpose", ["t"], ["y"], perm=[0, 2, 1])
    case("transpose_twice", simplify, [first, second], ["Transpose"], x=(2, 3, 4))
    case("transpose_and_back", [{"kind": simplify}, {"kind": no_ops}],
         [node("Relu", ["x"], ["r"]), node("Transpose", ["r"], ["t"], perm=[1, 2, 0]), node("Transpose", ["t"], ["u"], perm=[2, 0, 1]),
          node("Exp", ["u"], ["y"])], ["Exp", "Relu"], x=(2, 3, 4))
    case("transpose_without_perm", simplify, [node("Transpose", ["x"], ["t"]), second], ["Transpose"], x=(2, 3, 4))
    slices = ints(a=[1], b=[9], c=[0], d=[1], e=[2], m=[-1])
    case("slice_twice", simplify, [node("Slice", ["x", "a", "b", "c"], ["t"]), node("Slice", ["t", "c", "e", "d"], ["y"])],
         ["Slice"], x=(4, 3, 5), weights=slices)
    case("slice_same_axis", simplify, [node("Slice", ["x", "a", "b", "c"], ["t"]), node("Slice", ["t", "a", "b", "c"], ["y"])],
         ["Slice"] * 2, x=(4, 3, 5), weights=slices)
    case("slice_same_axis_from_the_end", simplify,
         [node("Slice", ["x", "a", "b", "m"], ["t"]), node("Slice", ["t", "a", "b", "e"], ["y"])], ["Slice"] * 2, x=(4, 3, 5), weights=slices)
    case("slice_of_everything", no_ops, [node("Slice", ["x", "z", "big", "z"], ["t"]), node("Exp", ["t"], ["y"])], ["Exp"], x=(4, 3),
         weights=ints(z=[0], big=[2**63 - 1]))
    case("slice_backwards", no_ops, [node("Slice", ["x", "z", "big", "z", "m"], ["t"]), node("Exp", ["t"], ["y"])], ["Exp", "Slice"],
         x=(4, 3), weights=ints(z=[0], big=[2**63 - 1], m=[-1]), valid_only=True)
    for opset in (12, 17):
        def axes(op: str, read: str, made: str, values: list, opset=opset, **more) -> tuple:
            if opset < 13:
                return node(op, [read], [made], axes=values, **more), {}
            return node(op, [read, f"{made}_axes"], [made], **more), {f"{made}_axes": np.int64(values)}

        for op, a, b, rank in (("Unsqueeze", [1], [0, 3], 5), ("Unsqueeze", [-1], [-2], 4), ("Squeeze", [1], [0, -2], 2)):
            one, w1 = axes(op, "x", "t", a)
            two, w2 = axes(op, "t", "y", b)
            dims = (1, 1, 3, 1, 5) if op == "Squeeze" else (2, 5)
            case(f"{op.lower()}_twice_{rank}_{opset}", simplify, [one, two], [op], x=dims, weights={**w1, **w2},
                 y=[None] * rank, opset=opset)
        reduce = node("ReduceMean", ["x"], ["t"], axes=[-1], keepdims=0)
        back, w = axes("Unsqueeze", "t", "y", [2])
        case(f"reduce_and_back_{opset}", simplify, [reduce, back], ["ReduceMean"], x=(2, 3, 4), weights=w, opset=opset)
        back, w = axes("Unsqueeze", "t", "y", [0])
        case(f"reduce_and_elsewhere_{opset}", simplify, [reduce, back], ["ReduceMean", "Unsqueeze"], x=(2, 3, 4), weights=w, opset=opset)
    conv = node("Conv", ["t", "w"], ["y"], pads=[0, 1, 0, 0])
    weight = {"w": f(4, 3, 3, 3), "p": np.int64([0, 0, 1, 2, 0, 0, 0, 1]), "q": np.int64([0, 1, 1, 0, 0, 0, 0, 0]), **const("v", 0.5)}
    case("pad_conv", simplify, [node("Pad", ["x", "p"], ["t"]), conv], ["Conv"], weights=weight)
    case("pad_conv_value", simplify, [node("Pad", ["x", "p", "v"], ["t"]), conv], ["Conv", "Pad"], weights=weight)
    case("pad_conv_reflect", simplify, [node("Pad", ["x", "p"], ["t"], mode="reflect"), conv], ["Conv", "Pad"], weights=weight)
    case("pad_channels", simplify, [node("Pad", ["x", "q"], ["t"]), conv], ["Conv", "Pad"], x=(2, 2, 6, 6), weights=weight)
    numbers = {**const("zero", 0.0), **const("one", 1.0, 1), **const("two", 2.0), "wide": np.zeros((2, 1, 1), "float32")}
    nothing = [
        node("Add", ["x", "zero"], ["a"]), node("Mul", ["a", "one"], ["b"]), node("Sub", ["b", "zero"], ["c"]),
        node("Div", ["c", "one"], ["d"]), node("Pow", ["d", "one"], ["e"]), node("Exp", ["e"], ["y"]),
    ]
    case("nothing_added", no_ops, nothing, ["Exp"], x=(2, 3), weights=numbers)
    case("zero_that_broadcasts", no_ops, [node("Add", ["x", "wide"], ["t"]), node("Exp", ["t"], ["y"])], ["Add", "Exp"], x=(1, 3),
         weights=numbers, y=[None] * 3)
    case("minus_from_zero", no_ops, [node("Sub", ["zero", "x"], ["t"]), node("Exp", ["t"], ["y"])], ["Exp", "Sub"], x=(1, 3), weights=numbers)
    case("reshape_to_the_same", no_ops, [node("Reshape", ["x", "a"], ["t"]), node("Exp", ["t"], ["y"])], ["Exp"], y=[None] * 3,
         weights=ints(a=[-1, 6, 4]), **open_batch)
    case("reshape_to_another", no_ops, [node("Reshape", ["x", "a"], ["t"]), node("Exp", ["t"], ["y"])], ["Exp", "Reshape"], y=[None] * 3,
         weights=ints(a=[6, -1, 4]), **open_batch)
    case("matmul_add", "merge-scales", [node("MatMul", ["x", "w"], ["t"]), node("Add", ["c", "t"], ["y"])], ["Gemm"], x=(3, 5),
         weights={"w": f(5, 4), "c": f(4)})
    case("matmul_mul", "merge-scales", [node("MatMul", ["x", "w"], ["t"]), node("Mul", ["t", "c"], ["y"])], ["MatMul"], x=(2, 3, 5),
         weights={"w": f(5, 4), "c": f(4)})
    case("matmul_of_three_dimensions_add", "merge-scales", [node("MatMul", ["x", "w"], ["t"]), node("Add", ["t", "c"], ["y"])],
         ["Add", "MatMul"], x=(2, 3, 5), weights={"w": f(5, 4), "c": f(4)}, note="no bias")


def const(name: str, value: float, *dims: int) -> dict:
    return {name: np.full(dims, value, "float32")}


def mean(read: str, made: str, opset: int, axes: list) -> tuple[onnx.NodeProto, dict]:
    """ReduceMean, whose axes are an input from 18 on."""
    if opset < 18:
        return node("ReduceMean", [read], [made], axes=axes, keepdims=1), {}
    return node("ReduceMean", [read, f"{made}_axes"], [made], keepdims=1), {f"{made}_axes": np.int64(axes)}


def layer_norm(opset=17, axes=(-1,), square="pow", root="div", swapped=False, twice=False, scale="s", bias="b", eps="eps"):
    """The pattern from `x` to `y`, and its constants."""
    axes = list(axes)
    mean_1, w1 = mean("x", "mu", opset, axes)
    weights = {**w1, **const("eps", 1e-5), **const("two", 2.0), **const("half", -0.5), **const("one", 1.0)}
    nodes = [mean_1, node("Sub", ["x", "mu"], ["d"])]
    to_square = "d"
    if twice:
        nodes.append(node("Sub", ["x", "mu"], ["d2"]))
        to_square = "d2"
    nodes.append(
        node("Pow", [to_square, "two"], ["sq"]) if square == "pow" else node("Mul", [to_square, to_square], ["sq"])
    )
    mean_2, w2 = mean("sq", "var", opset, axes)
    weights |= w2
    nodes += [mean_2, node("Add", [eps, "var"] if swapped else ["var", eps], ["ve"])]
    if root == "pow":
        nodes += [node("Pow", ["ve", "half"], ["r"]), node("Mul", ["d", "r"], ["n"])]
    elif root == "reciprocal":
        nodes += [node("Sqrt", ["ve"], ["sd"]), node("Reciprocal", ["sd"], ["r"]), node("Mul", ["r", "d"], ["n"])]
    elif root == "one over":
        nodes += [node("Sqrt", ["ve"], ["sd"]), node("Div", ["one", "sd"], ["r"]), node("Mul", ["d", "r"], ["n"])]
    else:
        nodes += [node("Sqrt", ["ve"], ["sd"]), node("Div", ["d", "sd"], ["n"])]
    last = "n"
    if scale:
        nodes.append(node("Mul", [scale, last] if swapped else [last, scale], ["m"]))
        last = "m"
    if bias:
        nodes.append(node("Add", [bias, last] if swapped else [last, bias], ["a"]))
        last = "a"
    nodes[-1].output[0] = "y"
    return nodes, weights


def norms() -> None:
    """LayerNormalization and RMSNormalization written out."""
    x, params = (2, 5, 6), {"s": positive(6), "b": f(6)}
    fused = ["LayerNormalization"]
    for name, options in {
        "plain": {}, "product": {"square": "mul"}, "pow": {"root": "pow"}, "reciprocal": {"root": "reciprocal"},
        "one_over": {"root": "one over"}, "swapped": {"swapped": True}, "twice": {"twice": True}, "opset_18": {"opset": 18},
        "axis_from_the_front": {"axes": (2,)},
    }.items():
        nodes, weights = layer_norm(**options)
        opset = options.get("opset", 17)
        case(f"layer_norm_{name}", "fuse-layer-norm", nodes, fused, x=x, weights={**weights, **params}, opset=opset)
    nodes, weights = layer_norm(axes=(1, 2))
    both = {"s": positive(5, 6), "b": f(5, 6)}
    case("layer_norm_two_axes", "fuse-layer-norm", nodes, fused, x=x, weights={**weights, **both})
    shaped = {"s": positive(1, 1, 6), "b": f(1, 6)}
    nodes, weights = layer_norm()
    case("layer_norm_shaped_scale", "fuse-layer-norm", nodes, fused, x=x, weights={**weights, **shaped})
    case("layer_norm_one_scale", "fuse-layer-norm", nodes, fused, x=x, weights={**weights, "s": f(1), "b": f(1)})
    nodes, weights = layer_norm(scale="", bias="")
    case("layer_norm_bare", "fuse-layer-norm", nodes, fused, x=x, weights=weights)
    nodes, weights = layer_norm(bias="")
    case("layer_norm_without_bias", "fuse-layer-norm", nodes, fused, x=x, weights={**weights, **params})
    # Not, or not wholly, the pattern.
    nodes, weights = layer_norm(opset=16)
    rest = ["Add", "Add", "Div", "Mul", "Pow", "ReduceMean", "ReduceMean", "Sqrt", "Sub"]
    case("layer_norm_old", "fuse-layer-norm", nodes, rest, x=x, weights={**weights, **params}, opset=16, note="needs opset 17")
    nodes, weights = layer_norm()
    two = [put("y", [None] * 3), put("mu", [None] * 3)]
    case("layer_norm_mean_is_an_output", "fuse-layer-norm", nodes, rest, x=x, outputs=two,
         weights={**weights, **params}, note="read elsewhere")
    more = [*nodes, node("Exp", ["d"], ["z"])]
    two = [put("y", [None] * 3), put("z", [None] * 3)]
    case("layer_norm_difference_read", "fuse-layer-norm", more, sorted([*rest, "Exp"]), x=x, outputs=two,
         weights={**weights, **params}, note="read elsewhere")
    nodes, weights = layer_norm(axes=(1,))
    case("layer_norm_wrong_axis", "fuse-layer-norm", nodes, rest, x=(2, 6, 6), weights={**weights, **params}, note="not the last")
    nodes, weights = layer_norm(eps="e")
    case("layer_norm_computed_epsilon", "fuse-layer-norm", nodes, rest, weights={**weights, **params}, y=[None] * 3,
         inputs=[put("x", [2, 5, 6]), put("e", [])])
    nodes, weights = layer_norm(scale="k", bias="")
    case("layer_norm_full_scale", "fuse-layer-norm", nodes, ["LayerNormalization", "Mul"], weights=weights, y=[None] * 3,
         inputs=[put("x", [2, 5, 6]), put("k", [2, 5, 6])])

    half_norms(x, params)

    # The variance as mean(x^2) - mean(x)^2.
    for name, guard in {"": [], "_relu": [node("Relu", ["v"], ["g"])], "_max": [node("Max", ["v", "zero"], ["g"])]}.items():
        nodes = [
            mean("x", "mu", 17, [-1])[0], node("Mul", ["x", "x"], ["sq"]), mean("sq", "ms", 17, [-1])[0],
            node("Pow", ["mu", "two"], ["mm"]), node("Sub", ["ms", "mm"], ["v"]), *guard,
            node("Add", ["g" if guard else "v", "eps"], ["ve"]), node("Sqrt", ["ve"], ["sd"]), node("Sub", ["x", "mu"], ["d"]),
            node("Div", ["d", "sd"], ["n"]), node("Mul", ["n", "s"], ["m"]), node("Add", ["m", "b"], ["y"]),
        ]
        weights = {**const("eps", 1e-3), **const("two", 2.0), **const("zero", 0.0), **params}
        wanted = [{"kind": "fuse-layer-norm", "mean_of_squares": True}]
        case(f"layer_norm_moments{name}", wanted, nodes, fused, x=x, weights=weights, note="2^-24")
        # 11.5 * 2^-24 * 100 / (1/12 + 1/1000), which is what the note says of six values around 10.
        far = 10 + random.uniform(-0.5, 0.5, x).astype("float32")
        case(f"layer_norm_moments{name}_far", wanted, nodes, fused, x=x, weights=weights, given={"x": far.tolist()}, tolerance=8.2e-4)
        case(f"layer_norm_moments{name}_unasked", "fuse-layer-norm", nodes, [n.op_type for n in nodes], x=x, weights=weights,
             note="loses digits")

    def rms(spelling: str, order: bool, root="div") -> tuple[list, dict]:
        reduce, weights = mean("sq", "ms", 23, [-1])
        weights |= {**const("eps", 1e-6), **const("two", 2.0), **const("half", -0.5)}
        square = node("Pow", ["x", "two"], ["sq"]) if spelling == "pow" else node("Mul", ["x", "x"], ["sq"])
        nodes = [square, reduce, node("Add", ["ms", "eps"], ["me"])]
        if root == "pow":
            nodes += [node("Pow", ["me", "half"], ["r"]), node("Mul", ["x", "r"], ["n"])]
        elif root == "reciprocal":
            nodes += [node("Sqrt", ["me"], ["q"]), node("Reciprocal", ["q"], ["r"]), node("Mul", ["x", "r"], ["n"])]
        else:
            nodes += [node("Sqrt", ["me"], ["q"]), node("Div", ["x", "q"], ["n"])]
        nodes.append(node("Mul", ["s", "n"] if order else ["n", "s"], ["y"]))
        return nodes, weights

    for root in ("div", "reciprocal", "pow"):
        for order in (False, True):
            nodes, weights = rms("pow" if order else "mul", order, root)
            case(f"rms_norm_{root}_{order}", "fuse-rms-norm", nodes, ["RMSNormalization"], x=x, opset=23,
                 weights={**weights, "s": params["s"]})
    nodes, weights = rms("mul", False)
    case("rms_norm_old", "fuse-rms-norm", nodes, [n.op_type for n in nodes], x=x, opset=22,
         weights={**weights, "s": params["s"]}, note="needs opset 23")
    nodes, weights = layer_norm(opset=23, bias="")
    case("layer_norm_is_no_rms_norm", "fuse-rms-norm", nodes, [n.op_type for n in nodes], x=x, opset=23,
         weights={**weights, "s": params["s"]})


def half_norms(x: tuple, params: dict) -> None:
    """The same in half precision: cast to FP32, normalized, cast back."""
    up, down = node("Cast", ["h"], ["x"], to=TensorProto.FLOAT), node("Cast", ["w"], ["y"], to=TensorProto.FLOAT16)
    read, made = [put("h", list(x), TensorProto.FLOAT16)], [put("y", list(x), TensorProto.FLOAT16)]
    short = {name: value.astype("float16") for name, value in params.items()}
    exact = {name: value.astype("float32") for name, value in short.items()}
    # Two roundings to 11 bits.
    more = {"inputs": read, "outputs": made, "tolerance": 2e-3}

    def to(nodes: list, name: str) -> list:
        nodes[-1].output[0] = name
        return nodes

    fused = ["LayerNormalization"]
    nodes, weights = layer_norm()
    case("half_layer_norm_inside", "fuse-layer-norm", [up, *to(nodes, "w"), down], fused, weights={**weights, **exact}, **more)
    # Between the casts the pattern is one in FP32 all the same.
    case("half_layer_norm_digits", "fuse-layer-norm", [up, *nodes, down], ["Cast", *fused, "Cast"],
         weights={**weights, **params}, note="digits that float16 does not have", **more)
    wide = [node("Cast", [f"{name}16"], [name], to=TensorProto.FLOAT) for name in ("s", "b")]
    case("half_layer_norm_widened", "fuse-layer-norm", [*wide, up, *nodes, down], fused,
         weights={**weights, **{f"{name}16": value for name, value in short.items()}}, **more)
    nodes, weights = layer_norm(scale="", bias="")
    end = [node("Cast", ["w"], ["n16"], to=TensorProto.FLOAT16), node("Mul", ["n16", "s"], ["m"]), node("Add", ["b", "m"], ["y"])]
    case("half_layer_norm_outside", "fuse-layer-norm", [up, *to(nodes, "w"), *end], fused, weights={**weights, **short}, **more)
    case("half_layer_norm_bare", "fuse-layer-norm", [up, *nodes, down], fused, weights=weights, **more)
    # What is cast up may be read elsewhere; what stays FP32 behind it is the plain pattern.
    both = [*made, put("z", list(x))]
    case("half_layer_norm_shared", "fuse-layer-norm", [up, *nodes, down, node("Exp", ["x"], ["z"])], ["Cast", "Exp", *fused],
         weights=weights, **{**more, "outputs": both})
    nodes, weights = layer_norm()
    case("half_layer_norm_in_only", "fuse-layer-norm", [up, *nodes], ["Cast", *fused], weights={**weights, **params},
         **{**more, "outputs": [put("y", list(x))]})
    nodes, weights = layer_norm()
    plain = [*to(nodes, "w"), down]
    case("half_layer_norm_out_only", "fuse-layer-norm", plain, ["Cast", *fused], weights={**weights, **params},
         **{**more, "inputs": [put("x", list(x))]})

    # As Llama has it.
    reduce, weights = mean("sq", "ms", 23, [-1])
    weights |= {**const("eps", 1e-6), **const("two", 2.0)}
    nodes = [
        up, node("Pow", ["x", "two"], ["sq"]), reduce, node("Add", ["ms", "eps"], ["me"]), node("Sqrt", ["me"], ["q"]),
        node("Reciprocal", ["q"], ["r"]), node("Mul", ["x", "r"], ["n"]),
    ]
    outside = [node("Cast", ["n"], ["n16"], to=TensorProto.FLOAT16), node("Mul", ["s", "n16"], ["y"])]
    inside = [node("Mul", ["n", "s"], ["w"]), down]
    for name, end, scale in [("outside", outside, short), ("inside", inside, exact)]:
        case(f"half_rms_norm_{name}", "fuse-rms-norm", [*nodes, *end], ["RMSNormalization"], opset=23,
             weights={**weights, "s": scale["s"]}, **more)


def gelus() -> None:
    """Gelu written out."""
    numbers = {
        **const("root2", 2**0.5), **const("inverse", 0.5**0.5), **const("one", 1.0), **const("half", 0.5), **const("two", 2.0),
        **const("three", 3.0), **const("k", 0.044715), **const("c", (2 / np.pi) ** 0.5), **const("off", 0.6, 1),
    }

    def erf(*rest: onnx.NodeProto, divide=True) -> list:
        inner = node("Div", ["x", "root2"], ["z"]) if divide else node("Mul", ["inverse", "x"], ["z"])
        return [inner, node("Erf", ["z"], ["e"]), node("Add", ["e", "one"], ["p"]), *rest]

    forms = {
        "half_last": erf(node("Mul", ["x", "p"], ["q"]), node("Mul", ["q", "half"], ["y"])),
        "half_first": erf(node("Mul", ["x", "half"], ["h"]), node("Mul", ["h", "p"], ["y"]), divide=False),
        "half_of_sum": erf(node("Mul", ["half", "p"], ["h"]), node("Mul", ["h", "x"], ["y"])),
        "divided_by_two": erf(node("Mul", ["p", "x"], ["q"]), node("Div", ["q", "two"], ["y"])),
    }

    def tanh(inner: list, *rest: onnx.NodeProto) -> list:
        return [*inner, node("Tanh", ["z"], ["t"]), node("Add", ["one", "t"], ["p"]), *rest]

    cube = [node("Pow", ["x", "three"], ["x3"]), node("Mul", ["k", "x3"], ["kx"])]
    product = [node("Mul", ["x", "x"], ["x2"]), node("Mul", ["x2", "x"], ["x3"]), node("Mul", ["x3", "k"], ["kx"])]
    end = [node("Add", ["x", "kx"], ["s"]), node("Mul", ["s", "c"], ["z"])]
    tail = [node("Mul", ["half", "x"], ["h"]), node("Mul", ["h", "p"], ["y"])]
    forms |= {
        "tanh_pow": tanh([*cube, *end], *tail),
        "tanh_product": tanh([*product, *end], *tail),
        "tanh_factored": tanh(
            [
                node("Mul", ["x", "x"], ["x2"]), node("Mul", ["x2", "k"], ["kx"]), node("Add", ["kx", "one"], ["s"]),
                node("Mul", ["x", "c"], ["cx"]), node("Mul", ["cx", "s"], ["z"]),
            ],
            *tail,
        ),
    }
    for name, nodes in forms.items():
        # ONNX Runtime's own Gelu takes another polynomial for erf than its Erf.
        case(f"gelu_{name}", "fuse-gelu", nodes, ["Gelu"], x=(3, 7), weights=numbers, opset=20)
        case(f"gelu_{name}_old", "fuse-gelu", nodes, [n.op_type for n in nodes], x=(3, 7), weights=numbers, opset=19,
             note="needs opset 20")
    whole = forms["half_last"]
    case("gelu_inside_is_an_output", "fuse-gelu", whole, [n.op_type for n in whole], x=(3, 7), weights=numbers, opset=20,
         outputs=[put("y", [3, 7]), put("e", [3, 7])], note="read elsewhere")
    other = erf(node("Mul", ["x", "p"], ["q"]), node("Mul", ["q", "off"], ["y"]))
    case("gelu_other_factor", "fuse-gelu", other, [n.op_type for n in other], x=(3, 7), weights=numbers, opset=20)
    wrong = [node("Mul", ["x", "root2"], ["z"]), *whole[1:]]
    case("gelu_other_root", "fuse-gelu", wrong, [n.op_type for n in wrong], x=(3, 7), weights=numbers, opset=20)


def branches() -> None:
    """If with a constant condition."""

    def branch(op: str, out: str) -> onnx.GraphProto:
        nodes = [node(op, ["x", "k"], ["h"]), node("Neg", ["h"], [out])]
        return helper.make_graph(nodes, op, [], [put(out, [2, 3])], [numpy_helper.from_array(f(3), "k")])

    for chosen in (True, False):
        nodes = [
            node("Abs", ["x"], ["a"]),
            node("If", ["c"], ["y"], then_branch=branch("Add", "t"), else_branch=branch("Mul", "e")),
            node("Add", ["a", "y"], ["z"]),
        ]
        op = "Add" if chosen else "Mul"
        case(f"if_{chosen}".lower(), "inline-constant-ifs", nodes, ["Abs", op, "Neg", "Add"], x=(2, 3),
             weights={"c": np.array(chosen)}, outputs=[put("z", [2, 3]), put("y", [2, 3])])
    nodes = [node("If", ["c"], ["y"], then_branch=branch("Add", "t"), else_branch=branch("Mul", "e"))]
    for value in (True, False):
        case(f"if_computed_{value}".lower(), "inline-constant-ifs", nodes, ["If"], y=[2, 3], given={"c": value},
             inputs=[put("x", [2, 3]), put("c", [], TensorProto.BOOL)])


def raising() -> None:
    """Operators whose inputs or meaning changed."""

    def raised(name: str, opset: int, nodes: list, more: list = (), *, to=(13, 19, 22), **options) -> None:
        for target in to:
            ops = [n.op_type for n in nodes] if "ops" not in options else options["ops"]
            rest = {key: value for key, value in options.items() if key != "ops"}
            case(f"raise_{name}_{opset}_to_{target}", [{"kind": "raise-opset", "to": target}], nodes,
                 [*ops, *more] if "refused" not in options else [], opset=opset, **rest)

    one = ["Constant"]
    raised("squeeze", 11, [node("Squeeze", ["x"], ["y"], axes=[1])], one, x=(2, 1, 3), y=[None] * 2)
    raised("unsqueeze", 7, [node("Unsqueeze", ["x"], ["y"], axes=[0, 3])], one, x=(2, 3), y=[None] * 4)
    raised("reduce_sum", 11, [node("ReduceSum", ["x"], ["y"], axes=[2], keepdims=0)], one, x=(2, 4, 3), y=[None] * 2)
    raised("reduce_all", 11, [node("ReduceSum", ["x"], ["y"], keepdims=0)], x=(2, 4, 3), y=[])
    for op in ("ReduceMean", "ReduceMax", "ReduceL2", "ReduceProd", "ReduceLogSumExp"):
        raised(op.lower(), 13, [node(op, ["x"], ["y"], axes=[-1], keepdims=1)], one, x=(2, 3), to=(18, 22))
        raised(op.lower(), 8, [node(op, ["x"], ["y"], axes=[1], keepdims=1)], x=(2, 3), to=(13,))
    raised("split", 11, [node("Split", ["x"], ["y", "z"], axis=1, split=[1, 3])], one, x=(2, 4),
           outputs=[put("y", [2, 1]), put("z", [2, 3])])
    raised("split_equal", 11, [node("Split", ["x"], ["y", "z"], axis=1)], x=(2, 4), outputs=[put("y", [2, 2]), put("z", [2, 2])])
    raised("softmax", 11, [node("Softmax", ["x"], ["y"], axis=1)], x=(2, 4))
    flat = ["Flatten", "Shape", "Reshape"]
    for op in ("Softmax", "LogSoftmax", "Hardmax"):
        raised(f"{op.lower()}_flat", 11, [node(op, ["x"], ["y"], axis=1)], flat, x=(2, 4, 3))
        raised(f"{op.lower()}_all", 12, [node(op, ["x"], ["y"], axis=-3)], flat, x=(2, 4, 3))
        raised(f"{op.lower()}_one_behind", 11, [node(op, ["x"], ["y"])], x=(2, 4, 1, 1))
    raised("dropout_late_mask", 10, [node("Dropout", ["x"], ["y", "z"])], x=(2, 4), refused="mask",
           outputs=[put("y", [2, 4]), put("z", [2, 4], TensorProto.BOOL)])
    training = [node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y", "m2", "v2", "m3", "v3"])]
    raised("training", 9, training, x=(2, 3, 4, 4), to=(17,), refused="training",
           weights={"s": positive(3), "b": f(3), "m": f(3), "v": positive(3)})
    raised("dropout", 10, [node("Dropout", ["x"], ["y"], ratio=0.3)], x=(2, 4))
    raised("dropout", 7, [node("Dropout", ["x"], ["y"], ratio=0.3)], x=(2, 4))
    raised("dropout_mask", 7, [node("Dropout", ["x"], ["y", "z"], ratio=0.3)], x=(2, 4), refused="mask",
           outputs=[put("y", [2, 4]), put("z", [2, 4])])
    raised("clip", 7, [node("Clip", ["x"], ["y"], min=-0.2, max=0.4)], one * 2, x=(2, 4))
    raised("clip_max", 10, [node("Clip", ["x"], ["y"], max=0.4)], one, x=(2, 4))
    raised("clip_open", 10, [node("Clip", ["x"], ["y"])], x=(2, 4))
    raised("pad", 7, [node("Pad", ["x"], ["y"], pads=[0, 1, 1, 0], value=0.5)], one * 2, x=(2, 4))
    raised("pad_reflect", 10, [node("Pad", ["x"], ["y"], pads=[0, 1, 1, 0], mode="reflect")], one, x=(2, 4))
    raised("slice", 7, [node("Slice", ["x"], ["y"], starts=[1, 0], ends=[9, -1], axes=[1, 0])], one * 3, x=(3, 4))
    raised("slice_all", 9, [node("Slice", ["x"], ["y"], starts=[1, 0], ends=[9, -1])], one * 2, x=(3, 4))
    raised("top_k", 9, [node("TopK", ["x"], ["y", "z"], axis=1, k=2)], one, x=(3, 4),
           outputs=[put("y", [3, 2]), put("z", [3, 2], TensorProto.INT64)])
    raised("batch_norm", 7, [node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], spatial=1)], x=(2, 4, 3, 3),
           weights={"s": positive(4), "b": f(4), "m": f(4), "v": positive(4)})
    raised("batch_norm", 9, [node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"])], x=(2, 4, 3, 3),
           weights={"s": positive(4), "b": f(4), "m": f(4), "v": positive(4)})
    for mode in ("nearest", "linear"):
        raised(f"upsample_{mode}", 7, [node("Upsample", ["x"], ["y"], mode=mode, scales=[1.0, 1.0, 2.0, 3.0])],
               ops=["Resize", "Constant", "Constant"], x=(1, 2, 3, 4))
        for name, scales in {"up": [1.0, 1.0, 2.5, 2.0], "down": [1.0, 1.0, 0.6, 0.5]}.items():
            scaled = {"k": np.float32(scales)}
            raised(f"resize_{mode}_{name}", 10, [node("Resize", ["x", "k"], ["y"], mode=mode)], one, x=(1, 2, 6, 8), weights=scaled)
    raised("upsample_nearest", 9, [node("Upsample", ["x", "k"], ["y"])], ops=["Resize", "Constant"], x=(1, 2, 3, 4),
           weights={"k": np.float32([1, 1, 2, 2])})
    raised("resize_both_ways", 10, [node("Resize", ["x", "k"], ["y"])], x=(1, 2, 6, 8), refused="enlarges",
           weights={"k": np.float32([1, 1, 2, 0.5])})
    raised("resize_sizes", 11, [node("Resize", ["x", "r", "k", "n"], ["y"], mode="linear")], x=(1, 2, 6, 8),
           weights={"r": np.zeros(0, "float32"), "k": np.zeros(0, "float32"), "n": np.int64([1, 2, 9, 5])})
    raised("scatter", 9, [node("Scatter", ["x", "i", "u"], ["y"], axis=1)], ops=["ScatterElements"], x=(1, 5),
           weights={"i": np.int64([[1, 3]]), "u": f(1, 2)})
    raised("one_hot", 9, [node("OneHot", ["i", "d", "v"], ["y"])], refused="negative indices", y=[None] * 2,
           inputs=[put("i", [3], TensorProto.INT64)], weights={"d": np.int64(3), "v": np.float32([0, 1])})
    raised("grid_sample", 16, [node("GridSample", ["x", "g"], ["y"], mode="bicubic")], to=(19, 20, 22), y=[None] * 4,
           inputs=[put("x", [1, 1, 4, 4]), put("g", [1, 3, 3, 2])])
    # ONNX Runtime 1.31 has no RoiAlign-22.
    raised("roi_align", 10, [node("RoiAlign", ["x", "r", "i"], ["y"], output_height=2, output_width=2)], to=(13, 16, 21),
           x=(1, 2, 6, 6), weights={"r": np.float32([[0, 0, 3, 3]]), "i": np.int64([0])})
    raised("group_norm", 18, [node("GroupNormalization", ["x", "s", "b"], ["y"], num_groups=2)], x=(1, 4, 3),
           weights={"s": positive(2), "b": f(2)}, to=(21,), refused="per group")
    raised("average_pool_up", 11, [node("AveragePool", ["x"], ["y"], kernel_shape=[2, 2], ceil_mode=1)], to=(19,), x=(1, 1, 5, 5),
           refused="rounds its size up")


def expanded() -> None:
    """The functions that onnx defines the operators by, as its node tests have them written out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tests overflow and divide by zero on purpose
        from onnx.backend.test.case.node import collect_testcases

        tests = [test for test in collect_testcases(None) if "_expanded" in test.name]
    fused = {"test_gelu": ("fuse-gelu", ["Gelu"]), "test_rms_normalization": ("fuse-rms-norm", ["RMSNormalization"])}
    for test in tests:
        known = next((value for prefix, value in fused.items() if test.name.startswith(prefix)), None)
        # LayerNormalization written out has Mean and InvStdDev as outputs of the model, so it must stay as it is.
        if known is None and not test.name.startswith("test_layer_normalization"):
            continue
        patch, ops = known or ("fuse-layer-norm", None)
        patches = [{"kind": kind} for kind in ("fold-constants", "remove-no-ops", patch)]
        cases.append({"name": test.name, "patches": patches, "ops": ops, "inputs": {}})
        onnx.save(test.model, Path(sys.argv[1]) / f"{test.name}.onnx")


def main() -> None:
    expanded()
    merging()
    duplicates()
    chains()
    norms()
    gelus()
    branches()
    raising()
    (Path(sys.argv[1]) / "cases.json").write_text(json.dumps(cases))


if __name__ == "__main__":
    main()
