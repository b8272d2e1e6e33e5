"""The operator's guide as HTML: the small part of Markdown that it is written in, and nothing else.

Every character is escaped before a mark becomes an element, so that no text of the guide can become HTML. What the part
does not know stays as it is written. A test renders both guides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

LANGUAGES = ("fr", "en")
_PACKAGED = Path(__file__).parent / "guides"
_REPOSITORY = Path(__file__).parents[4] / "docs"
"""A wheel has the guides in the package; a working copy has them where they are written."""
_HEADING = re.compile(r"(#{1,4}) (.+)")
_BULLET = re.compile(r"(?:[-*]|\d+\.) (.+)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_INLINE = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"\*([^*]+)\*"), r"<em>\1</em>"),
    # Links lead to other documents, which the product does not have.
    (re.compile(r"!?\[([^\]]+)\]\([^)\s]+\)"), r"\1"),
)


@dataclass(frozen=True)
class GuideSection:
    """A section of the guide."""

    identifier: str
    """By which addresses name it, such as ``diffuser-une-alerte``."""
    title: str
    body: SafeString


@dataclass(frozen=True)
class Guide:
    """A guide."""

    title: str
    introduction: SafeString
    sections: tuple[GuideSection, ...]


@cache
def read_guide(language: str) -> Guide:
    """Return the guide in a language; in English where there is none."""
    name = f"guide.{language if language in LANGUAGES else 'en'}.md"
    path = _PACKAGED / name if (_PACKAGED / name).exists() else _REPOSITORY / name
    return parse_guide(path.read_text(encoding="utf-8"))


def parse_guide(text: str) -> Guide:
    """Return a guide from its text: the title, what comes before the first section, and the sections."""
    head, *rest = re.split(r"^## ", _COMMENT.sub("", text), flags=re.MULTILINE)
    title, _line, introduction = head.strip().partition("\n")
    sections = []
    for part in rest:
        heading, _line, body = part.partition("\n")
        sections.append(GuideSection(slugify(heading), heading.strip(), _as_html(body)))
    return Guide(title.removeprefix("# ").strip(), _as_html(introduction), tuple(sections))


def _as_html(text: str) -> SafeString:
    blocks = re.split(r"\n\s*\n", text.strip("\n"))
    return mark_safe("\n".join(html for block in blocks for html in _blocks(block)))  # noqa: S308 - escaped below


def _blocks(block: str) -> Iterator[str]:
    """Yield the elements of a block: text between empty lines."""
    lines = [line.rstrip() for line in block.strip().splitlines()]
    if not lines:
        return
    heading = _HEADING.fullmatch(lines[0])
    if heading is not None:
        level = max(3, len(heading[1]))
        yield f'<h{level} id="{slugify(heading[2])}">{_inline(heading[2])}</h{level}>'
        yield from _blocks("\n".join(lines[1:]))
    elif lines[0].startswith("|"):
        yield _table(lines)
    elif _BULLET.match(lines[0]):
        kind = "ol" if lines[0][0].isdecimal() else "ul"
        yield f"<{kind}>{''.join(f'<li>{_inline(each)}</li>' for each in _entries(lines))}</{kind}>"
    else:
        first = next((number for number, line in enumerate(lines) if number and _BULLET.match(line)), len(lines))
        yield f"<p>{_inline(' '.join(lines[:first]))}</p>"
        yield from _blocks("\n".join(lines[first:]))


def _entries(lines: Iterable[str]) -> list[str]:
    """Return the entries of a list; a line that begins with a space goes on."""
    entries: list[str] = []
    for line in lines:
        found = _BULLET.match(line)
        if found is not None:
            entries.append(found[1])
        elif entries:
            entries[-1] += f" {line.strip()}"
    return entries


def _inner(line: str) -> str:
    """Return a row without the bars at its ends; a first cell that is empty stays one."""
    return line.strip().removeprefix("|").removesuffix("|")


def _table(lines: list[str]) -> str:
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", _inner(line))] for line in lines]
    head, body = rows[0], [row for row in rows[1:] if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]
    cells = "".join(f'<th scope="col">{_inline(cell)}</th>' for cell in head)
    lines_of = "".join("<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in row) + "</tr>" for row in body)
    # On a phone it scrolls: by keyboard, too.
    return f'<table tabindex="0"><thead><tr>{cells}</tr></thead><tbody>{lines_of}</tbody></table>'


def _inline(text: str) -> str:
    html: str = escape(text.replace("\\|", "|"))
    for pattern, replacement in _INLINE:
        html = pattern.sub(replacement, html)
    return html
