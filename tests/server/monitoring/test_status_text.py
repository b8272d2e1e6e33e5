"""Texts of a screen's state, health and scene."""

from __future__ import annotations

import pytest

from beffroi_content import model as content
from beffroi_content.model import Rectangle
from beffroi_content.rendering import letter_check
from beffroi_content.timeline import ReasonKind, Scene, Showing
from beffroi_content.timeline.scene import ShowingReason
from beffroi_content.wire.reports import MachineDescription, NetworkStatus, PlayerReport, ShownPart
from beffroi_server.monitoring import screen_overview, status_text
from beffroi_server.monitoring.expected_frames import current_manifest
from beffroi_server.monitoring.status_text import (
    health_lines,
    letters_problem,
    problem_texts,
    scene_names,
    scene_reason,
    shown_names,
    state_text,
    verdict_text,
)

pytestmark = pytest.mark.usefixtures("english")
WHOLE = Rectangle(x=0, y=0, width=1920, height=1080)


def report(**values: object) -> PlayerReport:
    given = {"boot": "b", "number": 1, "at_ms": 0, "clock": "trusted", "link": "live"}
    return PlayerReport.model_validate(given | values)


def slide(name: str, pages: int = 1) -> content.Slide:
    announcement = content.Announcement(id="a", template="news", title=name)
    shown = content.AnnouncementContent(announcement=announcement)
    return content.Slide(id="s", name=name, content=shown, pages=pages)


def alert(title: str) -> content.Alert:
    return content.Alert.model_validate(
        {
            "id": "x",
            "level": "emergency",
            "title": title,
            "source": "x",
            "issued_at_ms": 0,
            "ends_at_ms": 1000,
            "time_to_live_ms": 1000,
            "all_clear_ms": 0,
        }
    )


def showing(kind: ReasonKind, **values) -> Showing:
    names = {name: values.pop(name) for name in ("rule", "playlist") if name in values}
    return Showing(rectangle=WHOLE, reason=ShowingReason(kind=kind, **names), **values)


class TestStates:
    def test_every_reason_has_a_text_and_a_state(self):
        assert set(status_text.REASON_TEXTS) == set(screen_overview.STATE_OF_REASON)
        assert set(screen_overview.STATE_OF_REASON.values()) <= set(status_text.STATE_TEXTS)

    @pytest.mark.parametrize("code", status_text.STATE_TEXTS)
    def test_have_text_colour_and_icon(self, code):
        found = state_text(code)

        assert found["code"] == code
        assert all(found[name] for name in ("text", "colour", "icon"))

    @pytest.mark.parametrize("code", status_text.VERDICT_TEXTS)
    def test_verdicts_have_them_too(self, code):
        found = verdict_text(code, 40)

        assert all(found[name] for name in ("text", "colour", "icon"))
        assert ("40" in found["text"]) is (code == "dimmed")


class TestProblems:
    def test_have_a_text_each(self):
        assert all(len(text) > 20 for text in problem_texts(status_text.PROBLEM_TEXTS))

    def test_of_a_newer_player_are_named_as_they_are(self):
        assert problem_texts(["fan-stuck"]) == ["fan-stuck"]


class TestHealth:
    def lines(self, **health: object) -> dict[str, str]:
        return dict(health_lines(report(health=health)))

    def test_of_a_player_that_says_nothing_is_empty(self):
        assert health_lines(None) == []
        assert health_lines(report()) == []
        assert health_lines(report(health={})) == []

    @pytest.mark.parametrize(
        ("dbm", "text"),
        [(-40, "strong"), (-65, "strong"), (-66, "sufficient"), (-75, "sufficient"), (-76, "weak")],
    )
    def test_says_how_strong_a_signal_is(self, dbm, text):
        network = {"interface": "wlan0", "kind": "wireless", "speed_mbps": 72, "signal_dbm": dbm}

        assert self.lines(network=network)["Network"] == f"wlan0, Wi-Fi, 72 Mbit/s, {text} ({dbm} dBm)"

    @pytest.mark.parametrize(
        ("cuts", "text"),
        [(0, ""), (1, ", lost 1 time since start-up"), (7, ", lost 7 times since start-up")],
    )
    def test_counts_the_cuts_of_a_cable(self, cuts, text):
        network = NetworkStatus(interface="eth0", kind="wired", cuts=cuts)

        assert self.lines(network=network.model_dump())["Network"] == f"eth0, cable{text}"

    @pytest.mark.parametrize(
        ("percent", "text"), [(0, "0 %"), (10, "10 %"), (100, "100 %"), (110, "beyond the manufacturer’s guarantee")]
    )
    def test_says_how_worn_its_memory_is(self, percent, text):
        assert text in self.lines(storage_used_percent=percent)["Built-in memory"]

    def test_leaves_out_what_is_in_order(self):
        assert self.lines(disk_errors=0, decode_errors=0) == {}
        assert len(self.lines(disk_errors=2, decode_errors=3)) == 2

    def test_names_the_machine(self):
        machine = {"model": "Raspberry Pi 4", "system": "Debian 12", "kernel": "6.1", "python": "3.11", "graphics": ""}

        found = dict(health_lines(report(machine=machine)))

        assert found == {"Machine": "Raspberry Pi 4", "System": "Debian 12 · 6.1", "Software": "Python 3.11"}


class TestShownNames:
    @pytest.mark.parametrize(
        ("parts", "text"),
        [
            ([], ""),
            ([{"slide": "s1"}], "La piscine rouvre"),
            ([{"slide": "s1"}, {"alert": "a1"}], "La piscine rouvre + Crue"),
            ([{"slide": "s1"}, {"slide": "s1"}], "La piscine rouvre"),
            ([{"slide": "deleted"}], "deleted"),
            ([{"alert": "ended"}], "ended"),
        ],
    )
    def test_are_those_of_slides_and_alerts(self, parts, text):
        shown = [ShownPart.model_validate({"reason": "rule", **part}) for part in parts]

        assert shown_names(shown, {"s1": "La piscine rouvre"}, {"a1": "Crue"}) == text


class TestScene:
    def test_is_named_by_its_parts(self):
        scene = Scene(
            (
                showing(ReasonKind.RULE, slide=slide("Marché")),
                showing(ReasonKind.ALERT, alert=alert("Crue"), form=content.AlertForm.BANNER),
            ),
            None,
        )

        assert scene_names(scene) == "Marché + Crue"

    def test_names_the_page_where_there_are_several(self):
        scene = Scene((showing(ReasonKind.RULE, slide=slide("Menu", 3), page=1),), None)

        assert scene_names(scene) == "Menu (page 2)"

    def test_names_the_end_of_an_alert(self):
        scene = Scene((showing(ReasonKind.ALL_CLEAR, alert=alert("Crue"), form=content.AlertForm.ALL_CLEAR),), None)

        assert scene_names(scene) == "End of alert: Crue"

    @pytest.mark.parametrize(
        ("kinds", "text"),
        [
            ([], ""),
            ([ReasonKind.IDLE], "Nothing is scheduled"),
            ([ReasonKind.RULE], "Rule “All day”, playlist “Everywhere”."),
            ([ReasonKind.RULE, ReasonKind.ALERT], "An alert is being broadcast."),
            ([ReasonKind.ALL_CLEAR], "The alert has ended"),
        ],
    )
    def test_has_a_reason(self, kinds, text, db, playlist, hall):
        manifest = current_manifest(hall)
        rule = manifest.rules[0]
        alerts = {ReasonKind.ALERT, ReasonKind.ALL_CLEAR}
        scene = Scene(
            tuple(
                showing(kind, alert=alert("Crue"))
                if kind in alerts
                else showing(kind, slide=slide("x"), rule=rule.id, playlist=rule.playlist)
                for kind in kinds
            ),
            None,
        )

        assert text in scene_reason(scene, manifest)


class TestLettersProblem:
    OURS = letter_check.right_to_left_digest()

    @pytest.mark.parametrize(
        ("theirs", "drawing", "said"),
        [
            (None, "", ""),
            (OURS, "Pillow 13.0.0, FriBidi 1.0.8", ""),
            ("0" * 64, "Pillow 13.0.0, no FriBidi", "libfribidi is missing on its player"),
            ("0" * 64, "Pillow 12.0.0, FriBidi 1.0.8", "it draws with Pillow 12.0.0, FriBidi 1.0.8"),
        ],
    )
    def test_says_why_a_screen_draws_arabic_otherwise(self, english, theirs, drawing, said):
        found = letters_problem(MachineDescription(drawing=drawing, right_to_left=theirs))
        assert said in found
        assert bool(found) == bool(said)

    def test_names_the_server_where_it_is_the_one(self, english, monkeypatch):
        monkeypatch.setattr(letter_check, "drawing_libraries", lambda: "Pillow 13.0.0, no FriBidi")
        machine = MachineDescription(drawing="Pillow 13.0.0, FriBidi 1.0.8", right_to_left="0" * 64)
        assert "missing on the server" in letters_problem(machine)

    def test_is_none_before_the_first_report(self):
        assert letters_problem(None) == ""
