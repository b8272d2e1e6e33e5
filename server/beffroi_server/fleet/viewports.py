"""Viewports: the parts of the drawn image and their places for a LED sending card, one on each line of a text."""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from beffroi_content import model as content

EXAMPLE_LINE = "0,0 640x96 > 0,0"
MAX_VIEWPORTS = 64
_LINE_PATTERN = re.compile(
    r"(?P<left>\d{1,4})\s*,\s*(?P<top>\d{1,4})\s+(?P<width>\d{1,4})\s*[x×]\s*(?P<height>\d{1,4})"
    r"\s*>\s*(?P<x>\d{1,4})\s*,\s*(?P<y>\d{1,4})"
    r"(?:\s*[*×](?P<scale>\d{1,2}))?(?:\s*@(?P<rotation>0|90|180|270))?"
)


def parse_viewports(text: str) -> tuple[content.Viewport, ...]:
    """Return the parts that a text names, such as ``0,0 640x96 > 0,100 *2 @90``.

    Raises:
        ValidationError: a line is none, or there are too many.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > MAX_VIEWPORTS:
        raise ValidationError(_("Up to %(most)d parts."), params={"most": MAX_VIEWPORTS})
    return tuple(_parse_viewport(line) for line in lines)


def validate_viewports(text: str) -> None:
    """Refuse a text that names no parts.

    Raises:
        ValidationError: see :func:`parse_viewports`.
    """
    parse_viewports(text)


def _parse_viewport(line: str) -> content.Viewport:
    found = _LINE_PATTERN.fullmatch(line)
    try:
        if found is None:
            raise ValueError(line)
        left, top, width, height, x, y = (int(found[name]) for name in ("left", "top", "width", "height", "x", "y"))
        return content.Viewport(
            source=content.Rectangle(x=left, y=top, width=width, height=height),
            x=x, y=y, scale=int(found["scale"] or 1), rotation=int(found["rotation"] or 0),
        )  # fmt: skip
    except ValueError as error:
        raise ValidationError(
            _(
                "“%(line)s” is not a valid part. Write it like %(example)s, with *2 for double size and @90 for "
                "rotated."
            ),
            params={"line": line[:60], "example": EXAMPLE_LINE},
        ) from error
