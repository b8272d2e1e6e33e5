"""Languages of infos: which texts of a message people get."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from beffroi_server.cap.messages import CapInfo

DEFAULT_PREFERENCE = ("fr", "en")
_EASY = frozenset({"ls", "simple", "easy", "leicht", "falc"})
"""Subtags of easy language: a choice of its own, never the default of its language."""
_SAME = {
    "nb": "no", "nn": "no", "nor": "no", "fra": "fr", "fre": "fr", "french": "fr", "français": "fr", "francais": "fr",
    "eng": "en", "english": "en", "deu": "de", "ger": "de", "german": "de", "deutsch": "de", "ita": "it", "spa": "es",
    "por": "pt", "nld": "nl", "dut": "nl", "cat": "ca", "eus": "eu", "baq": "eu", "bre": "br", "cos": "co",
    "oci": "oc", "ltz": "lb",
}  # fmt: skip
"""Languages as they are written instead of their two letters: ISO 639-2 and 639-3, or a name."""


def language_key(tag: str) -> tuple[str, bool]:
    """Return the language of a tag in small letters, and whether it is easy language: ``de-LS`` is ``("de", True)``.

    Tags are read as they come: ``no``, ``zh-mo``, ``es-419``, ``DE``, ``fr_FR``.
    """
    first, *others = tag.strip().lower().replace("_", "-").split("-")
    return _SAME.get(first, first), any(part in _EASY for part in others)


def preferred_infos(infos: Sequence[CapInfo], preference: Iterable[str] = DEFAULT_PREFERENCE) -> list[CapInfo]:
    """Return the infos in the language that is preferred most, in the order of the message.

    Several infos of one language stay several: each has its own areas and its own end. Without any of the preferred
    languages, that of the first info is taken.
    """
    for wanted in preference:
        exact = [info for info in infos if info.language.lower() == wanted.lower()]
        same = [info for info in infos if language_key(info.language) == language_key(wanted)]
        if found := exact or same:
            return found
    plain = [info for info in infos if not language_key(info.language)[1]] or list(infos)
    return [info for info in plain if language_key(info.language) == language_key(plain[0].language)] if plain else []


def united_infos(infos: Sequence[CapInfo]) -> list[CapInfo]:
    """Return infos with the areas of those that are equal otherwise put together."""
    found: dict[CapInfo, CapInfo] = {}
    for info in infos:
        key = _without_areas(info)
        known = found.get(key)
        found[key] = _with_areas(known, info) if known else info
    return list(found.values())


def _without_areas(info: CapInfo) -> CapInfo:
    return dataclasses.replace(info, areas=())


def _with_areas(known: CapInfo, more: CapInfo) -> CapInfo:
    return dataclasses.replace(known, areas=tuple(dict.fromkeys((*known.areas, *more.areas))))
