"""Comparison of the frames in receipts with what the server draws: whether an alert was on a screen to the pixel."""

from __future__ import annotations

import datetime as dt
import io
import logging
from collections.abc import Iterable, Sequence

from PIL import Image

from beffroi_content import model as content
from beffroi_content import rendering
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.alerts import queries
from beffroi_server.alerts.models import Alert
from beffroi_server.alerts.receipts import ScreenReceipt
from beffroi_server.library import preview
from beffroi_server.monitoring.expected_frames import ExpectedContents
from beffroi_server.monitoring.screen_overview import CLOCK_TOLERANCE

logger = logging.getLogger(__name__)
MAX_COMPARED = 20
"""Screens that are compared for one page at most: the next page compares others."""
MAX_KNOWN = 20_000
_known: dict[tuple[str, int, str], bool] = {}
"""By alert, screen and digest."""


def exact_screens(alert: Alert, receipts: Iterable[ScreenReceipt], limit: int = MAX_COMPARED) -> dict[int, bool]:
    """Return by the key of the screen whether a receipt is of the pixels that the server draws.

    What cannot be told is left out: a banner is compared only while everything around it is known.
    """
    shown = [each for each in receipts if each.frame]
    found = {each.screen.pk: known for each in shown if (known := _known.get(_key(alert, each))) is not None}
    open_ones = [each for each in shown if each.screen.pk not in found][:limit]
    if open_ones:
        for each, is_exact in zip(open_ones, _compare(alert, open_ones), strict=True):
            if is_exact is not None:
                found[each.screen.pk] = _known[_key(alert, each)] = is_exact
        while len(_known) > MAX_KNOWN:
            _known.pop(next(iter(_known)), None)
    return found


def _key(alert: Alert, receipt: ScreenReceipt) -> tuple[str, int, str]:
    return str(alert.pk), receipt.screen.pk, receipt.frame


def _compare(alert: Alert, receipts: Sequence[ScreenReceipt]) -> list[bool | None]:
    contents = ExpectedContents(each.screen for each in receipts)
    versions = drawn_versions(alert)
    return [_is_exact(versions, each, contents) for each in receipts]


def drawn_versions(alert: Alert) -> list[content.Alert]:
    """Return an alert as it was sent at first, and after each change of its end: the end is on its pages."""
    events = AuditEvent.objects.filter(action__startswith="alert-", detail__id=str(alert.pk)).order_by("id")
    ends = [alert.ends_at]
    for detail in events.values_list("detail", flat=True):
        # How long it was to last when it was broadcast or extended; that it was ended is on no page of it.
        for text in (detail.get("until"), *detail.get("changes", {}).get("ends_at", ())):
            try:
                ends.append(dt.datetime.fromisoformat(str(text)))
            except ValueError:
                continue
    drawn = queries.to_content(alert, alert.issued_at)
    return [drawn.model_copy(update={"ends_at_ms": round(end.timestamp() * 1000)}) for end in dict.fromkeys(ends)]


def _is_exact(versions: Sequence[content.Alert], receipt: ScreenReceipt, contents: ExpectedContents) -> bool | None:
    try:
        settings = contents.manifest_of(receipt.screen).settings
        form = preview.alert_form(versions[0].level)
        if form is content.AlertForm.TAKEOVER:
            return any(receipt.frame in _page_digests(each, form, settings) for each in versions)
        assert receipt.shown_at is not None
        at = receipt.shown_at
        moments = (at, at + CLOCK_TOLERANCE, at - CLOCK_TOLERANCE)
        return receipt.frame in contents.digests_at(receipt.screen, moments) or None
    except Exception:
        logger.exception("the frame of a receipt of %s cannot be compared", receipt.screen.slug)
        return None


def _page_digests(alert: content.Alert, form: content.AlertForm, settings: content.ScreenSettings) -> set[str]:
    canvas = preview.alert_canvas(alert.level, form, settings)
    pages = preview.alert_pages(alert, form, canvas)
    return {_digest(page) for page in pages}


def _digest(png: bytes) -> str:
    return rendering.image_digest(Image.open(io.BytesIO(png)).convert("RGB"))
