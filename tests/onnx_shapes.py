#!/usr/bin/env python3
"""What onnx.shape_inference (with data propagation) knows of the tensors of a model's top level.

    onnx_shapes.py MODEL STRIPPED

Writes MODEL without any declared type but those of its inputs to STRIPPED, and prints as JSON what the onnx package infers
for it: {tensor: {"dtype": number, "dims": [size, name or null] or null}}.
"""
import json
import sys

import onnx

model = onnx.load(sys.argv[1])


def strip(graph: onnx.GraphProto, outputs: bool) -> None:
    del graph.value_info[:]
    for output in graph.output if outputs else []:
        output.ClearField("type")
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                strip(attribute.g, True)


strip(model.graph, True)
onnx.save(model, sys.argv[2])
inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
known = {}
for info in [*inferred.graph.value_info, *inferred.graph.output]:
    if not info.type.HasField("tensor_type"):
        continue
    tensor = info.type.tensor_type
    dims = None
    if tensor.HasField("shape"):
        dims = [d.dim_value if d.HasField("dim_value") else d.dim_param or None for d in tensor.shape.dim]
    known[info.name] = {"dtype": tensor.elem_type, "dims": dims}
json.dump(known, sys.stdout)
