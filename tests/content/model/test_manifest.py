"""Manifests as data: complete, consistent, and readable by older players."""

import pytest
from pydantic import ValidationError
from tests.support.sample_manifests import manifest, rule, slide

from beffroi_content.model import (
    DayCalendar,
    DayRange,
    Manifest,
    Playlist,
    ScreenClass,
    ScreenSettings,
    Slide,
    SlideTransition,
    Town,
    UncertainClock,
)
from beffroi_content.model.manifest import DEEPEST_NESTING, MAX_GROUPS

IMAGE = {"sha256": "a" * 64, "size": 10, "media_type": "image/jpeg"}
SCREEN_CLASS = ScreenClass(name="LCD", width=1920, height=1080, physical_height_mm=600, viewing_distance_mm=3000)


def settings(**changes) -> ScreenSettings:
    return ScreenSettings(**{"screen_class": SCREEN_CLASS, "town": Town(name="Saint-Aubin")} | changes)


def image_slide(name: str, digit: str = "a") -> Slide:
    content = {"kind": "image", "picture": IMAGE | {"sha256": digit * 64}}
    return Slide.model_validate({"id": name, "name": name, "content": content})


def playlist(name: str, *slides: str, **changes) -> Playlist:
    return Playlist(id=name, name=name, slides=slides, **changes)


PLAIN = manifest((rule("news"), [slide("a"), slide("b")]))


class TestConsistency:
    def test_of_a_plain_manifest_is_kept_over_the_wire(self):
        assert Manifest.model_validate_json(PLAIN.to_json()) == PLAIN

    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"slides": (slide("a"), slide("a"), slide("b"))}, "two slides or playlists"),
            ({"slides": (slide("a"), slide("b"), slide("idle"))}, "two slides or playlists"),
            ({"playlists": (playlist("news-list", "b"), playlist("a"))}, "two slides or playlists"),
            ({"rules": (rule("news"), rule("news"))}, "two rules"),
            ({"calendars": (DayCalendar(id="c", name="C"),) * 2}, "two calendars"),
            ({"slides": (slide("a"),)}, "does not contain: b"),
            ({"rules": (rule("news", playlist="gone"),)}, "does not contain: gone"),
            ({"rules": (rule("news", zone="side"),)}, "does not contain: side"),
            ({"rules": (rule("news", only_on={"holidays"}),)}, "does not contain: holidays"),
            ({"rules": (rule("news", never_on={"holidays"}),)}, "does not contain: holidays"),
            ({"idle": slide("idle", valid_until_ms=5)}, "idle slide is always valid"),
            ({"idle": slide("idle", valid_from_ms=5)}, "idle slide is always valid"),
        ],
        ids=lambda value: value if isinstance(value, str) else next(iter(value)),
    )
    def test_is_demanded(self, changes, complaint):
        with pytest.raises(ValidationError, match=complaint):
            PLAIN.replace(**changes)

    def test_of_calendars_that_rules_name(self):
        calendar = DayCalendar(id="holidays", name="H", days=(DayRange(first="2026-12-24", last="2027-01-03"),))
        changed = PLAIN.replace(calendars=(calendar,), rules=(rule("news", only_on={"holidays"}),))
        assert changed.rules[0].only_on == {"holidays"}


class TestNesting:
    def nested(self, depth: int) -> Manifest:
        """Return a manifest whose playlist contains others, so many deep."""
        inner = [playlist(f"p{level}", f"p{level + 1}") for level in range(depth)]
        return PLAIN.replace(playlists=(playlist("news-list", "p0"), *inner, playlist(f"p{depth}", "a")))

    def test_is_allowed_to_a_depth(self):
        assert len(self.nested(DEEPEST_NESTING - 1).playlists) == DEEPEST_NESTING + 1

    def test_is_refused_beyond_it(self):
        with pytest.raises(ValidationError, match=f"more than {DEEPEST_NESTING} deep"):
            self.nested(DEEPEST_NESTING)

    @pytest.mark.parametrize("circle", [("p0",), ("p0", "p1"), ("p0", "p1", "p2")])
    def test_in_a_circle_is_refused(self, circle):
        rounds = [playlist(name, circle[(number + 1) % len(circle)]) for number, name in enumerate(circle)]
        with pytest.raises(ValidationError, match="circle"):
            PLAIN.replace(playlists=(playlist("news-list", "p0"), *rounds))

    def test_of_one_playlist_in_two_places_is_no_circle(self):
        twice = (playlist("news-list", "p0", "p1"), playlist("p0", "p1"), playlist("p1", "a"))
        assert len(PLAIN.replace(playlists=twice).playlists) == 3


class TestWithoutSlides:
    def test_takes_them_out_of_every_playlist(self):
        left = PLAIN.replace(playlists=(playlist("news-list", "a", "b", "a"), playlist("other", "a"))).without_slides(
            ["a"]
        )
        assert [one.id for one in left.slides] == ["b"]
        assert [one.slides for one in left.playlists] == [("b",), ()]

    def test_keeps_the_idle_slide(self):
        listed = PLAIN.replace(playlists=(playlist("news-list", "idle", "a"),))
        assert listed.without_slides(["idle", "b"]).playlists[0].slides == ("idle", "a")

    def test_of_none_is_the_same(self):
        assert PLAIN.without_slides([]) == PLAIN


class TestAssets:
    def test_are_named_once_in_the_order_of_use(self):
        programme = manifest(
            (rule("news"), [image_slide("one", "c"), image_slide("two", "b"), image_slide("three", "c")])
        )
        logo = IMAGE | {"sha256": "d" * 64}
        programme = programme.replace(settings=settings(town=Town(name="T", logo=logo)), idle=image_slide("idle", "e"))
        assert [asset.sha256[0] for asset in programme.assets] == ["d", "e", "c", "b"]

    def test_of_text_are_none(self):
        assert PLAIN.assets == ()


class TestSettings:
    def test_are_careful_by_default(self):
        found = settings()
        assert (found.volume, found.overscan_percent, found.idle_after_hours) == (0, 0, None)
        assert (found.transition, found.uncertain_clock) == (SlideTransition.CUT, UncertainClock.BELIEVED)

    @pytest.mark.parametrize(
        ("field", "word", "read"),
        [
            ("transition", "explode", SlideTransition.CUT),
            ("transition", "wipe", SlideTransition.WIPE),
            ("uncertain_clock", "guess", UncertainClock.IDLE),
            ("uncertain_clock", "undated", UncertainClock.UNDATED),
        ],
    )
    def test_of_a_newer_version_are_read_as_the_most_careful(self, field, word, read):
        assert getattr(settings(**{field: word}), field) is read

    @pytest.mark.parametrize("name", ["Europe/Paris", "Indian/Reunion", "America/Guadeloupe", "UTC"])
    def test_name_a_time_zone(self, name):
        assert settings(time_zone=name).time_zone == name

    @pytest.mark.parametrize("name", ["", "Paris", "Europe/Ys", "../../etc/passwd", "/etc/localtime", "Europe"])
    def test_refuse_what_is_no_time_zone(self, name):
        with pytest.raises(ValidationError, match="IANA"):
            settings(time_zone=name)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"rotation": 45},
            {"locale": "de"},
            {"groups": tuple(f"g{number}" for number in range(MAX_GROUPS + 1))},
            {"darkest": 0},
            {"volume": 101},
            {"overscan_percent": 16},
            {"idle_after_hours": 0},
            {"overscan_percent": float("nan")},
        ],
        ids=lambda wrong: next(iter(wrong)),
    )  # fmt: skip
    def test_out_of_range_are_refused(self, wrong):
        with pytest.raises(ValidationError):
            settings(**wrong)

    @pytest.mark.parametrize("wrong", [{"latitude": 91}, {"longitude": -181}, {"colour": "blue"}], ids=str)
    def test_of_a_town_that_is_nowhere_are_refused(self, wrong):
        with pytest.raises(ValidationError):
            Town(**{"name": "Saint-Aubin"} | wrong)

    @pytest.mark.parametrize(
        "wrong",
        [{"width": 15}, {"height": 7681}, {"colour_depth": 2}, {"physical_height_mm": 0}, {"technology": "crt"}],
        ids=str,
    )
    def test_of_a_display_that_cannot_be_are_refused(self, wrong):
        with pytest.raises(ValidationError):
            ScreenClass(**dict(SCREEN_CLASS) | wrong)
