#!/usr/bin/env python3
"""ONNX Runtime as the reference of the tests, and the node tests of the onnx package as files.

    reference.py run MODEL INPUTS.npz OUTPUTS.npz [--tensor NAME]...
        Runs the model once on the CPU. INPUTS has one array per input, named like it; OUTPUTS gets one array per output,
        and one per inner tensor asked for.

    reference.py node-cases FOLDER [--op TYPE]...
        Writes FOLDER/NAME/{model.onnx, inputs.npz, outputs.npz} for each node test of the onnx package whose inputs and
        outputs are plain tensors, and FOLDER/cases.json: [{name, op_types, opset, rtol, atol}], in the order of names.

In every npz the member `NAME.npy` holds tensor NAME, whatever characters the name has.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime from PyPI queues telemetry otherwise

import argparse
import json
import warnings
import zipfile
from pathlib import Path

import numpy as np
import onnx


def write_npz(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Like numpy.savez, which cannot store a tensor called `file`."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            # A fixed date, as numpy has it: the same arrays give the same bytes.
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(array, order="C"), allow_pickle=False)


def run(model: Path, inputs: Path, outputs: Path, tensors: list[str]) -> None:
    import onnxruntime

    source: str | bytes = str(model)
    if tensors:
        proto = onnx.load(model)
        present = {output.name for output in proto.graph.output}
        # ONNX Runtime finds the types itself.
        proto.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors if name not in present)
        source = proto.SerializeToString()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    with np.load(inputs) as arrays:
        results = session.run(names, dict(arrays))
    for name, value in zip(names, results):
        if not isinstance(value, np.ndarray):
            raise SystemExit(f"{model}: output {name} is no tensor")
    write_npz(outputs, dict(zip(names, results)))


def node_cases(folder: Path, op_types: set[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tests overflow and divide by zero on purpose
        from onnx.backend.test.case.node import collect_testcases

        cases = sorted(collect_testcases(None), key=lambda case: case.name)
    written = []
    for case in cases:
        graph = case.model.graph
        types = {node.op_type for node in graph.node}
        if op_types and not types & op_types:
            continue
        inputs, outputs = case.data_sets[0]
        arrays = [plain(value) for value in [*inputs, *outputs]]
        if any(array is None for array in arrays) or len(inputs) != len(graph.input) or len(outputs) != len(graph.output):
            continue
        names = [value.name for value in [*graph.input, *graph.output]]
        place = folder / case.name
        place.mkdir(parents=True, exist_ok=True)
        (place / "model.onnx").write_bytes(case.model.SerializeToString())
        write_npz(place / "inputs.npz", dict(zip(names[: len(inputs)], arrays)))
        write_npz(place / "outputs.npz", dict(zip(names[len(inputs) :], arrays[len(inputs) :])))
        opset = next((o.version for o in case.model.opset_import if o.domain in ("", "ai.onnx")), None)
        written.append(
            {"name": case.name, "op_types": sorted(types), "opset": opset, "rtol": case.rtol, "atol": case.atol}
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cases.json").write_text(json.dumps(written, indent=1) + "\n")
    print(f"{len(written)} of {len(cases)} node tests")


def plain(value: object) -> np.ndarray | None:
    """The value as an array that every npz reader understands; None for sequences, optionals, strings, bfloat16 and such."""
    if isinstance(value, onnx.TensorProto):
        value = onnx.numpy_helper.to_array(value)
    if value is None or isinstance(value, list):
        return None
    array = np.asarray(value)
    known = array.dtype.kind in "biufc" and array.dtype.type.__module__ == "numpy"
    return array if known else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("run")
    command.add_argument("model", type=Path)
    command.add_argument("inputs", type=Path)
    command.add_argument("outputs", type=Path)
    command.add_argument("--tensor", action="append", default=[])
    command = commands.add_parser("node-cases")
    command.add_argument("folder", type=Path)
    command.add_argument("--op", action="append", default=[])
    arguments = parser.parse_args()
    if arguments.command == "run":
        run(arguments.model, arguments.inputs, arguments.outputs, arguments.tensor)
    else:
        node_cases(arguments.folder, set(arguments.op))


if __name__ == "__main__":
    main()
