#!/usr/bin/env python3
"""Generates minimal models for every operator of the installed onnx package.

    generate.py FOLDER

Writes FOLDER/*.onnx, FOLDER/models.txt (one path a line, for the example ask_parser) and FOLDER/corpus.json:
{onnx, models: [{file, domain, op, schema, opset, main, dtype, variant}], skipped: [{domain, op, schema, opset, dtype, variant,
reason}]}.

Per operator and version of its schema, at the opset that brought it: one model per element type that the schema allows for the
main input, and the variants; at every later opset up to the next version one model with the preferred type. Variants are each
attribute value and rank of its recipe, each stored constant as a model input instead (`computed:INDEX:NAME`, for every type), and each
optional output (`output:INDEX:NAME`). Every model has passed onnx.checker and strict shape inference; what does not is skipped with the
checker's reason.
"""
import json
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import defs, helper

from recipes import MAIN, RECIPES, C, D

FORM = defs.OpSchema.FormalParameterOption
NAMES = {"float": "float32", "double": "float64"}
PREFERRED = [T.FLOAT, T.INT64, T.INT8, T.INT32, T.UINT8, T.BOOL, T.STRING]


class Skip(Exception):
    """Why there is no model."""


def enum(text):
    """`tensor(float)` as an element type; None for sequences and such."""
    return T.DataType.Value(text[7:-1].upper()) if text.startswith("tensor(") else None


def dtype_name(value):
    name = T.DataType.Name(value).lower()
    return NAMES.get(name, name)


def allowed(schema, type_str):
    for constraint in schema.type_constraints:
        if constraint.type_param_str == type_str:
            found = [enum(t) for t in constraint.allowed_type_strs]
            return sorted(t for t in found if t is not None)
    return [t for t in [enum(type_str)] if t is not None]


def choose(types):
    return next((t for t in PREFERRED if t in types), types[0] if types else None)


def parameter(parameters, index):
    if index < len(parameters):
        return parameters[index]
    if parameters and parameters[-1].option == FORM.Variadic:
        return parameters[-1]
    raise Skip(f"the schema has no parameter {index}")


def general(schema):
    """The recipe of an operator that has none: every required input the same image."""
    inputs = []
    for formal in schema.inputs:
        if formal.option != FORM.Optional:
            inputs += [D((1, 4, 8, 8))] * (2 if formal.option == FORM.Variadic else 1)
    needed = [a.name for a in schema.attributes.values() if a.required]
    if needed:
        raise Skip(f"no recipe for the attributes {', '.join(needed)}")
    return {"inputs": inputs, "attrs": {}, "outputs": sum(o.option == FORM.Single for o in schema.outputs) or 1}


def main_index(recipe):
    index = recipe.get("main", 0)
    return -1 if index == 0 and not recipe["inputs"] else index


def type_choices(schema, recipe):
    """The element types that the main input can have, the preferred one first."""
    index = main_index(recipe)
    if index == -1:
        types = allowed(schema, schema.outputs[0].type_str)
    elif index < 0:
        types = []
    else:
        types = allowed(schema, parameter(schema.inputs, index).type_str)
        fixed = recipe["inputs"][index].dtype
        types = [fixed] if fixed else types
    if not types:
        return [T.FLOAT]
    first = choose(types)
    return [first, *(t for t in types if t != first)]


def tensor(name, value, dtype):
    array = np.asarray(value)
    if dtype == T.STRING:
        flat = [b"a"] * array.size
    elif dtype == T.BOOL:
        flat = [bool(x) for x in array.flatten()]
    else:
        flat = [float(x) for x in array.flatten()]
        if dtype not in (T.FLOAT, T.DOUBLE, T.FLOAT16, T.BFLOAT16) and not T.DataType.Name(dtype).startswith("FLOAT"):
            # A weight of 0.5 has no place in a whole number.
            flat = [int(-(-x // 1)) for x in flat]
    return helper.make_tensor(name, dtype, array.shape, flat)


def type_proto(spec, dtype):
    plain = helper.make_tensor_type_proto(dtype, spec.shape)
    if spec.kind == "sequence":
        return helper.make_sequence_type_proto(plain)
    return helper.make_optional_type_proto(plain) if spec.kind == "optional" else plain


def attributes(schema, recipe, dtype):
    made = {}
    for name, value in recipe["attrs"].items():
        if name not in schema.attributes:
            raise Skip(f"the schema has no attribute {name}")
        made[name] = value(dtype) if callable(value) else value
    if main_index(recipe) == -1:
        if schema.name in ("Constant", "ConstantOfShape"):
            made["value"] = tensor("value", [1], dtype)
        elif "dtype" in schema.attributes:
            made["dtype"] = dtype
    if schema.name == "Cast" and schema.since_version >= 6 and dtype == T.FLOAT:
        made["to"] = T.INT32
    return made


def build(schema, recipe, dtype):
    """A model of one node (and, with `outer`, an input that a body reads)."""
    names, inputs, stored, bound = [], [], [], {}
    index = main_index(recipe)
    if index >= 0:
        bound[parameter(schema.inputs, index).type_str] = dtype
    if index == -1:
        bound[schema.outputs[0].type_str] = dtype
    for position, spec in enumerate(recipe["inputs"]):
        if spec is None:
            names.append("")
            continue
        formal = parameter(schema.inputs, position)
        element = dtype if spec.dtype == MAIN else spec.dtype or bound.get(formal.type_str) or choose(allowed(schema, formal.type_str))
        if element is None:
            raise Skip(f"input {formal.name} has no tensor type")
        bound.setdefault(formal.type_str, element)
        name = formal.name if formal.option != FORM.Variadic else f"{formal.name}_{position}"
        names.append(name)
        if isinstance(spec, C):
            stored.append(tensor(name, spec.value, element))
        else:
            inputs.append(helper.make_value_info(name, type_proto(spec, element)))
    if outer := recipe.get("outer"):
        inputs.append(helper.make_value_info("outer", type_proto(outer, outer.dtype)))
    outs = recipe.get("given_outputs") or [f"out_{i}" for i in range(recipe["outputs"])]
    node = helper.make_node(schema.name, names, outs, name="node", domain=schema.domain,
                            **attributes(schema, recipe, dtype))
    imports = [helper.make_opsetid(schema.domain, recipe["opset"])]
    if schema.domain:
        imports.append(helper.make_opsetid("", defs.onnx_opset_version()))
    # Shape inference knows the outputs' types better than a table of ours.
    graph = helper.make_graph([node], schema.name, inputs, [], initializer=stored)
    model = helper.make_model(graph, opset_imports=imports, ir_version=10 if recipe["opset"] < 23 else 13)
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True, strict_mode=True)
    known = {v.name: v for v in inferred.graph.value_info}
    for position, out in enumerate(outs):
        if not out:
            continue
        if out in known:
            model.graph.output.append(known[out])
            continue
        formal = parameter(schema.outputs, position)
        element = bound.get(formal.type_str) or choose(allowed(schema, formal.type_str))
        if element is None:
            raise Skip(f"the type of output {formal.name} is not known")
        model.graph.output.append(helper.make_tensor_value_info(out, element, None))
    checked = onnx.ModelProto.FromString(model.SerializeToString())
    for output in checked.graph.output:
        if output.type.HasField("tensor_type"):
            # The checker wants a shape even where ONNX cannot know one; the model goes without.
            output.type.tensor_type.shape.SetInParent()
    onnx.checker.check_model(checked)
    return model


def variants(schema, recipe):
    """Name and recipe of everything that differs from the plain form in one point."""
    yield from recipe.get("variants", {}).items()
    for position, spec in enumerate(recipe["inputs"]):
        if isinstance(spec, C):
            given = list(recipe["inputs"])
            given[position] = D(np.asarray(spec.value).shape, spec.dtype)
            yield f"computed:{position}:{parameter(schema.inputs, position).name}", {**recipe, "inputs": given}
    for position, formal in enumerate(schema.outputs):
        if position >= recipe["outputs"] and formal.option == FORM.Optional:
            outs = [f"out_{i}" for i in range(recipe["outputs"])] + [""] * (position - recipe["outputs"]) + [f"out_{position}"]
            yield f"output:{position}:{formal.name}", {**recipe, "given_outputs": outs}


def requests(schema, end):
    """What is asked about one version of an operator, which the opset `end` replaces: recipe, type, variant."""
    recipe_of = RECIPES.get(schema.name) if not schema.domain else None
    recipe = recipe_of(schema.since_version) if recipe_of else general(schema)
    recipe = {**recipe, "opset": schema.since_version}
    types = type_choices(schema, recipe)
    for dtype in types:
        yield recipe, dtype, ""
    for name, changed in variants(schema, recipe):
        keep = {k: recipe[k] for k in ("opset", "main", "outer") if k in recipe}
        # Whether an input may be computed can depend on the type.
        for dtype in types if name.startswith("computed:") else types[:1]:
            yield {**keep, **changed}, dtype, name
    for opset in range(schema.since_version + 1, end):
        yield {**recipe, "opset": opset}, types[0], ""


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    models, skipped = [], []
    by_name = {}
    for schema in defs.get_all_schemas_with_history():
        by_name.setdefault((schema.domain, schema.name), []).append(schema)
    for (domain, op), schemas in sorted(by_name.items()):
        schemas.sort(key=lambda s: s.since_version)
        # Other domains have versions of their own, which the parser does not look at.
        newest = schemas[-1].since_version if domain else defs.onnx_opset_version()
        ends = [s.since_version for s in schemas[1:]] + [newest + 1]
        for schema, end in zip(schemas, ends):
            about = {"domain": domain, "op": op, "schema": schema.since_version, "opset": schema.since_version}
            try:
                asked = list(requests(schema, end))
            except Skip as why:
                skipped.append({**about, "dtype": "", "variant": "", "reason": str(why)})
                continue
            for recipe, dtype, variant in asked:
                about_one = {**about, "opset": recipe["opset"], "dtype": dtype_name(dtype), "variant": variant}
                try:
                    model = build(schema, recipe, dtype)
                except (Skip, ValueError, TypeError, OverflowError, onnx.checker.ValidationError,
                        onnx.shape_inference.InferenceError) as why:
                    lines = str(why).strip().splitlines() or [type(why).__name__]
                    skipped.append({**about_one, "reason": lines[0][:200]})
                    continue
                file = folder / f"{len(models):05}.onnx"
                file.write_bytes(model.SerializeToString())
                models.append({"file": file.name, **about_one, "main": main_index(recipe)})
    (folder / "models.txt").write_text("".join(f"{(folder / m['file']).resolve()}\n" for m in models))
    (folder / "corpus.json").write_text(json.dumps({"onnx": onnx.__version__, "models": models, "skipped": skipped}, indent=1))
    print(f"{len(models)} models of {len(by_name)} operators, {len(skipped)} skipped")


if __name__ == "__main__":
    main()
