"""Base classes of the models, and the small types that they share.

Units: an instant is an integer of milliseconds since the Unix epoch and its name ends in ``_ms`` or
``_at_ms``; a duration is an integer of milliseconds; a length in pixels is an integer without suffix;
a physical length is an integer of millimetres and its name ends in ``_mm``.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

IDENTIFIER_PATTERN = r"^[a-z0-9][a-z0-9-]{0,62}$"

Identifier = Annotated[str, StringConstraints(pattern=IDENTIFIER_PATTERN)]
"""Lower-case letters, digits and dashes, 63 at most: safe in a topic, a path and a URL."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 digest in hexadecimal."""

Instant = Annotated[int, Field(ge=0, le=253_402_300_799_999)]
"""Milliseconds since the Unix epoch, up to the end of the year 9999."""

MAX_WHOLE_NUMBER = 2**53 - 1
"""The largest number that every reader of JSON takes in exactly; database columns hold it too."""

WholeNumber = Annotated[int, Field(ge=0, le=MAX_WHOLE_NUMBER)]
"""A count, sequence or length of time without a smaller limit of its own."""

Measurement = Annotated[float, Field(ge=-1e9, le=1e9)]
"""A measured value without smaller limits of its own."""

StreamName = Annotated[str, StringConstraints(max_length=100)]
"""The name of a stream, such as ``all/alerts``."""

Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]
"""An sRGB colour written ``#rrggbb``."""


def _composed(value: Any) -> Any:
    # Other programs send letters and their accents apart; they are the same text, and no longer.
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


Line = Annotated[str, BeforeValidator(_composed), StringConstraints(strip_whitespace=True, max_length=200)]
"""One line of text for people, in NFC."""

Paragraphs = Annotated[str, BeforeValidator(_composed), StringConstraints(strip_whitespace=True, max_length=5_000)]
"""Text for people, in NFC; a line feed starts a new paragraph."""


class _FrozenModel(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed, validated again.

        Raises:
            TypeError: there is no such field.
        """
        unknown = changes.keys() - type(self).model_fields.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        # Not dict(self): a model may have a field named ``keys``, which dict() would take for a method.
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate(fields | changes)

    def to_json(self) -> bytes:
        """Return compact JSON in UTF-8."""
        return self.model_dump_json().encode()


class WireModel(_FrozenModel):
    """A model that crosses a version border: fields that it does not know are ignored."""

    model_config = ConfigDict(extra="ignore")


class StrictModel(_FrozenModel):
    """A model that people write by hand: a field that it does not know is an error."""

    model_config = ConfigDict(extra="forbid")


def newer_word_as(fallback: StrEnum) -> BeforeValidator:
    """Return a validator that reads a word which only a newer version knows as ``fallback``.

    A new member of an enumeration must not make older players refuse a whole document.
    """
    known = tuple(type(fallback))

    def read(value: Any) -> Any:
        return value if not isinstance(value, str) or value in known else fallback

    return BeforeValidator(read)


class AssetReference(WireModel):
    """A file, named by the SHA-256 of its content."""

    sha256: Sha256
    size: Annotated[int, Field(gt=0, le=2_000_000_000)]
    """Bytes."""
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]+$", max_length=80)]
