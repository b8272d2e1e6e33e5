"""Slides as data: their content, their validity, the files that they need."""

import pytest
from pydantic import ValidationError
from tests.support.sample_manifests import slide

from beffroi_content.model import ImageContent, Slide, UnknownContent, VideoContent, WidgetContent
from beffroi_content.model.widgets import WIDGET_KINDS

IMAGE = {"sha256": "a" * 64, "size": 10, "media_type": "image/jpeg"}
VIDEO = {"sha256": "b" * 64, "size": 10, "media_type": "video/mp4"}
CONTENTS = {
    "image": {"kind": "image", "picture": IMAGE},
    "video": {"kind": "video", "video": VIDEO, "poster": IMAGE},
    "clock": {"kind": "widget", "widget": {"kind": "clock"}},
    "announcement": {"kind": "announcement", "announcement": {"id": "a", "template": "news", "title": "A"}},
}


def made(content: object, **changes: object) -> Slide:
    return Slide.model_validate({"id": "s", "name": "s", "content": content} | changes)


@pytest.mark.parametrize(
    ("name", "model", "assets"),
    [("image", ImageContent, "a"), ("video", VideoContent, "ab"), ("clock", WidgetContent, "")],
)
def test_content_is_read_by_its_kind_and_names_its_files(name, model, assets):
    found = made(CONTENTS[name])
    assert type(found.content) is model
    assert "".join(asset.sha256[0] for asset in found.assets) == assets


@pytest.mark.parametrize("name", CONTENTS)
def test_a_slide_crosses_the_wire_unchanged(name):
    found = made(CONTENTS[name], tags=["fête"], most_per_hour=4, valid_from_ms=5, valid_until_ms=6)
    assert Slide.model_validate_json(found.to_json()) == found


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "hologram", "beam": 7},
        {"kind": "widget", "widget": {"kind": "oracle"}},
        CONTENTS["image"] | {"fit": "stretch"},
        CONTENTS["video"] | {"fit": "stretch"},
        {"kind": "announcement", "announcement": {"id": "a", "template": "hologram", "title": "A"}},
    ],
    ids=["kind", "widget", "fit-of-image", "fit-of-video", "template"],
)
def test_content_of_a_newer_version_is_kept_as_unknown(content):
    found = made(content)
    assert isinstance(found.content, UnknownContent)
    assert found.assets == ()
    assert found.tick_ms is None


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"kind": "image"},
        {"kind": "video", "video": VIDEO},
        {"kind": "image", "picture": IMAGE | {"size": 0}},
        {"kind": "announcement", "announcement": {"id": "a", "template": "news", "title": ""}},
        {"kind": "widget", "widget": {"kind": "qr"}},
        "image",
        None,
    ],
    ids=str,
)
def test_content_of_a_known_kind_that_is_broken_is_refused(content):
    with pytest.raises(ValidationError):
        made(content)


@pytest.mark.parametrize(
    "wrong",
    [
        {"duration_ms": 999}, {"duration_ms": 3_600_001}, {"pages": 0}, {"pages": 21}, {"most_per_hour": -1},
        {"tags": ["x" * 61]}, {"tags": [f"t{number}" for number in range(21)]}, {"id": "S"},
        {"valid_from_ms": 5, "valid_until_ms": 5}, {"valid_from_ms": 6, "valid_until_ms": 5},
    ],
    ids="-".join,
)  # fmt: skip
def test_a_slide_that_cannot_be_shown_is_refused(wrong):
    with pytest.raises(ValidationError):
        slide("s", **wrong)


@pytest.mark.parametrize("bounds", [{}, {"valid_from_ms": 5}, {"valid_until_ms": 5}], ids=str)
def test_a_validity_may_be_open(bounds):
    assert slide("s", **bounds).id == "s"


def test_only_widgets_change_by_themselves():
    assert slide("s").tick_ms is None
    assert made(CONTENTS["clock"]).tick_ms == 60_000
    assert made({"kind": "widget", "widget": {"kind": "ticker"}}).tick_ms == 8_000
    assert made({"kind": "widget", "widget": {"kind": "qr", "address": "https://example.org"}}).tick_ms is None


def test_the_kinds_of_widgets_are_those_of_the_union():
    assert {"clock", "ticker", "vigilance", "poll"} < WIDGET_KINDS
    assert len(WIDGET_KINDS) == 12
