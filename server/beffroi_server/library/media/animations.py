"""Animated images: GIF, APNG, WebP and AVIF, as pictures with the time for which each is shown."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

from PIL import Image

from beffroi_server.library.media.video_sources import MAX_DURATION_S, MAX_PIXELS

MAX_FRAMES = 20_000
DURATIONS_BUDGET_S = 10.0
"""Seconds of processor time to find how long an animation is; the rest of it is taken to go on alike."""
_DEFAULT_DURATION_MS = 100.0
_UNREADABLE_DURATION_MS = 10.0
"""Pictures that are shown for no longer than this are shown for the default time, as in every browser."""


def fits_video(image: Image.Image) -> bool:
    """Return whether an animation is small enough to become a video."""
    return image.width * image.height <= MAX_PIXELS


def frame_durations_ms(image: Image.Image) -> list[float]:
    """Return for how many milliseconds each picture of an animation is shown; at most as many as a video may last."""
    count = int(getattr(image, "n_frames", 1))
    found: list[float] = []
    began, total = time.process_time(), 0.0
    for number in _picture_numbers(image, count):
        image.seek(number)
        image.load()
        found.append(_duration_ms(image))
        total += found[-1]
        if total > MAX_DURATION_S * 1000:
            break
        if time.process_time() - began > DURATIONS_BUDGET_S:
            found += [total / len(found)] * (count - len(found))
            break
    return found


def frames(image: Image.Image) -> Iterator[tuple[Image.Image, float]]:
    """Yield the pictures of an animation on white, each with the milliseconds for which it is shown."""
    at = 0.0
    for number in _picture_numbers(image, int(getattr(image, "n_frames", 1))):
        image.seek(number)
        # The time is known once the picture has been decoded.
        image.load()
        duration = _duration_ms(image)
        yield _on_white(image), duration
        at += duration
        if at > MAX_DURATION_S * 1000:
            return


def frame_rate(durations_ms: list[float]) -> Fraction:
    """Return the frame rate of a video, 25 or 30, at which the pictures change nearest to their instants."""

    def error(rate: int) -> float:
        at, total = 0.0, 0.0
        for duration in durations_ms:
            at += duration * rate / 1000
            total += abs(at - round(at)) / rate
        return total

    return Fraction(min((30, 25), key=error))


def _picture_numbers(image: Image.Image, count: int) -> range:
    # The first picture of such a PNG is for programs that know no animations.
    first = 1 if getattr(image, "default_image", False) else 0
    return range(first, min(count, MAX_FRAMES))


def _duration_ms(image: Image.Image) -> float:
    duration = float(image.info.get("duration") or 0)
    return duration if duration > _UNREADABLE_DURATION_MS else _DEFAULT_DURATION_MS


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, (255, 255, 255, 255))
    return Image.alpha_composite(ground, image.convert("RGBA")).convert("RGB")
