#!/usr/bin/env bash
# Frames that PyAV decodes from H.264 with B-frames in AVI come in the order in which they are shown, but their time
# stamps do not rise: AVI notes when a packet is to be decoded only, and each frame has the stamp of some packet. Sorted
# by time, or repeated to a constant rate, such a video stutters. In Matroska the same frames have stamps that rise.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 pillow==13.0.0
"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import sys

import av
from PIL import Image

folder = sys.argv[1]
print("PyAV", av.__version__, "libavformat", ".".join(map(str, av.library_versions["libavformat"])))


def stamps(kind):
    path = f"{folder}/video.{kind}"
    with av.open(path, "w") as out:
        video = out.add_stream("libx264", rate=25, options={"bf": "3", "x264-params": "b-adapt=0"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        for number in range(20):
            out.mux(video.encode(av.VideoFrame.from_image(Image.new("RGB", (64, 48), (number * 12,) * 3))))
        out.mux(video.encode(None))
    with av.open(path) as container:
        frames = [(frame.to_image().getpixel((9, 9))[0], frame.time) for frame in container.decode(video=0)]
    shades, times = zip(*frames)
    print(f"{kind}: pictures in order: {list(shades) == sorted(shades)}, stamps rise: {list(times) == sorted(times)}")
    print("   ", [round(time, 2) for time in times])
    return list(shades) == sorted(shades), list(times) == sorted(times)


found = stamps("avi"), stamps("mkv")
sys.exit(found != ((True, False), (True, True)))
PYTHON
