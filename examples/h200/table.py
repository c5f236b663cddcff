#!/usr/bin/env python3
"""The table of README.md: `table.py [--program enginesmith] [--models NAME...] [--batches N...] [--output FILE]`.

One `enginesmith compare` per model and batch size on the recipes beside this file, engines built for exactly that batch.
`export.py` and `enginesmith runner python` have to have run before.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
TITLES = {"resnet50": "ResNet-50", "bert": "BERT-base, 128 tokens", "detector": "RetinaNet, 640 x 640"}
INPUTS = {
    "resnet50": {"image": "3x224x224"},
    "bert": {"input_ids": "128", "attention_mask": "128"},
    "detector": {"image": "3x640x640"},
}


def compare(args, model: str, batch: int) -> dict | None:
    command = [args.program, "compare", str(HERE / f"{model}.toml"), "--json", *args.rest]
    for name, rest in INPUTS[model].items():
        for option in ("--shape", "--min", "--opt", "--max"):
            command += [option, f"{name}:{batch}x{rest}"]
    done = subprocess.run(command, capture_output=True, text=True)
    try:
        return json.JSONDecoder().raw_decode(done.stdout)[0]
    except json.JSONDecodeError:
        print(f"{model}, batch {batch}: {done.stderr[-2000:]}", file=sys.stderr)
        return None


def number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def effective(variant: dict) -> str:
    found = variant.get("effective_precision")
    if not found:
        return ""
    parts = [(t.get("mac_share", t["layer_share"]) or 0, t["dtype"].upper()) for t in found["types"]]
    if parts[0][0] > 0.9995:
        return parts[0][1]
    return ", ".join(f"{share * 100:.3g} % {name}" for share, name in parts if share >= 0.0005)


def rows(model: str, batch: int, result: dict):
    for variant in result["variants"]:
        name = variant["name"]
        if variant.get("error"):
            yield f"| {TITLES[model]} | {batch} | {name} | {str(variant['error']).splitlines()[0][:160]} | | | | | | |"
            continue
        statistics = variant["statistics"]
        median = statistics["latency_ms"]["median"]
        ratio, resources = variant.get("ratio"), variant.get("resources") or {}
        peak = (resources.get("device") or {}).get("peak")
        speed = f"{ratio['speedup']:.2f} ({ratio['low']:.2f} to {ratio['high']:.2f})" if ratio else "1"
        yield (
            f"| {TITLES[model]} | {batch} | {name} | {median:.4g} | {batch / median * 1e3:,.0f} | {speed} | {effective(variant)} "
            f"| {number(resources.get('load_s'))} | {number(resources.get('first_inference_s'))} "
            f"| {'' if peak is None else f'{peak / 2**20:,.0f}'} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="enginesmith")
    parser.add_argument("--models", nargs="+", default=list(TITLES))
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--output", type=Path)
    args, args.rest = parser.parse_known_args()
    lines = [
        "| model | batch | variant | median ms | images/s | times PyTorch eager FP32 (95 % interval) | computes in | load s "
        "| first inference s | GPU memory MiB |",
        "|---|---:|---|---:|---:|---|---|---:|---:|---:|",
    ]
    environments = {}
    for model in args.models:
        for batch in args.batches:
            result = compare(args, model, batch)
            if result is None:
                continue
            for variant in result["variants"]:
                environment = variant.get("environment") or {}
                environments[environment.get("runtime", "")] = environment
            lines += rows(model, batch, result)
            if args.output:
                args.output.write_text("\n".join(lines) + "\n")
            print("\n".join(lines[-len(result["variants"]) :]), flush=True)
    print(json.dumps(environments, indent=1))


if __name__ == "__main__":
    main()
