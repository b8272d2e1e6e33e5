#!/usr/bin/env bash
# FFmpeg's filter `scale` takes seconds of processor time before its first frame as soon as primaries or transfer are to
# be changed (out_primaries, out_transfer), however small the frame is: it fits a table of the whole gamut to the screen.
# The filter `colorspace` changes primaries at once, and the next frames of `scale` are quick.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 pillow==13.0.0
"$folder/venv/bin/python" - <<'PYTHON'
import sys
import time
from fractions import Fraction

import av
from av.filter import Graph
from PIL import Image

print("PyAV", av.__version__, "libswscale", ".".join(map(str, av.library_versions["libswscale"])))


def seconds(name, options):
    graph, taken = Graph(), []
    for number in range(2):
        frame = av.VideoFrame.from_image(Image.new("RGB", (64, 48), (200, 90, 60))).reformat(format="yuv420p10le", dst_colorspace=1)
        frame.color_primaries, frame.color_trc, frame.pts, frame.time_base = 12, 1, number, Fraction(1, 25)
        if number == 0:
            source = graph.add_buffer(width=64, height=48, format=frame.format, time_base=Fraction(1, 25))
            graph.link_nodes(source, graph.add(name, options), graph.add("buffersink")).configure()
        begin = time.process_time()
        graph.push(frame)
        graph.pull()
        taken.append(time.process_time() - begin)
    print(f"{name} {options}: first frame {taken[0]:.3f} s, second {taken[1]:.4f} s of processor time, 64 x 48 pixels")
    return taken


slow = seconds("scale", "64:48:out_primaries=bt709:out_transfer=bt709")
quick = seconds("colorspace", "all=bt709:iprimaries=smpte432:itrc=bt709:ispace=bt709:irange=tv")
sys.exit(not (slow[0] > 0.5 and slow[0] > 20 * slow[1] and quick[0] < 0.1))
PYTHON
