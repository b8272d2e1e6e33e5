from __future__ import annotations

import errno
import os

import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, alert, jpeg, picture_slide, slide

from beffroi_content import rendering
from beffroi_content.model import Slide, UnknownContent
from beffroi_player.agent.effects import RemoveUnneeded
from beffroi_player.agent.prepare.render_process import DISK_ERROR, DISK_FULL, WORKER_FAILED, RenderResult
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.agent.storage import PendingProgramme
from beffroi_player.state.play_files import play_files, read_plays


@pytest.fixture
def informed(player: PlayerHarness, hall: SigningTown) -> PlayerHarness:
    player.receive(hall.publish_keys(), hall.publish_beat())
    return player


def preview(hall: SigningTown, name: str) -> str:
    """Return the digest of the server's preview of a slide."""
    canvas = rendering.Canvas.for_screen(hall.manifest().settings)
    return rendering.image_digest(rendering.draw_slide(slide(name), canvas, lambda _: b"")[0])


def test_a_fresh_player_says_that_it_waits(player: PlayerHarness) -> None:
    glass = player.run_iteration()
    assert glass.showings == ()
    assert len(player.display.images) == 1


def test_a_programme_reaches_the_screen_and_equals_the_preview(informed: PlayerHarness, hall: SigningTown) -> None:
    topic, payload = hall.publish_programme(hall.manifest(slide("pool")))
    informed.receive((topic, payload))
    glass = informed.run_iteration()
    assert [shown.slide for shown in glass.showings] == ["pool"]
    assert glass.frame == preview(hall, "pool")
    assert informed.report().programme == hall.sequence
    assert informed.receipts() == [("s-hall/programme", hall.sequence, None, None)]


def test_slides_follow_one_another_on_the_wall_clock(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("one"), slide("two"))))
    first = informed.slides
    informed.time.pass_by(10_000)
    assert {*first, *informed.slides} == {"one", "two"}


def test_a_restart_shows_the_same_without_anybody(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("pool"))))
    before = informed.run_iteration().frame
    informed.start()
    assert informed.run_iteration().frame == before
    assert informed.painter.drawn == []


def test_a_programme_that_was_accepted_but_not_ready_is_made_ready_after_a_restart(
    informed: PlayerHarness, hall: SigningTown
) -> None:
    asset = hall.add_file(jpeg())
    informed.receive(hall.publish_programme(hall.manifest(picture_slide("photo", asset))))
    assert informed.state.programme.read() is None
    assert "waits for 1 of 1 files" in informed.report().preparing
    with hall.serve() as url:
        informed.server = url
        informed.start()
    assert informed.slides == ["photo"]


def test_a_missing_file_keeps_the_old_programme(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("old"))))
    sequence = hall.sequence
    asset = hall.add_file(jpeg())
    hall.now_ms += 1
    informed.receive(hall.publish_programme(hall.manifest(picture_slide("photo", asset))))
    assert informed.slides == ["old"]
    assert informed.report().programme == sequence


def test_a_slide_that_cannot_be_drawn_is_left_out_and_reported(informed: PlayerHarness, hall: SigningTown) -> None:
    asset = hall.add_file(b"not a picture at all")
    strange = Slide(id="strange", name="strange", content=UnknownContent(kind="hologram"))
    with hall.serve() as url:
        informed.server = url
        informed.start()
        informed.receive(hall.publish_programme(hall.manifest(slide("good"), picture_slide("bad", asset), strange)))
    seen = set()
    for _ in range(6):
        informed.time.pass_by(5_000)
        seen |= set(informed.slides)
    assert seen == {"good"}
    assert {(r.subject, r.code) for r in informed.report().refusals} == {
        ("slide bad", "picture-unusable"),
        ("slide strange", "unknown-kind"),
    }


def test_what_was_drawn_before_is_not_drawn_again(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("one"))))
    informed.painter.drawn.clear()
    informed.receive(hall.publish_programme(hall.manifest(slide("one"), slide("two"))))
    assert informed.painter.drawn == ["two"]


@pytest.mark.parametrize("damage", ["missing", "cut off", "empty", "nonsense"])
def test_a_broken_frame_is_replaced_by_the_idle_slide_and_repaired(
    informed: PlayerHarness, hall: SigningTown, damage: str
) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("pool"))))
    name = informed.state.programme.read().pages_of("pool", (320, 180))[0]
    path = informed.state.frames / name
    whole = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes({"cut off": whole[: len(whole) // 2], "empty": b"", "nonsense": b"x" * 500}[damage])
    informed.start_stage()
    glass = informed.run_iteration()
    assert [(shown.slide, shown.reason) for shown in glass.showings] == [("idle", "idle")]
    assert glass.faults[0].frame == name
    assert informed.repaired == [name]


@pytest.mark.parametrize("damage", ["", "{}", "not json", '{"sequence": 1, "manifest": {'])
def test_a_damaged_programme_leaves_the_screen_alone_and_comes_again(
    informed: PlayerHarness, hall: SigningTown, damage: str
) -> None:
    document = hall.publish_programme(hall.manifest(slide("pool")))
    informed.receive(document)
    before = informed.run_iteration().frame
    informed.state.programme.path.write_text(damage)
    assert informed.run_iteration().frame == before
    informed.start()
    informed.run_iteration()
    informed.receive(document)
    assert informed.slides == ["pool"]
    assert informed.codes() == []


def test_a_damaged_state_of_trust_is_rebuilt_from_what_is_held(informed: PlayerHarness, hall: SigningTown) -> None:
    old = hall.publish_programme(hall.manifest(slide("old")))
    hall.now_ms += 1_000
    new = hall.publish_programme(hall.manifest(slide("new")))
    informed.receive(new)
    informed.storage.trust.path.write_text("{")
    informed.start()
    assert informed.slides == ["new"]
    informed.receive(hall.publish_keys(), old, new)
    assert informed.codes() == ["rollback"]
    assert informed.slides == ["new"]


def test_a_full_disk_takes_nothing_off_the_screen(
    informed: PlayerHarness, hall: SigningTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("old"))))
    before = informed.run_iteration().frame

    def refuses(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", refuses)
    hall.now_ms += 1
    informed.receive(hall.publish_command("c1", "identify"))
    assert "disk" in informed.codes()
    assert informed.run_iteration().frame == before


def test_the_groups_of_a_programme_are_listened_to_at_once(informed: PlayerHarness, hall: SigningTown) -> None:
    before = informed.subscriptions
    informed.receive(hall.publish_programme(hall.manifest(slide("pool"), groups=("schools",))))
    assert "g-schools/alerts" in {topic.stream for topic in informed.held.admission.topics}
    assert informed.subscriptions == before + 1


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_turned_panel_shows_the_same_upright(informed: PlayerHarness, hall: SigningTown, rotation: int) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("pool"), rotation=rotation)))
    assert informed.run_iteration().frame == preview(hall, "pool")
    upright = rotation in (0, 180)
    assert informed.display.images[-1].get_size() == ((320, 180) if upright else (180, 320))


def test_every_play_is_logged_once_and_numbered_without_a_gap(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("one"), slide("two"))))
    informed.run_iteration()
    for _ in range(4):
        informed.wait(10_000)
    informed.stage.shut_down()
    informed.start()
    informed.run_iteration()
    informed.wait(10_000)
    plays = [play for file in play_files(informed.state.plays) for play in read_plays(file)]
    assert [play.number for play in plays] == list(range(1, 7))
    assert all(9_000 <= play.lasted_ms <= 11_000 for play in plays[:4])
    assert {play.slide for play in plays} == {"one", "two"}


def test_state_is_readable_json_and_the_token_is_for_the_owner_only(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.storage.enrolment.write(hall.enrolment())
    assert informed.storage.enrolment.path.stat().st_mode & 0o777 == 0o600
    assert "the-secret-token" not in repr(informed.storage.enrolment.read())


@pytest.mark.parametrize("damage", ["remove", "empty", "garbage"])
def test_a_programme_file_that_is_damaged_while_the_agent_runs_is_written_again(player, hall, damage):
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("a"))))
    assert player.slides == ["a"]
    path = player.state.programme.path
    path.unlink()
    if damage != "remove":
        path.write_bytes(b"" if damage == "empty" else b"{ nonsense")
    player.repair_state()
    player.start_stage()
    assert player.slides == ["a"]


def test_alerts_that_are_damaged_while_the_agent_runs_are_written_again(player, hall):
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_alerts(alert(now=hall.now_ms)))
    player.run_iteration()
    player.state.alerts.path.write_bytes(b"")
    player.repair_state()
    found = player.state.alerts.read()
    assert found is not None
    assert [held.alert.id for held in found.all_held()] == ["flood"]


def test_what_is_whole_is_not_written_again(player, hall):
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("a"))))
    before = player.state.programme.file_stamp
    player.repair_state()
    assert player.state.programme.file_stamp == before


@pytest.mark.parametrize("code", [DISK_FULL, DISK_ERROR, WORKER_FAILED])
def test_a_machine_that_draws_nothing_condemns_no_slide(player, hall, monkeypatch, code):
    monkeypatch.setattr(
        player.painter, "draw_slide", lambda *_: RenderResult(code=code, detail="No space left on device")
    )
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("a"))))
    assert "is not drawn yet" in player.preparer.status
    assert player.held.active is None
    monkeypatch.undo()
    player.prepare(player.held.pending)
    assert player.slides == ["a"]
    assert player.held.active.skipped == ()


def test_a_file_that_is_lost_while_it_is_drawn_condemns_no_slide(fetching_player, hall, monkeypatch):
    player = fetching_player
    # One that no other test has: what was decoded before is remembered.
    photo = picture_slide("photo", hall.add_file(jpeg("olive", (333, 222))))
    draw = player.painter.draw_slide

    def lose(shown, settings, size):
        for asset in shown.assets:
            player.assets.asset_path(asset).unlink()
        return draw(shown, settings, size)

    monkeypatch.setattr(player.painter, "draw_slide", lose)
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(photo)))
    assert player.held.active is None
    monkeypatch.undo()
    player.prepare(player.held.pending)
    assert player.slides == ["photo"]


def test_a_disk_that_is_full_gives_up_files_of_yesterday_for_a_frame(player, hall, monkeypatch):
    old = player.state.assets / ("0" * 64)
    old.write_bytes(b"of last winter")
    draw = player.painter.draw_slide

    def full(*order):
        return RenderResult(code=DISK_FULL, detail="No space left on device") if old.exists() else draw(*order)

    monkeypatch.setattr(player.painter, "draw_slide", full)
    player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(slide("a"))))
    assert player.slides == ["a"]


@pytest.mark.parametrize("name", ["assets", "frames", "plays"])
def test_a_file_in_the_place_of_a_folder_makes_way(informed: PlayerHarness, hall: SigningTown, name: str) -> None:
    folder = informed.state.folder / name
    folder.rmdir()
    folder.write_bytes(b"by mistake")
    informed.receive(hall.publish_programme(hall.manifest(slide("a"))))
    assert informed.slides == ["a"]
    assert folder.is_dir()


# --- several at once


def test_what_is_prepared_again_never_takes_the_place_of_what_is_newer(
    informed: PlayerHarness, hall: SigningTown
) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("old"))))
    before = informed.held.active
    assert before is not None
    informed.preparer.offer_programme(
        PendingProgramme(sequence=before.sequence + 1, manifest=hall.manifest(slide("new")))
    )
    informed.prepare(PendingProgramme(sequence=before.sequence, manifest=before.manifest))
    assert informed.slides == ["new"]
    informed.prepare(PendingProgramme(sequence=before.sequence, manifest=before.manifest))
    assert informed.slides == ["new"]


def test_what_is_there_for_the_next_programme_is_not_removed(informed: PlayerHarness, hall: SigningTown) -> None:
    informed.receive(hall.publish_programme(hall.manifest(slide("now"))))
    of_the_next = informed.state.frames / "of-the-next.png"
    of_the_next.write_bytes(b"drawn already")
    hall.now_ms += 1
    topic, payload = hall.publish_programme(hall.manifest(slide("next")))
    # The stage presents the programme, while the next one waits in the inbox.
    informed.inbox.put(ReceivedDocument(topic, payload, informed.time.uptime_ms, live=True))
    informed.inbox.put(RemoveUnneeded())
    while (item := informed.inbox.get_waiting()) is not None:
        informed.dispatcher.handle(item)
    assert informed.held.pending is not None
    informed.settle()
    assert of_the_next.exists()
    informed.tidy()
    assert not of_the_next.exists()
