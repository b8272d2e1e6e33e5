"""Operations on what the town gives to the public: the public page, and alerts as CAP."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from beffroi_server.accounts.models import Town
from beffroi_server.api.operations import ApiRequest, operation
from beffroi_server.api.values import Answer, Change, Line120, find_row
from beffroi_server.library.models import PublicSettings
from beffroi_server.outlets import cap_messages, subscriptions
from beffroi_server.outlets.models import CapOutput

TAG = "public outlets"
READ, WRITE = "town:read", "town:write"
Text = Annotated[str, StringConstraints(max_length=1_000, pattern=r"^[^\x00]*$")]
Website = Annotated[str, StringConstraints(max_length=200)]


class PublicPageAnswer(Answer):
    """Whether and how the public reads what is on the screens."""

    is_on: bool
    past_days: int
    introduction: str
    framed_by: list[str]
    """Websites that may embed it."""


class PublicPageChange(Change):
    """Settings of the public page."""

    is_on: bool = False
    past_days: Annotated[int, Field(ge=0, le=366)] = 30
    introduction: Text = ""
    framed_by: Annotated[list[Website], Field(max_length=20)] = []


class CapOutputAnswer(Answer):
    """Whether and how alerts are given out as CAP."""

    is_on: bool
    contact: str
    radius_km: float
    """Around the place of the town; 0: no circle."""


class CapOutputChange(Change):
    """Settings of the CAP feed."""

    is_on: bool = False
    contact: Line120 = ""
    radius_km: Annotated[float, Field(ge=0, le=100)] = 5


@operation("GET", "/public-page", scope=READ, returns=PublicPageAnswer, tag=TAG)
def read_public_page(request: ApiRequest) -> PublicPageAnswer:
    """Return whether and how the public reads what is on the screens."""
    return public_page_answer(subscriptions.saved_settings(find_row(Town.objects.all())))


@operation("PATCH", "/public-page", scope=WRITE, returns=PublicPageAnswer, tag=TAG)
def change_public_page(request: ApiRequest, body: PublicPageChange) -> PublicPageAnswer:
    """Switch the public page on or off, or change it."""
    chosen = subscriptions.saved_settings(find_row(Town.objects.all()))
    for name, value in body.given().items():
        setattr(chosen, name, "\n".join(value) if name == "framed_by" else value)
    subscriptions.save_public_settings(chosen, user=request.user)
    return public_page_answer(chosen)


@operation("GET", "/cap-output", scope=READ, returns=CapOutputAnswer, tag=TAG)
def read_cap_output(request: ApiRequest) -> CapOutputAnswer:
    """Return whether and how alerts are given out as CAP."""
    return cap_output_answer(cap_messages.saved_output())


@operation("PATCH", "/cap-output", scope=WRITE, returns=CapOutputAnswer, tag=TAG)
def change_cap_output(request: ApiRequest, body: CapOutputChange) -> CapOutputAnswer:
    """Change whether and how alerts are given out as CAP; what was before is not given out afterwards."""
    chosen = cap_messages.saved_output()
    for name, value in body.given().items():
        setattr(chosen, name, round(Decimal(value), 1) if name == "radius_km" else value)
    cap_messages.save_output(chosen, user=request.user)
    return cap_output_answer(chosen)


def public_page_answer(row: PublicSettings) -> PublicPageAnswer:
    """Return the settings of the public page as the API shows them."""
    return PublicPageAnswer(
        is_on=row.is_on, past_days=row.past_days, introduction=row.introduction, framed_by=row.framed_by.split()
    )


def cap_output_answer(row: CapOutput) -> CapOutputAnswer:
    """Return the settings of the CAP feed as the API shows them."""
    return CapOutputAnswer(is_on=row.is_on, contact=row.contact, radius_km=float(row.radius_km))
