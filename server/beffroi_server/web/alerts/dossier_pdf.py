"""The dossier of an alert as PDF, as an authority reads it: what, which screens, who, and the evidence."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from PIL import Image as PillowImage
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Image, KeepTogether, Spacer, Table, TableStyle

from beffroi_server.accounts import audit_actions, audit_export
from beffroi_server.accounts.models import AuditEvent, Town, User
from beffroi_server.alerts import queries
from beffroi_server.alerts.trigger_models import TriggeredAlert
from beffroi_server.core import formatting
from beffroi_server.core.formatting import format_latency
from beffroi_server.dossiers.alert_dossier import AlertDossier, ScreenRecord, TextRecord
from beffroi_server.dossiers.dossier_summary import summary_text
from beffroi_server.fleet.models import ScreenClass
from beffroi_server.library import preview
from beffroi_server.library.media.uploads import media_path
from beffroi_server.library.town_branding import logo_of
from beffroi_server.web import pdf_parts
from beffroi_server.web.library import preview_links

MAX_PICTURES = 40
"""Drawings of one dossier: those of the newest texts are taken first."""
MAX_ROWS = 1_000
"""Screens in the tables; the rest is counted, and is in the JSON."""
PICTURE_WIDTH, PICTURE_HEIGHT = 54 * mm, 48 * mm
PICTURE_PIXELS = 640
SCREEN_SHARES = (0.22, 0.12, 0.12, 0.11, 0.13, 0.30)
EVENT_SHARES = (0.20, 0.15, 0.65)
LONGEST_DEED = 120


def draw_dossier(dossier: AlertDossier) -> bytes:
    """Return a dossier as PDF."""
    pdf_parts.register_fonts()
    logo = logo_of(dossier.town) if dossier.town.pk else None
    title = _("Dossier of an alert")
    story: list[Any] = [
        pdf_parts.letterhead(dossier.town.name, media_path(logo.picture_id) if logo is not None else None),
        Spacer(1, 8 * mm), pdf_parts.text(title, "title", 20), Spacer(1, 1 * mm),
        pdf_parts.text(dossier.texts[-1].alert.title, "title", 14), Spacer(1, 4 * mm),
    ]  # fmt: skip
    story += _overview(dossier)
    pictures, rows = MAX_PICTURES, MAX_ROWS
    sections: list[list[Any]] = []
    # The newest text has its pictures and rows first; it is printed last.
    for number, text in reversed(list(enumerate(dossier.texts, 1))):
        drawn = _pictures(text, dossier.town, pictures)
        pictures -= len(drawn)
        sections.append(_text_section(text, number, len(dossier.texts), drawn, rows))
        rows = max(0, rows - len(text.screens))
    for section in reversed(sections):
        story += section
    story += [*_events(dossier), *_evidence(dossier)]
    return pdf_parts.draw_document(title, dossier.town.name, story, _footer(dossier))


def _overview(dossier: AlertDossier) -> list[Any]:
    found: list[Any] = [
        pdf_parts.text(_summary(text, len(dossier.texts) > 1), "plain", 10.5) for text in dossier.texts
    ]  # fmt: skip
    if dossier.groups is not None:
        words = _("It covers the screens of these groups only: %(groups)s.") % {"groups": ", ".join(dossier.groups)}
        found.append(pdf_parts.text(words, "soft", 9))
    return [*found, Spacer(1, 5 * mm)]


def _summary(text: TextRecord, is_named: bool) -> str:
    words = summary_text(text)
    return f"{_('“%(title)s”') % {'title': text.alert.title}} · {words}" if is_named else words


def _text_section(text: TextRecord, number: int, total: int, drawn: Sequence[Any], rows: int) -> list[Any]:
    alert = text.alert
    heading = _("What was broadcast")
    if total > 1:
        heading = _("Text %(number)d of %(total)d") % {"number": number, "total": total}
    story: list[Any] = [
        pdf_parts.text(heading, "title", 13), Spacer(1, 2 * mm), pdf_parts.text(alert.title, "title", 10.5),
    ]  # fmt: skip
    story += [
        pdf_parts.text(each, "plain", 9.5)
        for each in (alert.description, alert.instruction, alert.short_text, alert.phone, alert.link)
        if each
    ]
    story += [Spacer(1, 2 * mm), pdf_parts.pairs(_facts(text)), Spacer(1, 4 * mm)]
    if drawn:
        story += [pdf_parts.text(_("As drawn on the screens"), "title", 10.5), Spacer(1, 1 * mm), *_picture_rows(drawn)]
    return [*story, Spacer(1, 3 * mm), *_screens(text, rows), Spacer(1, 6 * mm)]


def _facts(text: TextRecord) -> list[tuple[str, str]]:
    alert, found = text.alert, [(_("Issued by"), text.alert.source)]
    found += [(_("Level"), str(alert.get_level_display())), (_("Type of alert"), str(alert.get_status_display()))]
    found.append((_("Screens"), _targets(text)))
    if alert.pressed_at is not None:
        found.append((_("Button pressed"), _instant(alert.pressed_at)))
    found.append((_("Broadcast"), _join(_instant(alert.issued_at), _person(alert.issued_by))))
    if text.plan is not None:
        found.append((_("Planned by"), _person(text.plan.created_by)))
    if text.proposal is not None:
        proposed = str(text.proposal.get_origin_display())
        if text.proposal.proposed_by is not None:
            proposed = _person(text.proposal.proposed_by)
        found.append((_("Proposed by"), _join(proposed, _instant(text.proposal.proposed_at))))
        if text.proposal.decided_at is not None:
            decided = _join(_person(text.proposal.decided_by), _instant(text.proposal.decided_at))
            found.append((str(text.proposal.get_decision_display()).capitalize(), decided))
    elif alert.confirmed_by is not None:
        found.append((_("Confirmed by"), _person(alert.confirmed_by)))
    if (triggered := TriggeredAlert.objects.filter(alert=alert).first()) is not None:
        found.append((_("Triggered on the spot"), _join(_instant(triggered.at), str(triggered))))
        if triggered.ended_at is not None:
            found.append((_("Ended on the spot"), _join(_instant(triggered.ended_at), triggered.end_words)))
    if alert.alone_reason:
        found.append((_("Without a second officer, because"), alert.alone_reason))
    if alert.replaced_at is not None:
        found.append((_("Corrected"), _instant(alert.replaced_at)))
    elif alert.withdrawn_at is not None:
        found.append((_("Withdrawn"), _join(_instant(alert.withdrawn_at), _person(alert.ended_by))))
    else:
        found.append((_("End"), _join(_instant(alert.ends_at), _person(alert.ended_by) if alert.ended_by else "")))
    return found


def _targets(text: TextRecord) -> str:
    if text.targets.everywhere:
        return _("All screens")
    return ", ".join([*(each.name for each in text.targets.groups), *(each.name for each in text.targets.screens)])


def _pictures(text: TextRecord, town: Town, most: int) -> list[tuple[str, bytes]]:
    """Return the drawings of a text on each class of its screens, as PNG with words."""
    drawn = queries.to_content(text.alert, text.alert.issued_at)
    classes = preview_links.classes_of((each.screen for each in text.screens), preview_links.ALERT_CLASSES_SHOWN)
    found: list[tuple[str, bytes]] = []
    for screen_class in classes:
        found += _class_pictures(drawn, screen_class, town)
    return found[: max(0, most)]


def _class_pictures(drawn: Any, screen_class: ScreenClass, town: Town) -> list[tuple[str, bytes]]:
    pages = preview.preview_alert(drawn, preview.alert_form(drawn.level), screen_class, town)
    return [
        (
            f"{screen_class.name} · "
            + _("page %(number)d of %(total)d") % {"number": number, "total": len(pages)},
            page,
        )
        for number, page in enumerate(pages, 1)
    ]  # fmt: skip


def _picture_rows(drawn: Sequence[tuple[str, bytes]]) -> list[Any]:
    cells = [[_picture(png), pdf_parts.text(words, "soft", 7.5)] for words, png in drawn]
    rows = [cells[start : start + 3] for start in range(0, len(cells), 3)]
    return [
        Table(
            [[*row, *[""] * (3 - len(row))]], colWidths=[pdf_parts.WIDTH / 3] * 3, hAlign="LEFT",
            style=TableStyle([
                ("VALIGN", (0, 0), (-1, -1), "BOTTOM"), ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 6),
            ]),
        )
        for row in rows
    ]  # fmt: skip


def _picture(png: bytes) -> Image:
    """Return a drawing small enough for a file to be mailed; that of a small panel keeps its dots sharp."""
    picture = PillowImage.open(io.BytesIO(png)).convert("RGB")
    if picture.width > PICTURE_PIXELS or picture.height > PICTURE_PIXELS:
        picture.thumbnail((PICTURE_PIXELS, PICTURE_PIXELS), PillowImage.Resampling.LANCZOS)
    else:
        times = max(1, PICTURE_PIXELS // max(picture.size))
        picture = picture.resize((picture.width * times, picture.height * times), PillowImage.Resampling.NEAREST)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    scale = min(PICTURE_WIDTH / picture.width, PICTURE_HEIGHT / picture.height)
    buffer.seek(0)
    return Image(buffer, width=picture.width * scale, height=picture.height * scale, hAlign="LEFT")


def _screens(text: TextRecord, most: int) -> list[Any]:
    listed = text.screens[:most]
    # A heading is never the last thing on a page.
    head = [CondPageBreak(30 * mm), pdf_parts.text(_("On each screen"), "title", 10.5), Spacer(1, 1 * mm)]
    story: list[Any] = [*head]
    columns = [
        _("Screen"), _("Received, verified"), _("On the glass"), _("Since the button"), _("Left the screen"),
        _("Evidence"),
    ]  # fmt: skip
    kinds = ("plain",) * 6
    if listed:
        story.append(pdf_parts.table(columns, [_screen_row(each) for each in listed], kinds, SCREEN_SHARES))
    left = len(text.screens) - len(listed) + text.left_off
    if left:
        words = ngettext(
            "and %(count)d more screen: see the JSON, and the page of the alert",
            "and %(count)d more screens: see the JSON, and the page of the alert", left,
        )  # fmt: skip
        story.append(pdf_parts.text(words % {"count": left}, "soft", 8))
    return story


def _screen_row(record: ScreenRecord) -> list[str]:
    receipt = record.receipt
    name = " · ".join(filter(None, (record.screen.name, record.screen.place)))
    if not record.is_shown:
        return [name, "–", _("not shown"), "–", "–", record.reason]
    left = record.plays.left_at if record.plays is not None else None
    latency = format_latency(receipt.latency_ms) if receipt.latency_ms is not None else "–"
    exact = {True: _("identical to the pixel"), False: _("not as the server draws it"), None: _("not compared")}
    proof = f"{exact[record.is_exact]} · {receipt.frame[:16]}…" if receipt.frame else exact[record.is_exact]
    return [name, _time(receipt.received_at), _time(receipt.shown_at), latency, _time(left), proof]


def _events(dossier: AlertDossier) -> list[Any]:
    rows = [
        [
            _instant(event.at), event.actor or "Beffroi",
            f"{_deed(event)} · SHA-256 {event.hash}",
        ]
        for event in dossier.events
    ]  # fmt: skip
    columns = [_("When"), _("Who"), _("What, and hash in the audit trail")]
    head = [CondPageBreak(30 * mm), pdf_parts.text(_("Who did what"), "title", 13), Spacer(1, 2 * mm)]
    if not rows:
        return []
    return [*head, pdf_parts.table(columns, rows, ("plain",) * 3, EVENT_SHARES), Spacer(1, 6 * mm)]


def _deed(event: AuditEvent) -> str:
    """Return what was done, so short that the hash after it fits in the cell."""
    words = f"{audit_actions.action_text(event.action)} {_('“%(title)s”') % {'title': event.subject}}"
    changed = ", ".join(audit_export.change_pairs(event.detail))
    words = f"{words} ({changed})" if changed else words
    return words if len(words) <= LONGEST_DEED else f"{words[: LONGEST_DEED - 1]}…"


def _evidence(dossier: AlertDossier) -> list[Any]:
    count = len(dossier.sets)
    lines = [
        (_("Signed alert sets"), ngettext("%(count)d sent", "%(count)d sent", count) % {"count": count}),
        *(
            (_("CAP message"), f"{each.identifier} · {each.message_type} · {_instant(each.sent)}")
            for each in dossier.cap
        ),
        (_("Identifier"), str(dossier.alert.pk)),
    ]
    note = _(
        "The same as JSON, with the signed texts, is on the page of the alert. Anybody can verify it, without this "
        "server: beffroi-server alerts verify FILE. Times of screens are those of the players’ clocks; “identical to "
        "the pixel” compares the digest of the presented frame with the server’s own drawing."
    )
    return [
        KeepTogether([
            pdf_parts.text(_("Evidence"), "title", 13), Spacer(1, 2 * mm), pdf_parts.pairs(lines), Spacer(1, 2 * mm),
            pdf_parts.text(note, "soft", 8.5),
        ])
    ]  # fmt: skip


def _footer(dossier: AlertDossier) -> str:
    return _("Made by %(name)s on %(day)s at %(hour)s with Beffroi") % {
        "name": _person(dossier.made_by),
        "day": formatting.format_day(timezone.localdate(dossier.made_at)),
        "hour": formatting.format_hour(timezone.localtime(dossier.made_at)),
    }


def _person(user: User | None) -> str:
    return (user.get_full_name() or user.get_username()) if user is not None else "Beffroi"


def _join(*parts: str) -> str:
    return " · ".join(filter(None, parts))


def _instant(instant: dt.datetime) -> str:
    return f"{timezone.localtime(instant):%d/%m/%Y} {_time(instant)}"


def _time(instant: dt.datetime | None) -> str:
    """Return a time of day to a tenth of a second: of a second, the receipts tell apart who was first."""
    if instant is None:
        return "–"
    local = timezone.localtime(instant)
    return f"{local:%H:%M:%S}.{local.microsecond // 100_000}"
