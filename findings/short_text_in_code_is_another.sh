#!/usr/bin/env bash
# segno.make(…, eci=True) is meant to name the encoding within the code, so that every reader shows the accents. A short
# text becomes a Micro QR code all the same, which has no place for such a name (ISO/IEC 18004 has ECI in QR codes only),
# and its bits are written nevertheless: what a reader finds there is quite another text, and nothing tells of it. From
# some 15 characters on, or with make_qr(), which makes no Micro QR codes, the text is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check segno==1.6.6 zxing-cpp==3.1.1 pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import io
import sys
from importlib.metadata import version

import segno
import zxingcpp
from PIL import Image

print("segno", segno.__version__, "zxing-cpp", version("zxing-cpp"))


def read(code):
    out = io.BytesIO()
    code.save(out, kind="png", scale=6)
    (found,) = zxingcpp.read_barcodes(Image.open(out).convert("L"))
    return found.text


seen = {}
for text in ("12 €", "Ça va", "Salle des fêtes – 18 h"):
    kinds = {
        "make": segno.make(text, encoding="utf-8"),
        "make, eci": segno.make(text, encoding="utf-8", eci=True),
        "make_qr, eci": segno.make_qr(text, encoding="utf-8", eci=True),
    }
    for name, code in kinds.items():
        found = read(code)
        seen[text, name] = code.is_micro, found == text
        print(f"{text!r} by {name}: {code.designator} reads {found!r}")
long = "Salle des fêtes – 18 h"
expected = {key: (key[1] != "make_qr, eci" and key[0] != long, True) for key in seen}
expected |= {(text, "make, eci"): (True, False) for text in ("12 €", "Ça va")}
sys.exit(seen != expected)
PYTHON
