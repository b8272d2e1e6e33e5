"""The figures of a dossier, and the paragraph that says them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from beffroi_server.core.formatting import format_latency
from beffroi_server.dossiers.alert_dossier import TextRecord

QUICK_MS = 1000.0


@dataclass(frozen=True, slots=True)
class TextFigures:
    """Figures of one text."""

    screens: int
    shown: int
    within_1_s: int
    """How many showed it within a second of the press of the button."""
    median_ms: float | None
    slowest_ms: float | None
    exact: int
    compared: int

    @property
    def never(self) -> int:
        """How many have not shown it."""
        return self.screens - self.shown


def figures_of(text: TextRecord) -> TextFigures:
    """Return the figures of a text, of the screens that are listed."""
    latencies = text.latencies_ms
    compared = [each.is_exact for each in text.screens if each.is_exact is not None]
    return TextFigures(
        len(text.screens), sum(each.is_shown for each in text.screens), sum(each <= QUICK_MS for each in latencies),
        statistics.median(latencies) if latencies else None, latencies[-1] if latencies else None,
        sum(compared), len(compared),
    )  # fmt: skip


def summary_text(text: TextRecord) -> str:
    """Return the paragraph on a text."""
    found = figures_of(text)
    sentences = [
        ngettext(
            "Shown by %(shown)d of %(count)d screen.", "Shown by %(shown)d of %(count)d screens.", found.screens
        ) % {"shown": found.shown, "count": found.screens}
    ]  # fmt: skip
    if found.median_ms is not None and found.slowest_ms is not None:
        sentences.append(
            _(
                "From the press of the button to the glass: %(quick)d within one second, median %(median)s, slowest "
                "%(slowest)s."
            ) % {
                "quick": found.within_1_s, "median": format_latency(found.median_ms),
                "slowest": format_latency(found.slowest_ms),
            }
        )  # fmt: skip
    if found.compared:
        sentences.append(
            ngettext(
                "Identical to the pixel to what the server draws: %(exact)d of %(count)d compared.",
                "Identical to the pixel to what the server draws: %(exact)d of %(count)d compared.",
                found.compared,
            ) % {"exact": found.exact, "count": found.compared}
        )  # fmt: skip
    names = [each.screen.name for each in text.screens if not each.is_shown]
    if names:
        named = ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
        sentences.append(
            ngettext(
                "%(count)d screen has not shown it: %(names)s.", "%(count)d screens have not shown it: %(names)s.",
                len(names),
            ) % {"count": len(names), "names": named}
        )  # fmt: skip
    return " ".join(sentences)
