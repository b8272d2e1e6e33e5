"""Choices of Django fields, derived from enumerations of the content model."""

from __future__ import annotations

from enum import StrEnum

import pytest

from beffroi_content import model as content
from beffroi_server.alerts.models import LEVEL_CHOICES, STATUS_CHOICES
from beffroi_server.core.choices import labelled_choices
from beffroi_server.schedule.models import CADENCE_CHOICES, MODE_CHOICES, ORDER_CHOICES


class Season(StrEnum):
    SUMMER = "summer"
    WINTER = "winter"


def test_choices_are_values_and_labels_in_the_order_of_the_labels():
    labels = {Season.WINTER: "cold", Season.SUMMER: "warm"}

    assert labelled_choices(labels) == [("winter", "cold"), ("summer", "warm")]


def test_a_member_without_a_label_is_refused_by_name():
    with pytest.raises(ValueError, match="without a label: winter"):
        labelled_choices({Season.SUMMER: "warm"})


@pytest.mark.parametrize(
    ("choices", "enumeration"),
    [
        (LEVEL_CHOICES, content.AlertLevel),
        (STATUS_CHOICES, content.AlertStatus),
        (ORDER_CHOICES, content.PlaylistOrder),
        (MODE_CHOICES, content.RuleMode),
        (CADENCE_CHOICES, content.InterjectionCadence),
    ],
)
def test_every_value_that_players_know_can_be_chosen(choices, enumeration):
    assert [value for value, _ in choices] == [member.value for member in enumeration]
    assert all(str(label) for _, label in choices)
