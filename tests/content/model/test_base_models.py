"""Base classes of the models: frozen, compact, strict or lenient, and the small types that they share."""

from enum import StrEnum
from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from beffroi_content.model.base_models import (
    AssetReference,
    Colour,
    Identifier,
    Instant,
    Line,
    Paragraphs,
    Sha256,
    StrictModel,
    WireModel,
    newer_word_as,
)


class Sent(WireModel):
    name: Line
    number: int = 0


class Written(StrictModel):
    name: Line
    number: int = 0


class Mood(StrEnum):
    CALM = "calm"
    ALARMED = "alarmed"


class Screen(WireModel):
    mood: Annotated[Mood, newer_word_as(Mood.CALM)] = Mood.ALARMED


@pytest.mark.parametrize("model", [Sent, Written])
class TestModels:
    def test_cannot_be_changed(self, model):
        with pytest.raises(ValidationError, match="frozen"):
            model(name="a").name = "b"

    def test_are_replaced_by_a_changed_copy_that_is_validated_again(self, model):
        before = model(name="a", number=1)
        assert before.replace(number="2") == model(name="a", number=2)
        assert before.number == 1
        with pytest.raises(ValidationError):
            before.replace(name="x" * 201)

    def test_have_no_other_fields_to_replace(self, model):
        with pytest.raises(TypeError, match="has no colour, size"):
            model(name="a").replace(size=1, colour=2)

    def test_are_written_as_compact_json(self, model):
        assert model(name="é").to_json() == '{"name":"é","number":0}'.encode()


def test_a_reader_of_the_wire_ignores_what_it_does_not_know():
    assert Sent.model_validate({"name": "a", "mood": "calm"}) == Sent(name="a")


def test_what_people_write_by_hand_is_taken_at_its_word():
    with pytest.raises(ValidationError, match="mood"):
        Written.model_validate({"name": "a", "mood": "calm"})


@pytest.mark.parametrize(
    ("given", "read"), [("alarmed", Mood.ALARMED), ("calm", Mood.CALM), ("furious", Mood.CALM), ("", Mood.CALM)]
)
def test_a_word_of_a_newer_version_is_read_as_the_fallback(given, read):
    assert Screen(mood=given).mood is read
    assert Screen.model_validate_json(f'{{"mood":"{given}"}}').mood is read


@pytest.mark.parametrize("given", [1, None, ["calm"], {"calm": 1}])
def test_what_is_no_word_at_all_is_refused_all_the_same(given):
    with pytest.raises(ValidationError):
        Screen(mood=given)


VALID = {
    Identifier: ["a", "0", "hall", "a-b-c", "a" * 63, "2-"],
    Sha256: ["0" * 64, "abcdef0123456789" * 4],
    Instant: [0, 1, 253_402_300_799_999],
    Colour: ["#000000", "#1d4f91"],
    Line: ["", "x" * 200, "  Marché  "],
    Paragraphs: ["", "x" * 5_000, "one\ntwo"],
}
INVALID = {
    Identifier: ["", "-a", "A", "a_b", "a b", "a/b", "é", "a" * 64, "a\n", 1],
    Sha256: ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64],
    Instant: [-1, 253_402_300_800_000, 1.5, "soon"],
    Colour: ["", "#000", "000000", "#00000G", "#1D4F91", "red"],
    Line: ["x" * 201, None],
    Paragraphs: ["x" * 5_001],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in VALID.items() for value in values])
def test_a_small_type_takes_what_is_right(kind, value):
    found = TypeAdapter(kind).validate_python(value)
    assert found == (value.strip() if isinstance(value, str) else value)


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in INVALID.items() for value in values])
def test_a_small_type_refuses_what_is_wrong(kind, value):
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


class TestAssets:
    def asset(self, **changes) -> AssetReference:
        return AssetReference(**{"sha256": "a" * 64, "size": 10, "media_type": "image/jpeg"} | changes)

    def test_are_named_by_their_content(self):
        assert self.asset() == AssetReference.model_validate_json(self.asset().to_json())

    @pytest.mark.parametrize("media_type", ["image/svg+xml", "video/mp4", "application/x-7z-compressed"])
    def test_have_a_media_type(self, media_type):
        assert self.asset(media_type=media_type).media_type == media_type

    @pytest.mark.parametrize(
        "wrong",
        [{"size": 0}, {"size": -1}, {"size": 2_000_000_001}, {"sha256": "a"}, {"media_type": "jpeg"},
         {"media_type": "image/"}, {"media_type": "image/jpeg; q=1"}],
        ids=str,
    )  # fmt: skip
    def test_that_cannot_be_are_refused(self, wrong):
        with pytest.raises(ValidationError):
            self.asset(**wrong)
