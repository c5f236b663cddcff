#!/usr/bin/env python3
"""Writes models with local functions, and what onnx's own inliner makes of them.

    functions.py FOLDER

NAME.onnx and NAME.inlined.onnx for every case, and functions.json: `[{name, before, inputs}]`, `before` being
what ONNX Runtime runs.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx.inliner
import onnx.parser
from onnx import TensorProto, defs, helper

random = np.random.default_rng(0)
cases = []
folder = Path(sys.argv[1])


def put(name: str, shape: list, kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def case(name: str, model: onnx.ModelProto, checked: bool = True, **inputs) -> None:
    if checked:
        onnx.checker.check_model(model)
    onnx.save(model, folder / f"{name}.onnx")
    onnx.save(onnx.inliner.inline_local_functions(model, convert_version=True), folder / f"{name}.inlined.onnx")
    cases.append({"name": name, "before": f"{name}.onnx" if checked else f"{name}.inlined.onnx", "inputs": inputs})


def parsed() -> None:
    """Functions in text."""
    case("nested", onnx.parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 18, "own" : 1]>
        main (float[N, 8] x, float[8, 8] w, float[8] b) => (float[N, 8] y, float[N, 8] z) {
            h = own.block <eps = 0.001> (x, w, b)
            y = own.block (h, w, b)
            z = own.block <alpha = 0.3> (y, w)
        }
        <domain: "own", opset_import: ["" : 18, "own" : 1]>
        dense (a, w, b) => (o) { t = MatMul(a, w)  o = Add(t, b) }
        <domain: "own", opset_import: ["" : 18, "own" : 1]>
        scaled <alpha : float = 0.5, eps : float = 0.01> (x) => (y) {
            alpha = Constant <value_float : float = @alpha> ()
            eps = Constant <value_float : float = @eps> ()
            t = Mul(x, alpha)
            y = Add(t, eps)
        }
        <domain: "own", opset_import: ["" : 18, "own" : 1]>
        block <alpha : float = 0.25, eps : float = 0.02> (x, w, b) => (y) {
            zero = Constant <value_float = 0.0> ()
            t = own.dense(x, w, zero)
            u = own.scaled <alpha : float = @alpha, eps : float = @eps> (t)
            y = Tanh(u)
        }
    """))
    case("captures", onnx.parser.parse_model("""
        <ir_version: 9, opset_import: ["" : 19, "own" : 1]>
        main (float[3, 4] x, bool c) => (float[3, 4] y) {
            t = own.choose(x, c)
            y = own.choose(t, c)
        }
        <domain: "own", opset_import: ["" : 19, "own" : 1]>
        square (x) => (y) { y = Mul(x, x) }
        <domain: "own", opset_import: ["" : 19, "own" : 1]>
        choose (a, c) => (b) {
            t = Neg(a)
            b = If (c) <
                then_branch = one () => (float[3, 4] o) { x = Exp(t)  s = own.square(x)  o = Add(s, a) },
                else_branch = two () => (float[3, 4] o) { x = Sub(a, t)  o = own.square(x) }
            >
        }
    """), c=True)
    case("loop", onnx.parser.parse_model("""
        <ir_version: 9, opset_import: ["" : 19, "own" : 1]>
        main (float[3, 4] x) => (float[3, 4] y, float[K, 3, 4] all) {
            y, all = own.repeat <times = 4> (x)
        }
        <domain: "own", opset_import: ["" : 19, "own" : 1]>
        step (x, k) => (y) { s = Sin(x)  y = Mul(s, k) }
        <domain: "own", opset_import: ["" : 19, "own" : 1]>
        repeat <times : int = 2> (x) => (y, all) {
            n = Constant <value_int : int = @times> ()
            go = Constant <value = bool {1}> ()
            k = Constant <value_float = 1.25> ()
            y, all = Loop (n, go, x) <
                body = turn (int64 i, bool g, float[3, 4] x) => (bool h, float[3, 4] next, float[3, 4] o) {
                    h = Identity(g)
                    next = own.step(x, k)
                    o = Identity(next)
                }
            >
        }
    """))
    # The checker and ONNX Runtime refuse a function whose operators mean another thing in the model's opset.
    case("older", onnx.parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 18, "own" : 1]>
        main (float[2, 1, 5] x) => (float[2] y, float[2, 1] z) {
            y = own.old(x)
            axes = Constant <value_ints = [2]> ()
            z = ReduceMax <keepdims = 0> (x, axes)
        }
        <domain: "own", opset_import: ["" : 11]>
        old (x) => (y) {
            t = Squeeze <axes = [1]> (x)
            p = Softmax <axis = 1> (t)
            y = ReduceMean <axes = [1], keepdims = 0> (p)
        }
    """), checked=False)
    case("left_out", onnx.parser.parse_model("""
        <ir_version: 9, opset_import: ["" : 19, "own" : 1]>
        main (float[3, 4] x, float high) => (float[3, 4] y, float[3, 4] z) {
            y, n = own.clip(x, , high)
            z, m = own.clip(x)
        }
        <domain: "own", opset_import: ["" : 19, "own" : 1]>
        clip (x, low, high) => (y, n) { y = Clip(x, low, high)  n = Neg(y) }
    """))


def operators() -> None:
    """The functions that onnx defines operators by, as functions of the model."""
    for schema in defs.get_all_schemas():
        if not schema.has_function or schema.domain or (len(schema.inputs), len(schema.outputs)) != (1, 1):
            continue
        body = schema.function_body
        required = any(a.required for a in schema.attributes.values())
        if not body.node or required or "tensor(float)" not in schema.inputs[0].types:
            continue
        body.domain, body.name = "expanded", f"our_{schema.name}"
        opset = max(i.version for i in body.opset_import if not i.domain)
        if opset > 22 or schema.name == "Bernoulli":
            continue
        defaults = {a.name for a in body.attribute_proto}
        for attribute in list(body.attribute):
            default = schema.attributes[attribute].default_value
            if attribute not in defaults and default.type:
                body.attribute_proto.append(default)
                body.attribute.remove(attribute)
        node = helper.make_node(body.name, ["x"], ["y"], domain="expanded")
        graph = helper.make_graph([node], "g", [put("x", [2, 3, 4, 5])], [put("y", [None] * 4)])
        imports = [helper.make_opsetid("", opset), helper.make_opsetid("expanded", 1)]
        case(f"operator_{schema.name}", helper.make_model(graph, opset_imports=imports, functions=[body], ir_version=10))


def libraries() -> None:
    """Random functions that call one another."""
    for seed in range(12):
        functions = []
        for at in range(5):
            nodes, known = [], ["a", "b"]
            for step in range(random.integers(2, 5)):
                out = f"t{step}"
                reads = [str(random.choice(known)) for _ in range(2)]
                if at and random.random() < 0.6:
                    callee = f"f{random.integers(0, at)}"
                    nodes.append(helper.make_node(callee, reads, [out], domain="own", name=f"call{step}" if step % 2 else ""))
                else:
                    op = str(random.choice(["Add", "Mul", "Max"]))
                    nodes.append(helper.make_node(op, reads, [out], name=f"n{step}" if step % 2 else ""))
                known.append(out)
            nodes.append(helper.make_node("Tanh", [known[-1]], ["o"]))
            imports = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
            functions.append(helper.make_function("own", f"f{at}", ["a", "b"], ["o"], nodes, imports))
        # The outer names are those of the functions' inner tensors.
        calls = [
            helper.make_node("f4", ["t0", "a"], ["t1"], domain="own"),
            helper.make_node("f3", ["t1", "t0"], ["o"], domain="own"),
            helper.make_node("f4", ["o", "t1"], ["b"], domain="own", name="n1"),
        ]
        graph = helper.make_graph(calls, "g", [put("t0", [2, 3]), put("a", [2, 3])], [put("b", [2, 3]), put("o", [2, 3])])
        imports = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
        case(f"library_{seed}", helper.make_model(graph, opset_imports=imports, functions=functions, ir_version=8))


def main() -> None:
    parsed()
    operators()
    libraries()
    (folder / "functions.json").write_text(json.dumps(cases))


if __name__ == "__main__":
    main()
