"""Condensing: what of a long alert is said first, by rule and without cutting a sentence.

A page of an alert has slots: what it is about, what to do first, and the rest. Scenarios and the alerts of others
arrive as texts of any length. They are taken apart into whole sentences here, and put in order of importance:

1. what to do first: the short form if somebody wrote one, else the first sentence of the instruction that orders
   something without a condition (“Montez à l’étage”, not “En cas de malaise, appelez le 15”);
2. the headline, of which whole parts may stand for it where room is short (“Risque d’inondation : la Vire déborde” is
   also “Risque d’inondation”);
3. the other sentences of the instruction, in their order;
4. the sentences of the description, in their order.

A sentence is divided only into clauses that each give an order of their own: “Montez à l’étage et coupez
l’électricité” may become two, “Ne sortez pas, sauf si on vous le demande” never does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_BULLET = re.compile(r"^\s*(?:[-–•*·▪‣]|\d{1,2}[.)])\s+")
_SENTENCE_END = re.compile(r"[.!?…؟։।]+(?:[ \u00a0\u202f]?[»”\"’)\]])*(?=\s)")
_ABBREVIATIONS = frozenset(
    """mm mme mmes mlle dr pr me st ste av bd bld pl art al cf p pp env tél tel n etc ex no nos mr mrs ms approx vs dept
    ave str bzw ca evtl usw sr sra dott sig""".split()  # noqa: SIM905 - as a list it would fill the page
)
_WRAPPED_FROM = 55
"""Characters from which a line without a full stop was wrapped by a machine, and goes on in the next."""

_CONDITIONS = re.compile(
    r"^(?:en cas\b|si\b|s['’]il|lorsque?\b|quand\b|au besoin|le cas échéant|if\b|in case\b|in the event\b|when\b"
    r"|should\b|wenn\b|falls\b|bei\b|se\b|in caso\b|en caso\b|si\b|als\b|indien\b)",
    re.IGNORECASE,
)
_FRENCH_ORDER = re.compile(
    r"^(?:(?:merci de|veuillez|prière de|il faut|il convient|il est (?:\w+ )?(?:demandé|recommandé|conseillé|interdit|"
    r"impératif|défendu)|interdiction de|défense de|appel(?:er|ez)|ne (?:pas|plus|jamais|rien)|n['’]\w+ez|s['’]\w+er|"
    r"se \w+(?:er|ir|re)|évacu\w+|confine\w+)\b"
    r"|(?:ne |n['’])?(?!chez\b|assez\b|nez\b|rez\b|avez\b|êtes\b|pouvez\b|devez\b|serez\b|aurez\b)\w{2,}ez\b"
    r"|(?:prendre|suivre|attendre|descendre|mettre|rejoindre|éteindre|boire|couvrir|rendre|faire|ne)\b"
    r"|(?!premier|dernier|janvier|février|hier\b|hiver|quartier|chantier|foyer|métier|danger|plaisir|avenir|air\b|mer\b)"
    r"\w{3,}(?:er|ir)\b)",
    re.IGNORECASE,
)
_ENGLISH_ORDER = re.compile(
    r"^(?:please\b|do not\b|don['’]t\b|never\b|always\b|immediately\b|you (?:should|must)\b|people (?:should|must)\b|"
    r"residents (?:should|must)\b|(?:avoid|stay|keep|go|move|leave|take|turn|close|shut|seek|evacuate|remain|drink|"
    r"boil|use|call|dial|follow|listen|check|prepare|be|monitor|drive|stop|walk|report|limit|reduce|secure|protect|wear|"
    r"get|find|watch|bring|switch|contact|ensure|make|help|look|plan|expect|act|run|drop|cover|hold|slow|allow|"
    r"delay|consider|postpone|travel|visit|tune|cancel|return|wait)\b)",
    re.IGNORECASE,
)
_OTHER_ORDERS = re.compile(
    r"^(?:bitte\b|nicht\b|\w+en sie\b|(?:vermeiden|meiden|schließen|bleiben|halten)\b"
    r"|no \w+\b|evite(?:n)?\b|evitar\b|permanezca\b|manténgase\b|siga\b|cierre\b|quédese\b"
    r"|non \w+\b|evitare\b|evitate\b|restate\b|rimanete\b|chiudete\b|seguite\b|non\b"
    r"|evite\b|fique\b|mantenha\b|siga\b|vermijd\b|blijf\b|sluit\b|volg\b|ga\b|houd\b)",
    re.IGNORECASE,
)
_ORDERS = {"fr": _FRENCH_ORDER, "en": _ENGLISH_ORDER}
_KNOWN_ORDERS = frozenset({"fr", "en", "de", "es", "it", "nl", "pt"})
"""Languages of which the orders are recognised."""
_JOINTS = re.compile(
    r"\s*;\s+|,\s+(?:(?:et|puis|ou|and|then|or|und|y|e|en)\s+)?|\s+(?:et|puis|and|then|und|y|e|en)\s+(?=\w)",
    re.IGNORECASE,
)
_HEADLINE_JOINT = re.compile(r"\s*[:;|]\s+|\s+[–—-]\s+|\.\s+|\s+\(")
_SUBJECT_JOINT = re.compile(r"[\s\u00a0\u202f]*[:;,!.][\s\u00a0\u202f]+|\s+[–—-]\s+")


@dataclass(frozen=True, slots=True)
class CondensedAlert:
    """The texts of an alert in order of importance: every sentence whole, none of them twice."""

    headlines: tuple[str, ...]
    """The headline, then whole parts that can stand for it, ever shorter."""
    order: str
    """What to do first; empty where the alert asks for nothing."""
    order_clauses: tuple[str, ...]
    """The same as several orders, if it can be taken apart, else nothing."""
    short_order: str
    """What to do in a few words, as somebody wrote it for small panels."""
    more_orders: tuple[str, ...]
    facts: tuple[str, ...]


@lru_cache(maxsize=256)
def condense_alert(title: str, description: str, instruction: str, short_text: str, locale: str) -> CondensedAlert:
    """Return the texts of an alert, taken apart and put in order.

    Args:
        title: The headline, one line.
        description: Event and place; sentences that give orders count as orders where there is no instruction.
        instruction: What people should do.
        short_text: What to do in a few words, or nothing.
        locale: Language of the screen, such as ``fr``; texts in other languages are recognised too.
    """
    facts, orders = split_sentences(description), split_sentences(instruction)
    if not orders:
        orders = tuple(sentence for sentence in facts if is_order(sentence, locale))
        facts = tuple(sentence for sentence in facts if sentence not in orders)
    first = _first_order(orders, locale)
    order = orders[first] if orders else ""
    return CondensedAlert(
        headlines=_headline_forms(title),
        order=order or short_text,
        order_clauses=order_clauses(order, locale),
        short_order=short_text,
        more_orders=tuple(sentence for number, sentence in enumerate(orders) if number != first),
        facts=tuple(sentence for sentence in facts if sentence.rstrip(".") != title.rstrip(".")),
    )


@lru_cache(maxsize=512)
def split_sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text; an item of a list counts as one, and lines that a machine wrapped are joined."""
    found: list[str] = []
    for paragraph in _joined_lines(text):
        start = 0
        for end in _SENTENCE_END.finditer(paragraph):
            if _ends_sentence(paragraph, start, end):
                found.append(paragraph[start : end.end()].strip())
                start = end.end()
        found.append(paragraph[start:].strip())
    return tuple(sentence for sentence in found if any(character.isalnum() for character in sentence))


def is_order(sentence: str, locale: str) -> bool:
    """Tell whether a sentence tells people to do something, or not to, in any language that is known here."""
    text = sentence.lstrip("«“\"'¡! \u202f\u00a0")
    patterns = (_ORDERS.get(locale), *(each for name, each in _ORDERS.items() if name != locale), _OTHER_ORDERS)
    return any(pattern.match(text) for pattern in patterns if pattern)


def is_conditional(sentence: str) -> bool:
    """Tell whether a sentence is for a case that may not be at hand: “En cas de malaise, …”."""
    return _CONDITIONS.match(sentence) is not None


def order_clauses(sentence: str, locale: str) -> tuple[str, ...]:
    """Return the clauses of a sentence if there are several that each give an order of their own; else nothing."""
    parts: list[str] = []
    start = 0
    for joint in _JOINTS.finditer(sentence):
        head, rest = sentence[start : joint.start()], sentence[joint.end() :]
        if is_order(head, locale) and _begins_order(rest, locale):
            parts.append(head)
            start = joint.end()
    if not parts:
        return ()
    parts.append(sentence[start:])
    return tuple(_as_sentence(part) for part in parts)


def headline_subject(title: str, locale: str) -> str:
    """Return what a headline is about without what it orders: “Crue” of “Crue : évacuez les quais”; may be empty."""
    starts = [0, *(joint.end() for joint in _SUBJECT_JOINT.finditer(title))]
    if locale not in _KNOWN_ORDERS and len(starts) > 1:
        # Nobody here can tell whether what follows is an order.
        title = title[: starts[1]]
    ordering = next((start for start in starts if is_order(title[start:], locale)), len(title))
    return title[:ordering].strip(" \u00a0\u202f,.:;!–—-")


def _begins_order(text: str, locale: str) -> bool:
    # Nouns that look like an infinitive, “l’eau et l’hiver”, are no orders: only what is surely a verb divides.
    if locale == "fr" or re.match(r"^(?:ne\b|n['’])", text, re.IGNORECASE):
        return bool(
            re.match(r"^(?:ne (?:\w+ )?|n['’]|vous )?(?!chez\b|assez\b|nez\b|rez\b)\w{2,}ez\b", text, re.IGNORECASE)
        )
    return is_order(text, locale)


def _as_sentence(part: str) -> str:
    part = part.strip()
    part = part[:1].upper() + part[1:]
    return part if part[-1:] in ".!?…" else part + "."


def _first_order(orders: tuple[str, ...], locale: str) -> int:
    """Return the place of what to do first."""
    real = [number for number, sentence in enumerate(orders) if is_order(sentence, locale)]
    unconditional = [number for number in real if not is_conditional(orders[number])]
    return next(iter([*unconditional, *real, 0]))


def _headline_forms(title: str) -> tuple[str, ...]:
    forms = [title]
    for joint in _HEADLINE_JOINT.finditer(title):
        head = title[: joint.start()].strip()
        # “Météo : vent fort” is not about “Météo”: a part that stands for the whole has some length.
        if len(head) >= 8 and head not in forms:
            forms.append(head)
    return tuple(sorted(forms, key=len, reverse=True))


def _joined_lines(text: str) -> list[str]:
    found: list[str] = []
    is_open, length = False, 0
    for line in text.split("\n"):
        stripped = " ".join(_BULLET.sub("", line).split())
        is_item = _BULLET.match(line) is not None
        goes_on = length >= _WRAPPED_FROM or stripped[:1].islower()
        if not stripped:
            is_open = False
        elif is_open and not is_item and goes_on and found:
            found[-1] = f"{found[-1]} {stripped}"
        else:
            found.append(stripped)
        if stripped:
            is_open, length = stripped[-1] not in ".!?…;:", len(line.strip())
    return found


def _ends_sentence(text: str, start: int, end: re.Match[str]) -> bool:
    following = text[end.end() :].lstrip()
    if following[:1].islower():
        return False
    if end.group() != ".":
        return True
    words = text[start : end.start()].split()
    word = words[-1].lstrip("(«“\"'’") if words else ""
    # “M. Dupont”, but not “18 h. Partez”.
    is_initial = len(word) == 1 and word.isupper()
    is_number = len(words) == 1 and word.isdigit()
    return bool(word) and word.lower() not in _ABBREVIATIONS and not is_initial and not is_number
