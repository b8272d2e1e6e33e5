"""Tags: words that the town keeps, each once whatever its accents and its case."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from beffroi_server.library import tags
from beffroi_server.library.models import Announcement, Tag

pytestmark = pytest.mark.django_db


def names(announcement: Announcement) -> list[str]:
    return [tag.name for tag in announcement.tags.all()]


def test_are_found_again_in_any_spelling(announcement, alice):
    tags.set_tags(announcement, ["Été", "Sports"], user=alice)
    tags.set_tags(announcement, ["ete"], user=alice)
    assert names(announcement) == ["Été"]
    assert Tag.objects.count() == 2


def test_are_read_from_a_text_with_commas():
    assert tags.split_tags(" Été,  vie   locale , ETE,, ") == ["Été", "vie locale"]


def test_become_one_when_renamed_to_another(announcement, alice):
    tags.set_tags(announcement, ["Sport", "Sports"], user=alice)
    tags.rename_tag(Tag.objects.get(name="Sport"), "SPORTS", user=alice)
    assert names(announcement) == ["Sports"]
    assert Tag.objects.count() == 1


@pytest.mark.parametrize("wanted", [["x" * 41], [str(number) for number in range(tags.MAX_TAGS_EACH + 1)]])
def test_too_long_or_too_many_are_refused(announcement, alice, wanted):
    with pytest.raises(ValidationError):
        tags.set_tags(announcement, wanted, user=alice)
    assert names(announcement) == []
