"""Texts that people see: not empty, and not of characters without ink only, such as zero-width spaces."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from beffroi_content.raster.text.characters import is_blank


def validate_visible(text: str) -> None:
    """Refuse a text of which nothing can be seen.

    Raises:
        ValidationError: it is one.
    """
    if is_blank(text):
        raise ValidationError(_("This contains no visible characters."), code="blank")
