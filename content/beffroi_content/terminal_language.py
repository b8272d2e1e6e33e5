"""Language of the terminal in which a command was given."""

from __future__ import annotations

import locale
import os
from collections.abc import Sequence
from itertools import pairwise

LANGUAGES = ("en", "fr")
"""Those in which commands speak."""


def terminal_language() -> str:
    """Return ``en`` or ``fr``; empty where the environment (POSIX locale variables) names neither."""
    given = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    language = locale.normalize(given).split("_")[0].lower()
    return language if language in LANGUAGES else ""


def asked_language(arguments: Sequence[str]) -> str:
    """Return the language that ``--language`` asks for in a command line that is not read yet; empty without one."""
    words = [part for each in arguments for part in each.split("=", 1)]
    language = dict(pairwise(words)).get("--language", "")
    return language if language in LANGUAGES else ""
