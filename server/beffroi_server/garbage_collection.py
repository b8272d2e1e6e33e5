"""Garbage collection of the server's process: it passes over what lives as long as the process does.

The code of all pages is half a million objects. A full collection looks at each of them for some tenths of a second, in
which every thread waits, and finds nothing: of a thousand pages, those in which it fell were the slowest by far. So
everything is loaded before the first request, which is then no slower than others, and set aside. What requests leave
behind is collected as before, and young objects in larger portions: most of a page's die with its answer.
"""

from __future__ import annotations

import gc

from django.urls import get_resolver
from django.utils import translation

YOUNG_OBJECTS = 20_000
"""New objects after which the young ones are looked at; a page makes some thousands. Python's own number is 700."""
ROUNDS = (10, 10)
"""Collections of one generation after which the next older one is looked at, too; those of Python."""


def load_pages() -> None:
    """Load the code and the texts of all pages. Called before the port is open: whoever comes is answered at once."""
    # The addresses name the views, and these import everything else.
    _ = get_resolver().reverse_dict
    for language in ("en", "fr"):
        with translation.override(language):
            translation.gettext("")


def settle() -> None:
    """Have collections pass over all objects that exist now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *ROUNDS)
