"""CAP in JSON: the same names and values as objects and lists, as some services give it beside XML.

Read are single messages and lists of them (the warnings of the German federal office, the interface of MeteoAlarm), and
the envelope of the WMO's CAP Composer for MQTT, whose ``data`` is a document in base64.
"""

from __future__ import annotations

import json
import re
from typing import Any

from lxml import etree

from beffroi_server.cap.messages import CapUnreadable

BBK_IDENTIFIERS = ("mow.", "biwapp.", "katwarn.", "lhp.", "dwd.")
"""Beginnings of identifiers that the federal office (BBK) gives to the warnings that it passes on."""
_REGIONAL_KEY = re.compile(r"(?:0[1-9]|1[0-6])\d{10}")
MAX_DEPTH = 30
MAX_VALUES = 200_000


def json_root(content: bytes) -> Any:
    """Return a document in JSON as an element with the messages in it.

    Raises:
        CapUnreadable: it is no JSON, or nested too deeply.
    """
    try:
        value = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise CapUnreadable("no-xml") from None
    # No warnings are calm; other JSON is a failure, unless messages are found in it.
    is_calm = value == [] or (isinstance(value, dict) and ("warnings" in value or "alerts" in value))
    root = etree.Element("alerts" if is_calm else "json")
    _Builder().add(root, value, 0)
    return root


class _Builder:
    """Makes elements of values, so many at most."""

    def __init__(self) -> None:
        self._left = MAX_VALUES

    def add(self, parent: Any, value: Any, depth: int, *, is_bbk: bool = False) -> None:
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            raise CapUnreadable("too-large")
        if isinstance(value, dict):
            self._add_object(parent, value, depth, is_bbk=is_bbk)
        elif isinstance(value, list):
            for each in value:
                self.add(etree.SubElement(parent, "item"), each, depth + 1)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            parent.text = "".join(letter if _is_allowed(letter) else " " for letter in str(value))

    def _add_object(self, parent: Any, value: dict[str, Any], depth: int, *, is_bbk: bool) -> None:
        is_message = "identifier" in value and "info" in value
        if is_message:
            parent = etree.SubElement(parent, "alert") if parent.tag != "alert" else parent
            is_bbk = str(value["identifier"]).startswith(BBK_IDENTIFIERS) or _has_regional_keys(value["info"])
        for name, each in value.items():
            if not (name.isascii() and name.isidentifier()):
                continue
            # A name with a list is an element that repeats, as in XML.
            for one in each if isinstance(each, list) else [each]:
                child = etree.SubElement(parent, "payload" if name == "data" else name)
                self.add(child, one, depth + 1, is_bbk=is_bbk)
                if is_bbk and name == "polygon":
                    child.text = _latitude_first(child.text or "")


def _has_regional_keys(infos: Any) -> bool:
    """Return whether the codes of areas are German regional keys (ARS, twelve digits), as only the office has them."""
    found = [code.get("value") for code in _parts(_parts(infos, "area"), "geocode")]
    return bool(found) and all(isinstance(each, str) and _REGIONAL_KEY.fullmatch(each) for each in found)


def _parts(value: Any, name: str = "") -> list[dict[str, Any]]:
    """Return the objects in a list, or those under a name in each of them."""
    found = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]
    return [part for each in found for part in _parts(each.get(name))] if name else found


def _latitude_first(text: str) -> str:
    """Return pairs the other way round, without placeholders: the federal office writes longitude first in JSON."""
    pairs = (word.partition(",") for word in text.split() if word != "-1.0,-1.0")
    return " ".join(f"{latitude},{longitude}" for longitude, _, latitude in pairs)


def _is_allowed(letter: str) -> bool:
    return letter in "\t\n\r" or " " <= letter < "\ud800" or "\ue000" <= letter <= "\ufffd" or letter > "\uffff"
