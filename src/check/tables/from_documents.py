#!/usr/bin/env python3
"""Writes tensorrt_operators.tsv from NVIDIA's operator list.

    from_documents.py operators.md Changelog.md > tensorrt_operators.tsv

Both files are in the docs/ folder of the onnx-tensorrt repository, for TensorRT 10.15. One row per operator; one column
per target and major version. A cell is `yes`, `no`, or the version that first has it (`10.5`). The `#column` lines say
where a column comes from, how far it can be trusted (`documented` or `tested`) and which opsets it covers.
TensorRT-RTX has a table of its own, made by asking its parser: corpus/.
"""
import re
import sys

TYPES = {
    "FP32": "float32", "FP16": "float16", "BF16": "bfloat16", "INT32": "int32", "INT64": "int64", "INF64": "int64",
    "INT8": "int8", "UINT8": "uint8", "INT4": "int4", "BOOL": "bool", "FP8": "float8e4m3fn", "FP4": "float4e2m1",
}
document = open(sys.argv[1], encoding="utf-8").read()
changes = open(sys.argv[2], encoding="utf-8").read()
version, low, high = re.search(
    r"TensorRT ([\d.]+) supports operators in the inclusive range of opset (\d+) to opset (\d+)", document
).groups()

since = {}
release = None
for line in changes.splitlines():
    if heading := re.match(r"#+ TensorRT (10\.\d+) GA", line):
        release = heading[1]
    elif line.startswith("#"):
        release = None
    elif release and release != "10.0" and line.startswith("- Added support for"):
        for name in re.findall(r"`(\w+)`", line):
            since[name] = release

print("# Which ONNX operators NVIDIA's parsers take. Made by from_documents.py; do not edit.")
source = f"onnx-tensorrt docs/operators.md and docs/Changelog.md, TensorRT {version}"
print(f"#column\ttensorrt@10\tdocumented\t{low}\t{high}\t{source}")
print(f"#column\ttensorrt@11\tdocumented\t{low}\t25\t{source}; opsets: NVIDIA TensorRT 11 documentation, ONNX Opset Guide")
print("op\ttensorrt@10\ttensorrt@11\ttypes\tnote")
rows = []
for line in document.splitlines():
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
    if not re.fullmatch(r"\w+", cells[0] or "-") or len(cells) < 2 or cells[1][:1] not in ("Y", "N"):
        continue
    op, yes = cells[0], cells[1].startswith("Y")
    types = [TYPES[t] for t in re.findall(r"[A-Z]+\d*", cells[2] if yes and len(cells) > 2 else "")]
    note = (cells[3] if yes else cells[2]) if len(cells) > (3 if yes else 2) else ""
    note = re.sub(r"\s+", " ", note.replace("<br />", " ").replace("`", "")).strip()
    rows.append((op, since.get(op, "yes") if yes else "no", "yes" if yes else "no", ",".join(types), note))
for row in sorted(rows):
    print("\t".join(row))
