"""The table of frames in ``programme.json``: typed keys in memory, a list in the file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.signing_town import SigningTown, slide

from beffroi_player.state.directories import ActiveProgramme, FrameSet, frame_table

SIZE, STRIP = (320, 180), (320, 20)
MANIFEST = SigningTown().manifest(slide("pool"))
NAMES = st.lists(st.text("abcdef0123456789-", min_size=1, max_size=20).map(lambda text: f"{text}.png"), max_size=4)
SETS = st.builds(
    FrameSet,
    slide=st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}", fullmatch=True),
    size=st.tuples(st.integers(1, 8_000), st.integers(1, 8_000)),
    pages=NAMES.map(tuple),
    strips=NAMES.map(tuple),
)


def programme(*sets: FrameSet) -> ActiveProgramme:
    return ActiveProgramme(sequence=1, manifest=MANIFEST, frames=frame_table(sets))


@given(st.lists(SETS, max_size=6))
def test_a_table_survives_its_file(sets: list[FrameSet]) -> None:
    before = programme(*sets)
    assert ActiveProgramme.model_validate_json(before.model_dump_json()) == before


def test_frames_are_found_by_slide_and_size() -> None:
    found = programme(
        FrameSet(slide="pool", size=SIZE, pages=("a-0.png", "a-1.png")),
        FrameSet(slide="pool", size=STRIP, pages=("b-0.png",), strips=("b-strip-0.png",)),
    )
    assert found.pages_of("pool", SIZE) == ("a-0.png", "a-1.png")
    assert found.strips_of("pool", SIZE) == ()
    assert found.strips_of("pool", STRIP) == ("b-strip-0.png",)
    assert found.pages_of("pool", (1, 1)) == found.strips_of("market", SIZE) == ()
    assert found.slides_with_frames == {"pool"}
    assert found.frame_names == {"a-0.png", "a-1.png", "b-0.png", "b-strip-0.png"}


def test_a_file_lists_the_sets_so_that_a_person_can_read_it() -> None:
    text = programme(FrameSet(slide="pool", size=SIZE, pages=("a-0.png",))).model_dump_json()
    assert json.loads(text)["frames"] == [{"slide": "pool", "size": [320, 180], "pages": ["a-0.png"], "strips": []}]


@pytest.mark.parametrize("frames", [[{"slide": "pool"}], ["pool"], {"pool 320x180": ["a.png"]}, "pool", 7])
def test_another_form_is_refused(frames: object) -> None:
    with pytest.raises(ValidationError):
        ActiveProgramme.model_validate({"sequence": 1, "manifest": MANIFEST, "frames": frames})
