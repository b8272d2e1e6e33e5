#!/usr/bin/env bash
# A number that is grouped with spaces keeps its order in Hebrew and Arabic only where the space is a no-break space
# (U+00A0, U+202F: class CS, which joins numbers). With a plain, thin or figure space the groups change places:
# “1 250” is then read as “250 1”, and a telephone number from its end. Typesetters' thin space is one of the wrong ones.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-bidi==0.6.7

"$folder/venv/bin/python" - <<'PYTHON'
import sys
import unicodedata
from importlib.metadata import version

from bidi import get_display

print("python-bidi", version("python-bidi"), "Unicode of Python", unicodedata.unidata_version)
kept = {"NO-BREAK SPACE": True, "NARROW NO-BREAK SPACE": True, "SPACE": False, "THIN SPACE": False, "FIGURE SPACE": False}
wrong = False
for word in ("שלום", "مرحبا"):
    for name, is_kept in kept.items():
        space = unicodedata.lookup(name)
        shown = get_display(f"{word} 1{space}250", base_dir="R")
        found = "".join(one for one in shown if one.isdigit())
        print(f"{name:22} class {unicodedata.bidirectional(space):3} digits from the left: {found}")
        wrong |= (found == "1250") != is_kept
sys.exit(wrong)
PYTHON
