#!/usr/bin/env python3
"""Pictures of words for the text recogniser PP-OCRv6 rec, as its own pre-processing makes them: 48 high, (x / 255 - 0.5) / 0.5.

    text_lines.py FONT.ttf... -o lines.npz [--count 64] [--width 320] [--seed 0]

Words are drawn in the given fonts with random sizes, contrasts, slight turns and noise. Needs numpy and Pillow.
"""

import argparse

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SYLLABLES = "an be co der en fi gra ho in ka lo mi nor os pre qua ri sta tu ver wa xi yo za 12 7 305 48 A B.C E-4 Tr".split()


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("fonts", nargs="+")
    p.add_argument("-o", required=True)
    p.add_argument("--count", type=int, default=64)
    p.add_argument("--width", type=int, default=320)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    r = np.random.default_rng(a.seed)
    out = []
    for _ in range(a.count):
        font = ImageFont.truetype(a.fonts[r.integers(len(a.fonts))], int(r.integers(22, 38)))
        text = " ".join("".join(r.choice(SYLLABLES, r.integers(1, 4))) for _ in range(r.integers(1, 5)))
        dark, light = int(r.integers(0, 90)), int(r.integers(150, 256))
        if r.random() < 0.3:
            dark, light = light, dark
        image = Image.new("L", (a.width, 48), light)
        ImageDraw.Draw(image).text((int(r.integers(2, 20)), int(r.integers(0, 10))), text, fill=dark, font=font)
        image = image.rotate(float(r.uniform(-2, 2)), fillcolor=light)
        x = np.asarray(image, np.float32) + r.normal(0, r.uniform(0, 12), (48, a.width))
        out.append(np.repeat(((np.clip(x, 0, 255) / 255 - 0.5) / 0.5)[None], 3, 0))
    np.savez(a.o, x=np.asarray(out, np.float32))


if __name__ == "__main__":
    main()
