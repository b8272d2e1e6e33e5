"""Versions of announcements: each save is kept, compared, and can be restored."""

from __future__ import annotations

import pytest

from beffroi_server.library import services, versions
from beffroi_server.library.models import Announcement

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


def test_the_state_before_the_first_save_is_kept(announcement, alice):
    services.save_announcement(announcement, user=alice, title="Fermée")
    newest, oldest = announcement.versions.all()
    assert (oldest.values["title"], newest.values["title"]) == ("La piscine rouvre lundi", "Fermée")
    assert (oldest.number, newest.number, newest.saved_by) == (1, 2, alice)


def test_say_what_differs(announcement, alice):
    services.save_announcement(announcement, user=alice, title="Fermée", template="notice")
    newest, oldest = versions.version_changes(list(announcement.versions.all()))
    assert {(change.before, change.after) for change in newest.changes} == {
        ("La piscine rouvre lundi", "Fermée"), ("News", "Notice"),
    }  # fmt: skip
    assert oldest.changes == ()


def test_restoring_makes_a_new_version(announcement, alice, bob):
    services.save_announcement(announcement, user=alice, title="Fermée", body="")
    oldest = announcement.versions.last()
    values = versions.values_to_restore(oldest)
    services.save_announcement(announcement, user=bob, restored_from=oldest.number, **values)
    saved = Announcement.objects.get()
    assert (saved.title, saved.body, saved.version) == ("La piscine rouvre lundi", "Ouverture à 9 heures.", 3)
    assert announcement.versions.first().restored_from == 1


def test_a_bounded_number_is_kept(announcement, alice, monkeypatch):
    monkeypatch.setattr(versions, "VERSIONS_KEPT", 3)
    for number in range(5):
        services.save_announcement(announcement, user=alice, title=f"Titre {number}")
    assert [version.values["title"] for version in announcement.versions.all()] == ["Titre 4", "Titre 3", "Titre 2"]


def test_searches_and_sorting_ignore_accents_and_case(db):
    services.save_announcement(user=None, title="Écoles : la RENTRÉE", label="Œuvres")
    saved = Announcement.objects.get()
    assert (saved.folded_title, saved.folded_label) == ("ecoles : la rentree", "oeuvres")
    assert "rentree" in saved.search_text
