#!/usr/bin/env bash
# ReportLab takes the narrow no-break space (U+202F) and the figure space for ordinary spaces: a paragraph is broken there,
# and a common space is drawn. Both forbid a break (UAX #14, class GL), and French typography asks for the first within
# numbers and before “;”, “!” and “?”: of “10 000 habitants” one line ends with “10”. Only U+00A0 and U+2060 hold.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check reportlab==5.1.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import unicodedata

import reportlab
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph

print("reportlab", reportlab.Version)
style = ParagraphStyle("plain", fontName="Helvetica", fontSize=10)
kept = {"NO-BREAK SPACE": True, "WORD JOINER": True, "NARROW NO-BREAK SPACE": False, "FIGURE SPACE": False, "SPACE": False}
seen = {}
for name in kept:
    paragraph = Paragraph(f"La population de la commune est de 10{unicodedata.lookup(name)}000 habitants", style)
    paragraph.wrap(175, 1000)
    lines = [" ".join(words) for _room, words in paragraph.blPara.lines]
    seen[name] = not lines[0].endswith("10")
    print(f"{name:22}", lines)
sys.exit(seen != kept)
PYTHON
