#!/usr/bin/env bash
# Pillow opens a PNG or TIFF file of 16 bits per pixel as “I;16”, and convert() to L or RGB cuts its values off at 255
# instead of dividing them: what is brighter than 0.4 % is white, without a word. A scanned plan is an empty sheet, whereas
# 16 bits per channel in colour are scaled as expected. Dividing by 257 first keeps the picture.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import io
import struct
import sys
import zlib

import PIL
from PIL import Image

VALUES = (0, 128, 257, 10_000, 30_000, 65_535)


def png(channels):
    """One row of 16 bits per channel (PNG, third edition, 11.2.1): colour type 0 is grey, 2 is red, green and blue."""
    row = b"\0" + b"".join(struct.pack(">H", value) * channels for value in VALUES)
    header = struct.pack(">IIBBBBB", len(VALUES), 1, 16, 0 if channels == 1 else 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(row)), (b"IEND", b""))
    packed = (struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts)
    return Image.open(io.BytesIO(b"\x89PNG\r\n\x1a\n" + b"".join(packed)))


def shades(image):
    return [image.convert("L").getpixel((x, 0)) for x in range(len(VALUES))]


grey, colour = png(1), png(3)
scaled = grey.convert("F").point(lambda value: value * (1 / 257) + 0)
print("Pillow", PIL.__version__, "\nvalues of 16 bits:", VALUES)
print(f"grey, opened as {grey.mode}:", shades(grey), "by convert('RGB'):", [grey.convert("RGB").getpixel((x, 0))[0] for x in range(6)])
print(f"colour, opened as {colour.mode}:", shades(colour), "\ngrey, divided first:", shades(scaled))
right = [0, 0, 1, 39, 117, 255]
cut = [0, 128, 255, 255, 255, 255]
close = all(abs(a - b) <= 1 for seen in (shades(colour), shades(scaled)) for a, b in zip(seen, right, strict=True))
sys.exit(not (shades(grey) == cut and close))
PYTHON
