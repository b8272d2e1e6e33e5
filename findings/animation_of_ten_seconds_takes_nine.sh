#!/usr/bin/env bash
# An animation in Lottie's format of 30 frames a second and ten seconds, saved by rlottie_python as an animated picture, takes
# nine seconds as GIF, and 9.9 as WebP or APNG: it cuts the time of a frame to whole milliseconds, and Pillow cuts it to
# hundredths of a second for GIF. With 25 frames a second all are right, and nothing says that others are not. And it
# counts one frame more than there is: “op” is the first frame number that is not shown any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check rlottie-python==1.3.8 pillow==13.0.0
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import json
import sys
from importlib.metadata import version

import PIL
from PIL import Image
from rlottie_python import LottieAnimation

print("rlottie-python", version("rlottie-python"), "Pillow", PIL.__version__)


def fixed(value):
    return {"a": 0, "k": value}


def animation(rate, frames):
    first = {"t": 0, "s": [0, 20, 0], "i": {"x": 1, "y": 1}, "o": {"x": 0, "y": 0}}
    place = {"a": 1, "k": [first, {"t": frames, "s": [180, 20, 0]}]}
    shown = {"ip": 0, "op": frames}
    still = {"o": fixed(100), "r": fixed(0), "a": fixed([0, 0]), "s": fixed([100, 100])}
    square = {"ty": "rc", "d": 1, "s": fixed([20, 20]), "p": fixed([10, 0]), "r": fixed(0)}
    paint = {"ty": "fl", "c": fixed([1, 0, 0, 1]), "o": fixed(100), "r": 1}
    group = {"ty": "gr", "it": [square, paint, {"ty": "tr", "p": fixed([0, 0]), **still}]}
    layer = {"ddd": 0, "ind": 1, "ty": 4, "sr": 1, "ks": {**still, "p": place}, "shapes": [group], "st": 0, "bm": 0, **shown}
    whole = {"v": "5.5.7", "fr": rate, "w": 200, "h": 40, "assets": [], "layers": [layer], **shown}
    return LottieAnimation.from_data(json.dumps(whole))


def length(path):
    total = 0
    with Image.open(path) as image:
        for number in range(image.n_frames):
            image.seek(number)
            image.load()
            total += image.info["duration"]
    return round(total / 1000, 2)


seen = {}
for rate, frames in ((25, 250), (30, 300)):
    moving = animation(rate, frames)
    lengths = []
    for kind in ("gif", "webp", "png"):
        path = f"{sys.argv[1]}/a.{kind}"
        moving.save_animation(path)
        lengths.append(length(path))
    more = moving.lottie_animation_get_totalframe() - frames
    seen[rate] = more, round(moving.lottie_animation_get_duration(), 2), *lengths
    print(f"{frames} frames, {rate} a second: {seen[rate][0]} frame more, {seen[rate][1]} s, as GIF, WebP, PNG {lengths} s")
sys.exit(seen != {25: (1, 10.0, 10.0, 10.0, 10.0), 30: (1, 10.0, 9.0, 9.9, 9.9)})
PYTHON
