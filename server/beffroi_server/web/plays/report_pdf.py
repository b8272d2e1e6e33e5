"""The report of proof of play as PDF."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus import Spacer

from beffroi_server.web import pdf_parts
from beffroi_server.web.plays.report_data import ProofReport

SHARES = (0.31, 0.115, 0.115, 0.165, 0.165, 0.13)
"""Widths of the columns of the table."""
KINDS = ("plain", "number", "number", "plain", "plain", "number")


def draw_report(report: ProofReport) -> bytes:
    """Return a report as PDF."""
    pdf_parts.register_fonts()
    return pdf_parts.draw_document(report.title, report.town, _story(report), report.footer)


def _story(report: ProofReport) -> list[Any]:
    story: list[Any] = [
        pdf_parts.letterhead(report.town, report.logo), Spacer(1, 8 * mm), pdf_parts.text(report.title, "title", 20),
        Spacer(1, 4 * mm), pdf_parts.pairs(report.subject), Spacer(1, 6 * mm),
    ]  # fmt: skip
    if report.rows:
        story.append(pdf_parts.table(report.columns, report.rows, KINDS, SHARES))
    if report.left_off:
        story.append(pdf_parts.text(report.left_off, "soft", 8))
    story += [Spacer(1, 8 * mm), pdf_parts.text(_("Display log"), "title", 13), Spacer(1, 2 * mm)]
    if report.log:
        story.append(pdf_parts.pairs(report.log))
    return [*story, Spacer(1, 3 * mm), pdf_parts.text(report.log_note, "soft", 8.5)]
