"""Which section of the guide helps with which page. The sections have the same order in every language."""

from __future__ import annotations

from beffroi_server.web.help.guide_text import read_guide

SECTION_OF_AREA = {
    "signing-in": ("now", "account", "user", "roles"),
    "the-first-hour": ("town", "first-hour", "starter-set"),
    "writing-an-announcement": (
        "announcement", "media", "archive", "version", "upload", "tag", "categor", "undo", "review", "feed",
    ),
    "scheduling": ("playlist", "entry", "rule", "calendar", "screen-week", "publish", "placement"),
    "broadcasting-an-alert": ("alert", "scenario", "restoration"),
    "proving-what-was-shown": ("plays", "screen-day", "audit"),
    "several-municipalities": ("municipalit",),
    "when-something-is-wrong": ("screen", "group", "notification", "outage", "software", "rollout"),
}  # fmt: skip
"""By section of the English guide: how the names of the addresses of its pages begin. The longest beginning counts."""


def help_anchor(page: str, language: str) -> str:
    """Return the identifier of the section that helps with a page; empty where the guide has none.

    Args:
        page: Name of its address, such as ``screen-edit``.
        language: Of the reader.
    """
    found = [
        (len(beginning), section)
        for section, beginnings in SECTION_OF_AREA.items()
        for beginning in beginnings
        if page.startswith(beginning)
    ]
    order = [section.identifier for section in read_guide("en").sections]
    if not found or max(found)[1] not in order:
        return ""
    number = order.index(max(found)[1])
    sections = read_guide(language).sections
    return sections[number].identifier if number < len(sections) else ""
