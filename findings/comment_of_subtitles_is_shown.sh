#!/usr/bin/env bash
# pysubs2 shows people what only the editors of subtitles should read, and hides what people should: a comment of a WebVTT
# file (NOTE, W3C WebVTT 4.1) becomes the last lines of the subtitle before it, and is on the screen with it, also when the
# file is saved as SubRip; “&lt;” goes there as it is, though that format knows no such names. And what a SubRip file has
# in braces is taken for an instruction of another format, and is gone. webvtt-py leaves the comment out.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pysubs2==1.8.1 webvtt-py==0.6.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

import pysubs2
import webvtt

print("pysubs2", pysubs2.VERSION, "webvtt-py", version("webvtt-py"))
FILE = """WEBVTT

00:01.000 --> 00:02.500
Water &lt; 4 m, and rising

NOTE do not say that the dyke has gone

00:03.000 --> 00:04.000
Stay upstairs
"""
SUBRIP = "1\n00:00:01,000 --> 00:00:02,000\nThe level {in metres} is 3\n"
read = pysubs2.SSAFile.from_string(FILE)
written = read.to_string("srt")
print("of the WebVTT file pysubs2 has", [line.plaintext for line in read])
print("and writes as SubRip:", written, sep="\n")
others = [caption.text for caption in webvtt.from_string(FILE)]
print("webvtt-py has", others)
braces = pysubs2.SSAFile.from_string(SUBRIP).to_string("vtt")
print("of the SubRip file pysubs2 writes:", braces, sep="\n")
shown = "Water &lt; 4 m, and rising\nNOTE do not say that the dyke has gone\n" in written
sys.exit(not (shown and others[0] == "Water &lt; 4 m, and rising" and "in metres" not in braces and "The level" in braces))
PYTHON
