#!/usr/bin/env python3
"""Writes rtx_operators.tsv from what the real parsers answered about the corpus.

    tabulate.py corpus.json ANSWERS.jsonl... > rtx_operators.tsv

One file of answers per library, oldest first; README.md in this folder says how they are made and what the columns mean. Only
operators of ONNX's own domain have rows: the parser has no importer for any other (they are plugins).
"""
import json
import re
import sys

corpus = json.load(open(sys.argv[1], encoding="utf-8"))
libraries = [[json.loads(line) for line in open(name, encoding="utf-8")] for name in sys.argv[2:]]
for answers in libraries:
    if len(answers) != len(corpus["models"]):
        sys.exit(f"{len(answers)} answers to {len(corpus['models'])} models")
VERSIONS = [next(a["version"] for a in answers if "version" in a).split()[-1] for answers in libraries]
SHORT = [".".join(v.split(".")[:2]) for v in VERSIONS]
# A message about an input that is not constant, whatever made it; any other refusal of a computed input was seen only for an
# input of the model.
CONSTANT = re.compile(r"constant|is_weights|initializer", re.IGNORECASE)


def message(answer):
    """The parser's reason: its first line that says something."""
    if "crashed" in answer:
        return f"the library stopped: {answer['crashed']}"
    for error in answer.get("errors", []):
        for line in error["text"].splitlines():
            line = re.sub(r"\s+In \w+ at /_src.*|^Assertion failed: |^.*?Error Code \d+: ", "", line).strip()
            quoted = re.search(r'&& "(.*)"$', line)
            line = quoted[1] if quoted else line
            if line and line != "false" and not line.startswith(("Invalid Node", "In node")):
                return re.sub(r"\s+", " ", line).strip()[:160]
        if error["text"].strip() == "false":
            return "The parser knows the operator and refuses it."
    return answer.get("unreadable", "")


def support(taken):
    """`yes`, `no`, `1.6` (from that version on) or `..1.6` (before that version)."""
    if all(taken) or not any(taken):
        return "yes" if taken[0] else "no"
    first = taken.index(True)
    if all(taken[first:]):
        return SHORT[first]
    last = taken.index(False)
    if not any(taken[last:]):
        return f"..{SHORT[last]}"
    sys.exit(f"taken, refused and taken again: {taken}")


rows = {}
for index, model in enumerate(corpus["models"]):
    if model["domain"] == "":
        rows.setdefault(model["op"], []).append((model, [answers[index] for answers in libraries]))

opsets = [m["opset"] for entries in rows.values() for m, a in entries if a[-1]["supported"]]
source = (f"parsers of TensorRT-RTX {', '.join(VERSIONS)}, asked with {len(corpus['models'])} generated models of the "
          f"operators of onnx {corpus['onnx']}")
print("# Which ONNX operators TensorRT-RTX's parsers take. Made by corpus/tabulate.py; do not edit.")
print(f"#column\ttensorrt-rtx@1\ttested\t{min(opsets)}\t{max(opsets)}\t{source}")
print("op\ttensorrt-rtx@1\ttypes\tnote\topset\ttyped\trefused")
for op, entries in sorted(rows.items()):
    taken = [any(a[i]["supported"] for m, a in entries if not m["variant"]) for i in range(len(libraries))]
    # Where the newest version takes nothing, an older one that does tells about types.
    which = max((i for i, yes in enumerate(taken) if yes), default=len(libraries) - 1)
    plain = [(m, a[which]) for m, a in entries if not m["variant"]]
    fine = sorted({m["opset"] for m, a in plain if a["supported"]})
    notes, types, refused, first, typed = [], [], [], "", "-"
    if not any(taken) or which < len(libraries) - 1:
        notes.append(message(next(a[-1] for m, a in entries if not m["variant"])))
    if fine:
        every = sorted({m["opset"] for m, a in plain})
        # Everything older than the last version that is refused whole is not to be relied on.
        any_form = {m["opset"] for m, a in entries if a[which]["supported"]}
        # Later opsets are asked with the preferred type only. A version that takes something, but never that, has no gap there.
        preferred = {}
        for m, a in plain:
            preferred.setdefault(m["schema"], m["dtype"])
        takes = {m["schema"] for m, a in plain if a["supported"] and m["dtype"] == preferred[m["schema"]]}
        vague = {m["schema"] for m, a in entries if a[which]["supported"]} - takes
        unsure = {m["opset"] for m, a in plain if m["schema"] in vague}
        gaps = [o for o in every if o not in any_form | unsure and o < fine[-1]]
        first = min(o for o in {*fine, *unsure} if not gaps or o > gaps[-1])
        version = max(m["schema"] for m, a in plain if a["supported"])
        newest = [(m, a) for m, a in plain if m["schema"] == version]
        main = newest[0][0]["main"]
        if main > -2:
            typed = "out" if main == -1 else str(main)
            types = list(dict.fromkeys(m["dtype"] for m, a in reversed(plain) if a["supported"]))
        asked = {}
        for m, a in ((m, a[which]) for m, a in entries if m["variant"] and m["schema"] == version):
            # A type that is refused anyway says nothing about a variant.
            if not types or m["dtype"] in types:
                asked.setdefault(m["variant"], []).append((m["dtype"], a))
        for variant, answers in asked.items():
            bad = {dtype: message(a) for dtype, a in answers if not a["supported"]}
            if not bad:
                continue
            kind, _, what = variant.partition(":")
            words = next(iter(bad.values()))
            notes.append(f"{variant}: {words}")
            if kind in ("computed", "output", "rank"):
                kind = "input" if kind == "computed" and not CONSTANT.search(words) else kind
                some = "" if len(bad) == len(answers) else ":" + "/".join(bad)
                refused.append(f"{kind}:{what}{some}")
        if gaps:
            notes.append(f"opset {gaps[-1]}: {message(next(a for m, a in plain if m['opset'] == gaps[-1]))}")
    note = " | ".join(n for n in notes if n)
    print("\t".join([op, support(taken), ",".join(types), note, str(first), typed, ",".join(refused)]))
