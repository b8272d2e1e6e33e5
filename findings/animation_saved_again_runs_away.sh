#!/usr/bin/env bash
# Pillow keeps the instants of an animated picture when it is saved in another format, or forgets them, by the format that
# is written: GIF and PNG take the time of each frame from the picture, WebP shows every frame for 100 ms and AVIF for
# 1 ms, though info["duration"] was there. And a WebP written as PNG loses the time of its first frame only: WebP and AVIF
# know the time of a frame once it has been decoded, not after seek() as GIF and PNG do. Handed over as duration=[…],
# collected after load(), all is right, if it is made whole numbers: those of PNG are not, and AVIF raises a TypeError.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys

import PIL
from PIL import Image

TIMES = [100, 500, 2000]
FORMATS = ("GIF", "PNG", "WEBP", "AVIF")
frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "lime", "blue")]
print("Pillow", PIL.__version__, "- times of the frames:", TIMES)


def saved(image, kind, **more):
    out = io.BytesIO()
    image.save(out, kind, save_all=True, **more)
    out.seek(0)
    return Image.open(out)


def times(image, decoded=True):
    found = []
    for number in range(image.n_frames):
        image.seek(number)
        if decoded:
            image.load()
        found.append(image.info.get("duration"))
    return found


def original(kind):
    return saved(frames[0], kind, append_images=frames[1:], duration=TIMES)


right, early, seen = [], {}, {}
for kind in FORMATS:
    right.append(times(original(kind)))
    early[kind] = times(original(kind), decoded=False)
    print(f"{kind}: after load {right[-1]}, after seek only {early[kind]}")
    for other in FORMATS:
        seen[kind, other] = times(saved(original(kind), other))
    right.append(times(saved(original(kind), "AVIF", duration=[int(each) for each in times(original(kind))])))
    print("    saved again as", {other: seen[kind, other] for other in FORMATS})
expected = {(kind, other): TIMES for kind in FORMATS for other in ("GIF", "PNG")}
expected |= {(kind, "WEBP"): [100] * 3 for kind in FORMATS} | {(kind, "AVIF"): [1] * 3 for kind in FORMATS}
expected["WEBP", "PNG"] = [0, 500, 2000]
late = dict.fromkeys(("WEBP", "AVIF"), [None] * 3) | dict.fromkeys(("GIF", "PNG"), TIMES)
sys.exit(not (seen == expected and early == late and all(each == TIMES for each in right)))
PYTHON
