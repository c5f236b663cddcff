#!/usr/bin/env python3
"""Pictures of words for the text models of PP-OCR, as their own pre-processing makes them.

    text_lines.py [FONT.ttf...] -o lines.npz [--count 64] [--width 320] [--seed 0]

Writes single lines, 48 high, (x / 255 - 0.5) / 0.5: what the recogniser PP-OCRv6 rec takes. `line` and `page` draw one sample
for other scripts. Words are drawn in the given fonts (without any, in the one that comes with Pillow) with random sizes,
contrasts, slight turns and noise. Needs numpy and Pillow.
"""

import argparse

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SYLLABLES = "an be co der en fi gra ho in ka lo mi nor os pre qua ri sta tu ver wa xi yo za 12 7 305 48 A B.C E-4 Tr".split()
# What the detector's pre-processing takes off and divides by, per channel (ImageNet's figures).
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def font(r, fonts: list, size: int):
    return ImageFont.truetype(fonts[r.integers(len(fonts))], size) if fonts else ImageFont.load_default(size)


def words(r, count: int) -> str:
    return " ".join("".join(r.choice(SYLLABLES, r.integers(1, 4))) for _ in range(count))


def shades(r) -> tuple[int, int]:
    """Of the letters and of what is behind them."""
    dark, light = int(r.integers(0, 90)), int(r.integers(150, 256))
    return (light, dark) if r.random() < 0.3 else (dark, light)


def line(r, fonts: list, width: int = 320, is_turned: bool = False):
    """One line of text, float32 `[3, 48, width]`; upside down if asked."""
    face = font(r, fonts, int(r.integers(22, 38)))
    text = words(r, int(r.integers(1, 5)))
    ink, paper = shades(r)
    image = Image.new("L", (width, 48), paper)
    ImageDraw.Draw(image).text((int(r.integers(2, 20)), int(r.integers(0, 10))), text, fill=ink, font=face)
    image = image.rotate(float(r.uniform(-2, 2)) + (180 if is_turned else 0), fillcolor=paper)
    x = np.asarray(image, np.float32) + r.normal(0, r.uniform(0, 12), (48, width))
    return np.repeat(((np.clip(x, 0, 255) / 255 - 0.5) / 0.5)[None], 3, 0).astype(np.float32)


def page(r, fonts: list, size: int = 320):
    """A page with some blocks of text on coloured ground, float32 `[3, size, size]`."""
    ink, paper = shades(r)
    tint = r.uniform(0.7, 1.0, 3)
    image = Image.new("L", (size, size), paper)
    draw = ImageDraw.Draw(image)
    y = int(r.integers(4, 30))
    while y < size - 20:
        height = int(r.integers(12, 34))
        draw.text((int(r.integers(2, size // 2)), y), words(r, int(r.integers(1, 5))), fill=ink, font=font(r, fonts, height))
        y += height + int(r.integers(4, 40))
    image = image.rotate(float(r.uniform(-8, 8)), fillcolor=paper)
    x = np.asarray(image, np.float32)[None] * tint[:, None, None] + r.normal(0, r.uniform(0, 12), (3, size, size))
    mean, deviation = (np.array(v)[:, None, None] for v in (MEAN, DEVIATION))
    return ((np.clip(x, 0, 255) / 255 - mean) / deviation).astype(np.float32)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("fonts", nargs="*")
    p.add_argument("-o", required=True)
    p.add_argument("--count", type=int, default=64)
    p.add_argument("--width", type=int, default=320)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    r = np.random.default_rng(a.seed)
    np.savez(a.o, x=np.stack([line(r, a.fonts, a.width) for _ in range(a.count)]))


if __name__ == "__main__":
    main()
