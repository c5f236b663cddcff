"""Writes op_types.tsv: which inputs and outputs of ONNX's operators may be float16 or bfloat16.

One line per operator and version: name, the opset that introduced it, inputs, outputs, type variables. An input or output
is the name of its type variable, or `-` where it can never be float32 or has a fixed type; `*` after the last one means
that it repeats. A variable lists what else it may be besides float32: `h` float16, `b` bfloat16.
Source: the schemas of the onnx package (onnx.defs); run it with `python op_types.py op_types.tsv`.
"""

import sys

import onnx


def main(out: str) -> None:
    lines = set()
    for schema in onnx.defs.get_all_schemas_with_history():
        if schema.domain not in ("", "ai.onnx") or schema.deprecated:
            continue
        variables = {}
        for constraint in schema.type_constraints:
            allowed = set(constraint.allowed_type_strs)
            if "tensor(float)" in allowed:
                name = constraint.type_param_str
                variables[name] = ("h" if "tensor(float16)" in allowed else "") + (
                    "b" if "tensor(bfloat16)" in allowed else ""
                )

        def listed(formals):
            names = [f.type_str if f.type_str in variables else "-" for f in formals]
            if formals and formals[-1].option == onnx.defs.OpSchema.FormalParameterOption.Variadic:
                # A heterogeneous variadic (Loop's) gives each its own type.
                names[-1] = ("-" if not formals[-1].is_homogeneous else names[-1]) + "*"
            return ",".join(names) or "."

        if not variables:
            continue
        types = ",".join(f"{name}={types}" for name, types in variables.items())
        lines.add((schema.name, schema.since_version, listed(schema.inputs), listed(schema.outputs), types))
    with open(out, "w") as file:
        file.write(f"# Written by op_types.py from onnx {onnx.__version__}.\n")
        for line in sorted(lines):
            file.write("\t".join(str(part) for part in line) + "\n")


main(sys.argv[1])
