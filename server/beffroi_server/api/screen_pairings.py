"""Operations of pairing: a player that shows a code becomes a screen."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from django.utils import timezone
from ninja import Status
from pydantic import StringConstraints

from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import Answer, Change, Slug, find_row
from beffroi_server.fleet import pairings, screen_scopes
from beffroi_server.fleet.pairing_models import Pairing

TAG = "screens"
READ, WRITE = "screens:read", "screens:write"
Code = Annotated[str, StringConstraints(min_length=1, max_length=32)]


class PairingAnswer(Answer):
    """A player that shows a code, and how far its pairing is."""

    check_number: str
    """The player shows the same; if it does not, this is another player."""
    width: int
    height: int
    """Of its display in pixels, before any rotation."""
    machine: str
    expires_at: dt.datetime
    stage: Literal["open", "waiting", "silent", "lapsed", "paired", "mistyped", "forged"]
    """``waiting``: the player is checking the code that was typed. ``mistyped``: it shows another one. ``forged``: it
    was not the player that shows the code."""
    screen: str | None
    """The screen that it becomes; none while its code was not typed."""


class PairingWanted(Change):
    """The code that a player shows."""

    code: Code


@operation("GET", "/pairings/{code}", scope=READ, permission="may_install", returns=PairingAnswer, tag=TAG)
def read_pairing(request: ApiRequest, code: Code) -> PairingAnswer:
    """Return how far the pairing of the player is that shows a code."""
    return _answer(pairings.latest_pairing(code, user=request.user), request)


@operation("POST", "/screens/{slug}/pairing", scope=WRITE, returns=PairingAnswer, status=202, tag=TAG,
           is_repeatable=False)  # fmt: skip
def pair_screen(request: ApiRequest, slug: Slug, body: PairingWanted) -> Status[PairingAnswer]:
    """Pair the player that shows a code with a screen; the player checks the code within seconds."""
    screen = find_row(screen_scopes.screens_in_scope(request.user), slug=slug)
    return Status(202, _answer(pairings.confirm_pairing(body.code, screen, user=request.user), request))


def _answer(row: Pairing, request: ApiRequest) -> PairingAnswer:
    screen = row.screen
    is_own = screen is not None and screen_scopes.screens_in_scope(request.user).filter(pk=screen.pk).exists()
    return PairingAnswer.model_validate(
        {
            "check_number": pairings.check_number(row), "width": row.width, "height": row.height,
            "machine": row.machine, "expires_at": row.expires_at,
            "stage": pairings.pairing_stage(row, timezone.now()),
            "screen": screen.slug if screen is not None and is_own else None,
        }
    )  # fmt: skip
