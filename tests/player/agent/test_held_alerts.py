from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator

import pytest
from PIL import Image
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import NOON, SigningTown, alert, slide

from beffroi_content.model import Alert, AlertForm, AlertLevel, AlertStatus, banner_rectangle
from beffroi_content.rendering import drawing
from beffroi_content.wire.documents import AlertSet, SigningRole, SteadyInstant
from beffroi_content.wire.envelope import seal_envelope
from beffroi_player.agent.effects import SaveAlerts
from beffroi_player.agent.held_streams import held_stream, measured_stream
from beffroi_player.clock import ServerClock
from beffroi_player.state.directories import AlertsRecord, HeldStream

HOUR = 3_600_000


@pytest.fixture
def informed(player: PlayerHarness, hall: SigningTown) -> PlayerHarness:
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("pool"))))
    player.run_iteration()
    return player


# --- to the screen and away from it


def test_an_alert_takes_the_screen_and_is_acknowledged(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert()))
    assert informed.alerts == [("flood", "takeover")]
    assert ("all/alerts", hall.sequence, "flood", "takeover") in informed.receipts()
    assert informed.report().alerts == {"all/alerts": hall.sequence}


def test_the_latency_is_from_reception_to_presentation(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert()))
    informed.wait(25)
    body = json.loads([payload for leaf, payload in informed.published if leaf == "receipts"][-1])
    assert body["receipts"][0]["latency_ms"] == 25.0


def test_a_receipt_is_given_once(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert()))
    for _ in range(5):
        informed.wait(5_000)
    assert [r[2:] for r in informed.receipts()].count(("flood", "takeover")) == 1


def test_an_alert_that_is_ended_early_says_so_and_gives_way(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert()))
    informed.run_iteration()
    hall.now_ms += 1_000
    informed.time.pass_by(1_000)
    informed.receive(hall.publish_alerts(alert(ends_at_ms=NOON + 500, all_clear_ms=60_000)))
    assert informed.alerts == [("flood", "all-clear")]
    informed.time.pass_by(61_000)
    assert informed.alerts == []
    assert informed.slides == ["pool"]


@pytest.mark.parametrize("replaced", [{"corrects": "flood"}, {"corrects": "better", "former": ("flood",)}])
def test_the_end_of_a_corrected_alert_is_shown_also_where_the_new_text_was_hidden_up_to_a_power_cut(
    informed: PlayerHarness, hall: SigningTown, replaced: dict[str, object]
) -> None:
    informed.receive(hall.publish_alerts(alert()))
    informed.run_iteration()
    informed.held_alerts.seen = lambda: frozenset({"flood"})
    gas = alert("gas", EMERGENCY, all_clear_ms=0)
    if "former" in replaced:
        informed.receive(hall.publish_alerts(alert("better", corrects="flood"), gas))
    informed.receive(hall.publish_alerts(alert("news", **replaced, ends_at_ms=NOON + 500), gas))
    informed.run_iteration()
    hall.now_ms += 1_000
    informed.time.pass_by(1_000)
    informed.receive(hall.publish_alerts(alert("news", **replaced, ends_at_ms=NOON + 500)))
    # The machine was started anew: nothing is left in its memory.
    informed.runtime.presented.path.unlink()
    informed.start_stage()
    assert informed.alerts == [("news", "all-clear")]


def test_an_end_of_alert_that_is_not_drawn_yet_stops_nobody(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert(ends_at_ms=NOON + 30_000, all_clear_ms=60_000)))
    record = informed.runtime.alerts.read()
    assert record is not None
    drawn = {name: frames for name, frames in record.frames.items() if "all-clear" not in name}
    assert drawn != record.frames
    informed.runtime.alerts.write(record.model_copy(update={"frames": drawn}))
    assert informed.alerts == [("flood", "takeover")]
    assert [fault.detail for fault in informed.wait(31_000).faults] == ["it is not drawn yet"]


def test_an_alert_that_is_withdrawn_is_gone_without_a_word(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert()))
    informed.run_iteration()
    informed.receive(hall.publish_alerts())
    assert informed.slides == ["pool"]


def test_an_alert_reaches_a_player_that_has_no_programme(player: PlayerHarness, hall: SigningTown) -> None:
    player.receive(hall.publish_keys(), hall.publish_alerts(alert(level=AlertLevel.EMERGENCY)))
    assert player.alerts == [("flood", "takeover")]
    player.receive(hall.publish_alerts())
    assert player.run_iteration().showings == ()
    assert len(player.display.images) == 2


def test_a_banner_lies_over_the_programme(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert(level=AlertLevel.VIGILANCE)))
    shown = [(s.slide or s.alert) for s in informed.run_iteration().showings]
    assert shown == ["pool", "flood"]
    below = informed.display.images[-1]
    band = banner_rectangle((320, 180))
    assert below.get_at((band.x, band.y + 2)) != informed.display.images[0].get_at((band.x, band.y + 2))


def test_information_enters_the_loop(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert(level=AlertLevel.INFORMATION)))
    seen = set()
    for _ in range(12):
        informed.time.pass_by(2_000)
        seen |= {shown.slide or shown.alert for shown in informed.run_iteration().showings}
    assert seen == {"pool", "flood"}


@pytest.mark.parametrize("broken", ["laid out", "painted"])
def test_an_alert_that_cannot_be_drawn_is_shown_as_plain_text(
    informed: PlayerHarness,
    hall: SigningTown,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    broken: str,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the template is broken")

    if broken == "laid out":
        monkeypatch.setattr("beffroi_content.rendering.lay_out_alert", fail)
    else:
        monkeypatch.setattr("beffroi_content.raster.page_painter.coloured_pictogram", fail)
        monkeypatch.setattr("beffroi_content.raster.page_painter.pictogram_on_ground", fail)
    informed.receive(hall.publish_alerts(alert()))
    assert informed.alerts == [("flood", "takeover")]
    assert "shown as plain text" in caplog.text


def test_a_full_runtime_directory_stops_no_alert(
    informed: PlayerHarness, hall: SigningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("beffroi_player.agent.page_files.write_pieces", fail)
    informed.receive(hall.publish_alerts(alert()))
    assert list(informed.runtime.folder.glob("*.pam")) == []
    assert informed.alerts == [("flood", "takeover")]


def test_the_first_page_is_shown_before_the_second_is_drawn(
    informed: PlayerHarness, hall: SigningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    paint, presented = drawing._paint_bands, []

    def paint_and_look(*page: object) -> Iterator[Image.Image]:
        presented.append(informed.alerts)
        return paint(*page)

    monkeypatch.setattr(drawing, "_paint_bands", paint_and_look)
    long = "Montez à l’étage. " + "Coupez le gaz et l’électricité, et n’allez pas chercher les enfants à l’école. " * 6
    informed.receive(hall.publish_alerts(alert(level=AlertLevel.EMERGENCY, instruction=long, description=long)))
    assert presented[:2] == [[], [("flood", "takeover")]]


@pytest.fixture
def seen_while_drawing(informed: PlayerHarness, monkeypatch: pytest.MonkeyPatch) -> list[list[tuple[str, str]]]:
    """What is on the screen each time that a page is drawn."""
    paint, seen = drawing._paint_bands, []

    def look_and_paint(*page: object) -> Iterator[Image.Image]:
        seen.append(informed.alerts)
        return paint(*page)

    monkeypatch.setattr(drawing, "_paint_bands", look_and_paint)
    return seen


def test_information_joins_the_loop_once_all_its_pages_are_drawn(
    informed: PlayerHarness, hall: SigningTown, seen_while_drawing: list[list[tuple[str, str]]]
) -> None:
    long = "Coupez le gaz et l’électricité, et n’allez pas chercher les enfants à l’école. " * 12
    news = alert(level=AlertLevel.INFORMATION, instruction=long, description=long)
    informed.receive(hall.publish_alerts(news))
    assert len(seen_while_drawing) > 1
    assert not any(seen_while_drawing)
    (held,) = informed.held_alerts.to_record().all_held()
    assert held.pages == len(seen_while_drawing)


EMERGENCY = AlertLevel.EMERGENCY
EXERCISE = alert("a-drill", EMERGENCY, status=AlertStatus.EXERCISE, title="Exercice")


def test_no_exercise_is_on_before_the_alert_that_hides_it(
    informed: PlayerHarness, hall: SigningTown, seen_while_drawing: list[list[tuple[str, str]]]
) -> None:
    informed.receive(hall.publish_alerts(EXERCISE, alert()))
    assert seen_while_drawing[:2] == [[], [("flood", "takeover")]]
    assert {each[2] for each in informed.receipts()} == {None, "flood"}


@pytest.mark.parametrize("cause", ["restart", "power cut", "other programme"])
def test_alerts_that_are_drawn_anew_stay_as_they_are_until_then(
    informed: PlayerHarness, hall: SigningTown, seen_while_drawing: list[list[tuple[str, str]]], cause: str
) -> None:
    """An agent that tells the stage of one alert after another would show what the others hide, and prove it."""
    informed.receive(hall.publish_alerts(EXERCISE, alert("zone", EMERGENCY, title="Inondation"), alert()))
    assert informed.alerts == [("zone", "takeover")]
    seen_while_drawing.clear()
    if cause == "power cut":
        for path in informed.runtime.folder.iterdir():
            path.unlink()
        informed.start_stage()
    if cause == "other programme":
        hall.now_ms += 1
        informed.receive(hall.publish_programme(hall.manifest(slide("pool"), locale="en")))
    else:
        informed.start()
    assert len(seen_while_drawing) >= 3
    assert {tuple(each) for each in seen_while_drawing} == {(("zone", "takeover"),)}
    assert not {each for each in informed.receipts() if each[2] in {"flood", EXERCISE.id}}


def test_an_alert_for_a_group_ends_when_the_screen_leaves_it(informed: PlayerHarness, hall: SigningTown) -> None:
    hall.now_ms += 1
    informed.receive(hall.publish_programme(hall.manifest(slide("pool"), groups=("schools",))))
    informed.receive(hall.publish_alerts(alert(), group="schools"))
    assert informed.alerts == [("flood", "takeover")]
    hall.now_ms += 1
    informed.receive(hall.publish_programme(hall.manifest(slide("pool"))))
    assert informed.alerts == []


def test_an_alert_for_a_group_comes_back_with_the_screen(informed: PlayerHarness, hall: SigningTown) -> None:
    document = hall.publish_alerts(alert(), group="schools")
    for groups in (("schools",), (), ("schools",)):
        hall.now_ms += 1
        informed.receive(hall.publish_programme(hall.manifest(slide("pool"), groups=groups)), document)
    assert informed.alerts == [("flood", "takeover")]


def test_the_frames_of_past_alerts_do_not_pile_up(informed: PlayerHarness, hall: SigningTown) -> None:
    before = sorted(informed.state.frames.iterdir())
    for number in range(3):
        informed.receive(hall.publish_alerts(alert(f"flood-{number}")))
        informed.run_iteration()
    informed.receive(hall.publish_alerts())
    assert sorted(informed.state.frames.iterdir()) == before
    assert list(informed.runtime.folder.glob("*.pam")) == []


# --- restarts


def test_an_alert_is_on_the_disk_and_comes_back_with_nobody_to_ask(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert()))
    before = informed.run_iteration().frame
    informed.start()
    assert informed.run_iteration().frame == before
    informed.receive(hall.publish_alerts())
    assert informed.alerts == []


def test_the_stage_alone_shows_a_stored_alert_after_a_power_cut(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert()))
    before = informed.run_iteration().frame
    for path in informed.runtime.folder.iterdir():
        path.unlink()
    informed.start_stage()
    assert informed.run_iteration().frame == before


def test_a_power_cut_between_floor_and_alerts_does_not_lose_the_alert(
    informed: PlayerHarness, hall: SigningTown
) -> None:
    document = hall.publish_alerts(alert())
    informed.receive(document)
    informed.state.alerts.remove()
    informed.runtime.alerts.remove()
    informed.start()
    assert informed.alerts == []
    informed.receive(document)
    assert informed.alerts == [("flood", "takeover")]


def test_an_agent_that_died_with_its_floors_unwritten_takes_nothing_older(
    informed: PlayerHarness, hall: SigningTown
) -> None:
    """A broker that died as well hands out what it had kept: an alert that this screen knows to be withdrawn."""
    former = hall.publish_alerts(alert())
    informed.receive(former)
    trust, stored = informed.storage.trust.read(), informed.state.alerts.read()
    older = hall.publish_alerts(alert("fire"))
    hall.publish_alerts()
    newest = hall.publish_alerts(alert("storm"))
    informed.receive(newest)
    # The disk is as it was before: the agent died before it had written anything.
    informed.storage.trust.write(trust)
    informed.state.alerts.write(stored)
    informed.start()
    for document in (former, older, newest):
        informed.receive(document)
        assert informed.alerts == [("storm", "takeover")]
    assert set(informed.codes()) == {"rollback"}


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"boot": 3}', "\x00" * 100])
def test_damaged_alerts_come_again(informed: PlayerHarness, hall: SigningTown, damage: str) -> None:
    document = hall.publish_alerts(alert())
    informed.receive(document)
    informed.state.alerts.path.write_text(damage)
    informed.runtime.alerts.path.write_text(damage)
    informed.start()
    informed.receive(document)
    assert informed.alerts == [("flood", "takeover")]


def test_what_an_alert_has_left_counts_on_after_a_power_cut(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert(time_to_live_ms=HOUR, ends_at_ms=NOON + 10 * HOUR, all_clear_ms=0)))
    informed.wait(HOUR // 2)
    informed.carry_out(SaveAlerts())
    for path in informed.runtime.folder.iterdir():
        path.unlink()
    informed.boot_id = "another"
    informed.time.uptime_ms = 1_000
    informed.start()
    left = informed.held_alerts.to_record().all_held()[0].lapses_at_uptime_ms
    assert left == HOUR // 2


# --- how long an alert is held


def stream(*alerts: object, **fields: int) -> AlertSet:
    return AlertSet(sequence=5, issued_at_ms=NOON, expires_at_ms=NOON + HOUR, alerts=alerts)


def lapses(before: HeldStream | None, document: AlertSet, uptime: int) -> list[int]:
    return [held.lapses_at_uptime_ms for held in held_stream(before, document, uptime).alerts]


def test_a_new_alert_lapses_after_its_time_to_live() -> None:
    assert lapses(None, stream(alert()), 100) == [100 + HOUR]


def test_the_same_alert_again_keeps_its_first_lapse() -> None:
    first = held_stream(None, stream(alert()), 100)
    assert lapses(first, stream(alert()), 5_000) == [100 + HOUR]


@pytest.mark.parametrize(("time_to_live", "lapse"), [(HOUR // 2, 5_000 + HOUR // 2), (2 * HOUR, 100 + HOUR)])
def test_another_time_to_live_can_shorten_but_not_prolong(time_to_live: int, lapse: int) -> None:
    first = held_stream(None, stream(alert()), 100)
    assert lapses(first, stream(alert(time_to_live_ms=time_to_live)), 5_000) == [lapse]


def test_an_alert_that_says_something_else_counts_anew() -> None:
    first = held_stream(None, stream(alert()), 100)
    assert lapses(first, stream(alert(title="Crue")), 5_000) == [5_000 + HOUR]


def test_a_planned_alert_is_held_until_its_end_and_is_the_same_once_the_server_says_that_it_has_begun() -> None:
    siren = alert(issued_at_ms=NOON + 2 * HOUR, ends_at_ms=NOON + 3 * HOUR)
    document = AlertSet(sequence=5, issued_at_ms=NOON, expires_at_ms=NOON + HOUR, planned=(siren,))
    planned = held_stream(None, document, 100)
    (before,) = planned.alerts
    assert (before.is_planned, before.lapses_at_uptime_ms) == (True, 100 + 3 * HOUR)

    begun = stream(alert(issued_at_ms=siren.issued_at_ms, ends_at_ms=siren.ends_at_ms, time_to_live_ms=HOUR - 900))
    at_begin = begun.replace(issued_at_ms=siren.issued_at_ms + 900, expires_at_ms=NOON + 9 * HOUR)
    (after,) = held_stream(planned, at_begin, 2 * HOUR + 1_000).alerts

    assert (after.is_planned, after.lapses_at_uptime_ms) == (False, 100 + 3 * HOUR)


def test_uptime_of_another_boot_means_nothing() -> None:
    held = held_stream(None, stream(alert()), 50_000)
    record = AlertsRecord(boot="a", saved_at_uptime_ms=60_000, streams={"all/alerts": held})
    assert record.in_boot("a").all_held()[0].lapses_at_uptime_ms == 50_000 + HOUR
    assert record.in_boot("b").all_held()[0].lapses_at_uptime_ms == HOUR - 10_000


@pytest.mark.parametrize(("saved_ms", "is_measured"), [(HOUR - 1, False), (HOUR + 1, True)])
def test_what_was_over_before_a_power_cut_is_over_after_it(saved_ms: int, is_measured: bool) -> None:
    held = held_stream(None, signed_stream(alert()), 100, server_clock())
    record = AlertsRecord(boot="a", saved_at_uptime_ms=saved_ms, streams={"all/alerts": held})
    assert record.in_boot("b").all_held()[0].is_measured is is_measured


# --- by the server's steady clock


def server_clock(epoch: str = "e1", late_ms: int = 0) -> ServerClock:
    """Return what beats have told that came in late, at uptime 0."""
    return ServerClock(epoch=epoch, ahead_ms=1_000_000 - late_ms, wall_ms=NOON, beat_uptime_ms=0)


def signed_stream(*alerts: Alert, epoch: str = "e1") -> AlertSet:
    """Return a set that was signed at uptime 0."""
    return stream(*alerts).model_copy(update={"steady": SteadyInstant(epoch=epoch, ms=1_000_000)})


def test_a_beat_that_was_less_late_shortens_what_a_later_one_prolonged() -> None:
    first = held_stream(None, signed_stream(alert()), 100, server_clock(late_ms=90_000))
    assert [held.lapses_at_uptime_ms for held in first.alerts] == [HOUR + 90_000]
    better = measured_stream(first, server_clock())
    assert [held.lapses_at_uptime_ms for held in better.alerts] == [HOUR]
    assert measured_stream(better, server_clock(late_ms=90_000)) == better
    assert measured_stream(better, server_clock(late_ms=-900)) == better


def test_a_set_of_a_server_that_was_started_anew_leaves_measured_what_was() -> None:
    first = held_stream(None, signed_stream(alert()), 100, server_clock())
    again = held_stream(first, signed_stream(alert(), epoch="e2"), 5_000, server_clock())
    assert [(held.lapses_at_uptime_ms, held.is_measured) for held in again.alerts] == [(HOUR, True)]


def test_what_is_over_does_not_come_back_with_the_next_beat_when_only_its_times_were_moved() -> None:
    first = held_stream(None, signed_stream(alert()), 100, server_clock())
    moved = alert(issued_at_ms=NOON + HOUR, ends_at_ms=NOON + 2 * HOUR)
    signed_at = SteadyInstant(epoch="e2", ms=1_000_000 + HOUR)
    document = stream(moved).model_copy(update={"issued_at_ms": NOON + HOUR, "steady": signed_at})
    again = measured_stream(held_stream(first, document, HOUR + 5_000, server_clock()), server_clock("e2"))
    assert [held.lapses_at_uptime_ms for held in again.alerts] == [HOUR]


# --- what is refused


def refused(informed: PlayerHarness, *document: tuple[str, bytes]) -> list[str]:
    before = informed.run_iteration()
    informed.receive(*document)
    after = informed.run_iteration()
    assert (after.showings, after.frame) == (before.showings, before.frame)
    return [refusal.code for refusal in informed.report().refusals]


def test_a_wrong_key_is_refused(informed: PlayerHarness, hall: SigningTown) -> None:
    assert refused(informed, hall.publish_alerts(alert(), key=hall.keys[SigningRole.BEAT])) == ["wrong-key"]


def test_an_older_document_is_refused(informed: PlayerHarness, hall: SigningTown) -> None:
    old = hall.publish_alerts(alert())
    hall.now_ms += 1_000
    informed.receive(hall.publish_alerts())
    assert refused(informed, old) == ["rollback"]


def test_a_document_for_others_is_refused(informed: PlayerHarness, hall: SigningTown) -> None:
    assert refused(informed, hall.publish_alerts(alert(), group="schools")) == ["wrong-audience"]


def test_a_document_on_another_topic_is_refused(informed: PlayerHarness, hall: SigningTown) -> None:
    topic, payload = hall.publish_alerts(alert())
    assert refused(informed, (topic.replace("/all/", "/s-hall/"), payload)) == ["wrong-key"]


def test_an_expired_document_is_refused(informed: PlayerHarness, hall: SigningTown) -> None:
    document = hall.publish_alerts(alert(), lives_ms=1_000)
    informed.time.pass_by(2_000)
    assert refused(informed, document) == ["expired"]


def test_two_contents_of_one_sequence_are_refused(informed: PlayerHarness, hall: SigningTown) -> None:
    topic, payload = hall.publish_alerts()
    informed.receive((topic, payload))
    lie = AlertSet(sequence=hall.sequence, issued_at_ms=NOON, expires_at_ms=NOON + HOUR, alerts=(alert(),))
    sealed = seal_envelope(SigningRole.ALERT, "saint-aubin/all", lie.to_json(), [hall.keys[SigningRole.ALERT]])
    assert refused(informed, (topic, sealed)) == ["equivocation"]


@pytest.mark.parametrize("payload", [b"", b"hello", b"BEFFROI1 alert json\n\n{}", b"\xff" * 300_000])
def test_rubbish_is_refused(informed: PlayerHarness, payload: bytes) -> None:
    assert refused(informed, ("beffroi/1/saint-aubin/down/all/alerts", payload))[0] in ("malformed", "too-large")


def test_a_duplicate_is_quiet(informed: PlayerHarness, hall: SigningTown) -> None:
    document = hall.publish_alerts(alert())
    informed.receive(document, document, document)
    assert informed.codes() == []


def test_refusals_are_counted_and_logged_once_a_minute(
    informed: PlayerHarness, hall: SigningTown, caplog: pytest.LogCaptureFixture
) -> None:
    forged = hall.publish_alerts(alert(), key=hall.keys[SigningRole.BEAT])
    informed.receive(*[forged] * 50)
    assert [r.count for r in informed.refusals.newest_first()] == [50]
    assert len([r for r in caplog.records if "refused" in r.message]) == 1


def test_a_hundred_kinds_of_rubbish_leave_a_report_that_fits(informed: PlayerHarness) -> None:
    informed.receive(*[(f"{number}" + "t" * 1_000, b"x") for number in range(100)])
    report = informed.report()
    assert len(report.refusals) == 20
    assert len(report.to_json()) < 32 * 1024


def test_the_forms_of_alerts_have_their_own_frames(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_alerts(alert()))
    names = informed.runtime.alerts.read().frames
    assert {name.split()[1] for name in names} == {AlertForm.TAKEOVER, AlertForm.ALL_CLEAR}
