"""Policies: what a town does with the warnings of a source. Frozen, and read from TOML or JSON.

A rule matches when all that it names matches. The first rule that matches decides; without one, the default does. What
is never shown (tests, private messages, what is over or elsewhere) is decided before any rule, and what is not certain
is never broadcast, whatever a rule says: see ``verdicts``.
"""

from __future__ import annotations

import json
import tomllib
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from beffroi_content.model.alert import AlertLevel
from beffroi_server.cap.levels import Colour
from beffroi_server.cap.messages import CERTAINTIES, SEVERITIES, URGENCIES

MAX_POLICY_BYTES = 256 * 1024


class Decision(StrEnum):
    """What is done with a warning."""

    IGNORE = "ignore"
    PROPOSE = "propose"
    """An officer is asked."""
    BROADCAST = "broadcast"
    """It goes to the screens by itself."""


def _spelt(known: tuple[str, ...]) -> BeforeValidator:
    def spell(value: object) -> object:
        return next((each for each in known if isinstance(value, str) and each.casefold() == value.casefold()), value)

    return BeforeValidator(spell)


Urgency = Annotated[Literal["Immediate", "Expected", "Future", "Past", "Unknown"], _spelt(URGENCIES)]
Severity = Annotated[Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"], _spelt(SEVERITIES)]
Certainty = Annotated[Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"], _spelt(CERTAINTIES)]
Word = Annotated[str, Field(min_length=1, max_length=200)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PolicyRule(_Model):
    """What is done with some warnings. An empty condition matches all; values of one condition are alternatives."""

    decision: Decision
    senders: tuple[Word, ...] = ()
    """Whole senders, with ``*`` for any letters."""
    events: tuple[Word, ...] = ()
    """Words of the event, with ``*`` for any letters, or event codes."""
    hazards: tuple[Word, ...] = ()
    """Our hazards: ``flood``, ``wind`` …"""
    severity: tuple[Severity, ...] = ()
    """Of the colour where the source gives one. “Unknown” only matches where it is named."""
    urgency: tuple[Urgency, ...] = ()
    certainty: tuple[Certainty, ...] = ()
    colours: tuple[Colour, ...] = ()
    areas: tuple[Word, ...] = ()
    """Geocodes, or names of areas with ``*`` for any letters; one of them is enough."""
    levels: tuple[AlertLevel, ...] = ()
    """Our levels, as they follow from colour or severity."""
    level: AlertLevel | None = None
    """The level at which it is shown, instead of the one that follows."""


class Policy(_Model):
    """What a town does with the warnings of a source. The default asks a person about all that concerns the town."""

    default: Decision = Decision.PROPOSE
    rules: Annotated[tuple[PolicyRule, ...], Field(max_length=200)] = ()
    tests: Decision = Decision.IGNORE
    """Exercises and tests. To broadcast them is only possible as such, with their word on each page."""
    restricted: Decision = Decision.IGNORE
    """Messages for some recipients."""
    past: Decision = Decision.IGNORE
    """Warnings that ask for no act any more (urgency ``Past``)."""
    announced: Decision = Decision.BROADCAST
    """The most that is done with what has not begun."""
    needs_signature: bool = False
    """Whether only messages with a verified signature are broadcast."""
    languages: tuple[Word, ...] = ("fr", "en")
    hours_immediate: Annotated[float, Field(gt=0, le=24)] = 1.0
    """Hours that an immediate warning without an end counts."""
    hours_other: Annotated[float, Field(gt=0, le=24)] = 6.0
    """Hours that another warning without an end counts."""
    hours_longest: Annotated[float, Field(gt=0, le=24 * 31)] = 48.0
    """Hours after which a warning is over, whatever it says, unless the feed still has it."""


class PolicyError(ValueError):
    """A policy cannot be read; the message says where and why."""


def read_policy(content: bytes) -> Policy:
    """Return the policy of a file in TOML or JSON.

    Raises:
        PolicyError: it is neither, or says something that no policy says.
    """
    if len(content) > MAX_POLICY_BYTES:
        raise PolicyError(f"a policy has {MAX_POLICY_BYTES // 1024} kB at most")
    try:
        text = content.decode("utf-8-sig")
        values = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
        return Policy.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise PolicyError(f"{'.'.join(map(str, first['loc'])) or 'policy'}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise PolicyError(str(error)) from error
