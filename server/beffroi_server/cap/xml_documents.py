"""XML of strangers: parsed without entities, network and document types, and mended where that loses nothing."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from typing import Any

from lxml import etree

from beffroi_server.cap.json_documents import json_root
from beffroi_server.cap.messages import CapUnreadable
from beffroi_server.feeds.readers.reading import SkippedParts
from beffroi_server.feeds.readers.text import decode_text, is_html_element

MAX_BYTES = 16 * 1024 * 1024
"""Bytes of a document; all warnings of the United States in one feed are about half of it."""
Element = Any
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_ENTITY = re.compile(r"&(?:([A-Za-z][A-Za-z0-9]{0,31});|#(\d{1,7});|#[xX]([0-9a-fA-F]{1,6});)?")
_DECLARATION = re.compile(r"<\?xml\b[^>]{0,300}\?>")
_EXTERNAL_TYPE = re.compile(r"<!DOCTYPE[^\[<>]{0,1000}>", re.IGNORECASE)
_DOCUMENT_TYPE = re.compile("<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_LONG = 10_000_000
"""Bytes of one text that lxml reads by default."""
_SINGLE_BYTE = re.compile(
    rb"\s{0,100}<\?xml\b[^>]{0,200}?encoding\s?=\s?[\"'](?:iso-?8859-?\d{1,2}|latin-?\d|windows-125\d|cp125\d|us-ascii)[\"']",
    re.IGNORECASE,
)
_BARE_LESS = re.compile(r"<(?![A-Za-z_/!?])")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WEB_PAGE = re.compile(rb"\s*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)


def parse_document(content: bytes) -> tuple[Element, bool]:
    """Return the root of an XML document, and whether parts of it are missing or were guessed.

    Wrong encodings, letters that XML forbids, bare ``&`` and ``<`` and names of HTML entities are mended. A document
    that is still broken is read up to where it can be understood.

    Raises:
        CapUnreadable: it is empty, too large, a web page, no XML, or it declares entities.
    """
    if len(content) > MAX_BYTES:
        raise CapUnreadable("too-large")
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise CapUnreadable("empty")
    if content[:2] in (b"PK", b"\x1f\x8b"):
        raise CapUnreadable("archive")
    if content.lstrip(b" \t\r\n\xef\xbb\xbf")[:1] in (b"{", b"["):
        return json_root(content), False
    if _WEB_PAGE.match(content[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe")):
        raise CapUnreadable("web-page")
    if _is_mislabelled(content):
        return _parse_mended(content)
    try:
        return _checked_root(etree.fromstring(content, _parser())), False
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return _parse_mended(content)


def _is_mislabelled(content: bytes) -> bool:
    """Return whether a document in UTF-8 says that each byte is a letter, and would be read as “Ã©” for “é”."""
    declared = _SINGLE_BYTE.match(content)
    if not declared or content.isascii():
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _parser(*, recover: bool = False, is_long: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, attribute_defaults=False,
        huge_tree=is_long, recover=recover, remove_comments=True, remove_pis=True, collect_ids=False,
    )  # fmt: skip


def _parse_mended(content: bytes) -> tuple[Element, bool]:
    text = _mended_text(decode_text(content, SkippedParts()))
    if "<" not in text:
        raise CapUnreadable("no-xml")
    data = text.encode("utf-8")
    # Collections and logs put one document after the other.
    together = b"<alerts>%s</alerts>" % _DECLARATION.sub("", text).encode("utf-8")
    # Resources of more than 10 MB are refused otherwise. Without a document type nothing can grow.
    is_long = len(data) > _LONG and _DOCUMENT_TYPE.search(text) is None
    for attempt in (data, together):
        try:
            return _checked_root(etree.fromstring(attempt, _parser(is_long=is_long))), False
        except (etree.XMLSyntaxError, ValueError):
            continue
    try:
        root = etree.fromstring(data, _parser(recover=True, is_long=is_long))
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        raise CapUnreadable("no-xml")
    return _checked_root(root), True


def _mended_text(text: str) -> str:
    # What is before the first tag is a byte-order mark, blanks, or the head of a file that was saved with its page.
    text = text[max(0, text.find("<")) :]
    if declaration := _DECLARATION.match(text):
        text = text[declaration.end() :]
    # A document type somewhere in the network is never loaded; to lxml the mention of it is an error.
    text = _EXTERNAL_TYPE.sub("", text[:4096], count=1) + text[4096:]
    return _NOT_XML.sub(" ", _BARE_LESS.sub("&lt;", _ENTITY.sub(_mended_entity, text)))


def _mended_entity(found: re.Match[str]) -> str:
    name, decimal, hexadecimal = found.groups()
    if name:
        if name in _XML_NAMES:
            return found[0]
        letter = html.unescape(found[0])
        return letter if letter != found[0] else f"&amp;{name};"
    if decimal or hexadecimal:
        number = int(decimal) if decimal else int(hexadecimal, 16)
        is_allowed = number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE
        return found[0] if is_allowed or 0x10000 <= number < 0x110000 else " "
    return "&amp;"


def _checked_root(root: Element) -> Element:
    declared = root.getroottree().docinfo.internalDTD
    # Entities are never resolved; who declares some means no good, and their places would be holes in the text.
    if declared is not None and next(declared.iterentities(), None) is not None:
        raise CapUnreadable("entities")
    if local_name(root) == "html":
        raise CapUnreadable("web-page")
    return root


def local_name(element: Element) -> str:
    """Return the name of an element without namespace, in small letters without punctuation: ``msgtype``."""
    return _plain_tag(element.tag) if isinstance(element.tag, str) else ""


@lru_cache(maxsize=1_000)
def _plain_tag(tag: str) -> str:
    # A message has thousands of elements and forty names.
    return tag.rpartition("}")[2].rpartition(":")[2].replace("_", "").replace("-", "").lower()


def namespace(element: Element) -> str:
    """Return the namespace of an element, or nothing."""
    tag = element.tag
    return tag[1:].partition("}")[0] if isinstance(tag, str) and tag.startswith("{") else ""


def full_text(element: Element) -> str:
    """Return all text within an element; elements of HTML within it are written as tags, for ``texts`` to take out.

    Other elements, as of the structured typhoon warnings of Taiwan, are parts of a list where nothing is between them.
    """
    if not len(element):
        return element.text or ""
    parts = [element.text or ""]
    names: list[tuple[str, bool]] = [("", _has_only_elements(element))]
    for event, each in etree.iterwalk(element, events=("start", "end")):
        if each is element or not isinstance(each.tag, str):
            continue
        if event == "start":
            name = local_name(each)
            if not is_html_element(name):
                name = "div" if names[-1][1] else "span"
            names.append((name, _has_only_elements(each)))
            parts.append(f"<{name}>{each.text or ''}")
        else:
            parts.append(f"</{names.pop()[0]}>{each.tail or ''}")
    return "".join(parts)


def _has_only_elements(element: Element) -> bool:
    return not any(text and text.strip() for text in (element.text, *(child.tail for child in element)))
