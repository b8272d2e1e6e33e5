#!/usr/bin/env bash
# pygame.transform.rotozoom() is the smooth rotate() by its documentation. With scale 1 it is not the same picture turned:
# by 90 degrees all is one row further down, the last row of the picture is lost and a black one is in its place, by 180
# degrees it is two pixels wider and higher, and by 0 degrees each pixel is mixed with its neighbour. A portrait screen
# turned by it has a seam. rotate() keeps every pixel.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pygame-ce==2.5.8
PYGAME_HIDE_SUPPORT_PROMPT=1 "$folder/venv/bin/python" - <<'PYTHON'
import sys

import pygame

WIDTH, HEIGHT = 6, 4
picture = pygame.Surface((WIDTH, HEIGHT), depth=32)
for x in range(WIDTH):
    for y in range(HEIGHT):
        picture.set_at((x, y), (40 + 40 * x, 40 + 40 * y, 0))


def rows(surface):
    return [[tuple(surface.get_at((x, y)))[:2] for x in range(surface.get_width())] for y in range(surface.get_height())]


print("pygame-ce", pygame.version.ver, "SDL", ".".join(map(str, pygame.get_sdl_version())))
turned = {angle: (pygame.transform.rotate(picture, angle), pygame.transform.rotozoom(picture, angle, 1)) for angle in (0, 90, 180)}
for angle, (plain, smooth) in turned.items():
    print(f"{angle} degrees: rotate {plain.get_size()}, rotozoom {smooth.get_size()}, the same: {rows(plain) == rows(smooth)}")
plain, smooth = (rows(each) for each in turned[90])
print("rotate by 90, first and last row:  ", plain[0], plain[-1], "\nrotozoom by 90, first and last row:", smooth[0], smooth[-1])
moved = smooth[0] == [(0, 0)] * HEIGHT and smooth[1:] == plain[:-1]
sizes = [each.get_size() for _plain, each in turned.values()]
mixed = rows(turned[0][1]) != rows(picture) == rows(turned[0][0])
sys.exit(not (moved and mixed and sizes == [(6, 4), (4, 6), (8, 6)]))
PYTHON
