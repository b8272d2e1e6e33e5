"""Tests of the removal of media that nothing refers to any more."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from pathlib import Path

import pytest
from django.utils import timezone

from beffroi_server.library import services
from beffroi_server.library.media import uploads
from beffroi_server.library.media.unused_files import UNUSED_FOR, remove_unused_files
from beffroi_server.library.models import Asset, MediaItem

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LATER = NOW + UNUSED_FOR


def stored(content: bytes, tmp_path: Path) -> Asset:
    uploads.media_path("00").parent.parent.mkdir(parents=True, exist_ok=True)
    path = tmp_path / "arrived"
    path.write_bytes(content)
    return uploads.asset_row(uploads.store_file(path, "image/png"))


@pytest.fixture
def item(tmp_path, alice) -> MediaItem:
    picture, thumbnail = stored(b"picture", tmp_path), stored(b"thumbnail", tmp_path)
    return MediaItem.objects.create(name="Fair", picture=picture, thumbnail=thumbnail, width=1, height=1)


def names() -> set[str]:
    return {asset.sha256 for asset in Asset.objects.all() if uploads.media_path(asset.sha256).exists()}


def test_what_is_used_stays(item):
    for at in (NOW, LATER, 2 * UNUSED_FOR + NOW):
        assert remove_unused_files(at) == 0

    assert names() == {item.picture_id, item.thumbnail_id}


def test_what_was_deleted_leaves_after_a_week(item, alice):
    services.delete_image(item, user=alice)

    assert remove_unused_files(NOW) == 0
    assert remove_unused_files(LATER - dt.timedelta(seconds=1)) == 0
    assert len(names()) == 2
    assert remove_unused_files(LATER) == 2
    assert not Asset.objects.exists()
    assert [path for path in Path(uploads.media_path("00")).parent.parent.rglob("*") if path.is_file()] == []


def test_what_is_added_again_meanwhile_begins_anew(item, alice, tmp_path):
    services.delete_image(item, user=alice)
    remove_unused_files(NOW)
    MediaItem.objects.create(
        name="Again", picture=stored(b"picture", tmp_path), thumbnail=stored(b"thumbnail", tmp_path), width=1, height=1
    )

    assert remove_unused_files(LATER) == 0
    MediaItem.objects.all().delete()
    assert remove_unused_files(LATER) == 0
    assert remove_unused_files(LATER + UNUSED_FOR) == 2


@pytest.mark.parametrize(("age_s", "removed"), [(3600, 0), (100_000, 1)])
def test_a_file_that_the_database_does_not_know_leaves_once_it_is_old(db, age_s, removed):
    path = uploads.media_path(hashlib.sha256(b"stray").hexdigest())
    path.parent.mkdir(parents=True)
    path.write_bytes(b"stray")
    changed = NOW.timestamp() - age_s
    os.utime(path, (changed, changed))

    assert remove_unused_files(NOW) == removed
    assert path.exists() is not bool(removed)


def test_other_files_of_the_store_are_left_alone(db, settings):
    other = Path(settings.MEDIA_STORE) / "ab" / "notes.txt"
    other.parent.mkdir(parents=True)
    other.write_text("kept")
    os.utime(other, (0, 0))

    assert remove_unused_files(NOW) == 0
    assert other.exists()
