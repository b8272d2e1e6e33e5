"""Admission alone: bytes, state and time in, the next state and effects out. No thread, no file, no clock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.signing_town import NOON, SCREEN, SigningTown, alert, slide

from beffroi_content.timeline import ClockState, Moment
from beffroi_content.trust import TrustState
from beffroi_content.wire.documents import ProgrammeDocument
from beffroi_content.wire.messages import PROGRAMME
from beffroi_content.wire.scopes import TopicScope
from beffroi_player.agent import effects as do
from beffroi_player.agent.admission import BEAT_SAVE_MS, AdmissionState, Decision, decide_on_document
from beffroi_player.agent.received import ReceivedDocument
from beffroi_player.clock import BeatReading, ServerClock, next_server_clock

UPTIME_MS = 60_000.0
LATER_MS = 1_000
YEAR_MS = 365 * 86_400_000


class AdmissionTrial:
    """The state of an admission, and the effects of each document."""

    def __init__(self, town: SigningTown) -> None:
        self.state = AdmissionState(SCREEN, TrustState(anchor=town.anchor))
        self.server: ServerClock | None = None
        self.clock = ClockState.TRUSTED
        self.now_ms = NOON
        self.uptime_ms = UPTIME_MS

    def admit(self, document: tuple[str, bytes], *, live: bool = True, nonce: str = "") -> tuple[do.Effect, ...]:
        received = ReceivedDocument(*document, self.uptime_ms, live, nonce)
        moment = Moment(self.now_ms, int(self.uptime_ms), self.clock)
        decision = decide_on_document(self.state, received, moment, self.server)
        self.state = decision.state
        for effect in decision.effects:
            if isinstance(effect, do.SetClock):
                self.server = next_server_clock(self.server, effect.reading)
        return decision.effects


@pytest.fixture
def town() -> SigningTown:
    return SigningTown()


@pytest.fixture
def trial(town: SigningTown) -> AdmissionTrial:
    """Return an admission that knows the keys."""
    trial = AdmissionTrial(town)
    trial.admit(town.publish_keys())
    return trial


def kinds(effects: tuple[do.Effect, ...]) -> list[type[do.Effect]]:
    return [type(effect) for effect in effects]


# --- what follows from each document


def test_keys_are_on_the_disk_before_anything_is_subscribed_to(town: SigningTown) -> None:
    effects = AdmissionTrial(town).admit(town.publish_keys())
    assert kinds(effects) == [do.RaiseClockFloor, do.SaveTrust, do.RequestSubscriptions, do.ReportChange]


def test_an_alert_is_shown_before_anything_waits_for_the_disk(trial: AdmissionTrial, town: SigningTown) -> None:
    effects = trial.admit(town.publish_alerts(alert()))
    assert kinds(effects) == [do.RaiseClockFloor, do.ShowAlerts, do.ReportChange]
    shown = effects[1]
    assert isinstance(shown, do.ShowAlerts)
    assert (shown.stream, shown.received_uptime_ms) == ("all/alerts", UPTIME_MS)
    assert [each.id for each in shown.document.alerts] == ["flood"]


def test_a_programme_is_prepared_only_after_its_floor_is_on_the_disk(trial: AdmissionTrial, town: SigningTown) -> None:
    effects = trial.admit(town.publish_programme(town.manifest(slide("pool"))))
    assert kinds(effects) == [do.RaiseClockFloor, do.HoldProgramme, do.OnDisk, do.ReportChange]
    sequence = effects[2]
    assert isinstance(sequence, do.OnDisk)
    assert kinds(sequence.effects) == [do.SavePending, do.SaveTrust, do.PrepareProgramme]


def test_a_command_is_run_only_after_its_floor_is_on_the_disk(trial: AdmissionTrial, town: SigningTown) -> None:
    effects = trial.admit(town.publish_command("c1", "restart"))
    sequences = [effect for effect in effects if isinstance(effect, do.OnDisk)]
    assert [kinds(sequence.effects) for sequence in sequences] == [[do.SaveTrust, do.RunCommand, do.ReportChange]]


def test_a_programme_with_other_groups_changes_the_subscriptions_at_once(
    trial: AdmissionTrial, town: SigningTown
) -> None:
    effects = trial.admit(town.publish_programme(town.manifest(slide("pool"), groups=("schools",))))
    assert do.RequestSubscriptions in kinds(effects)
    retained = [effect.streams for effect in effects if isinstance(effect, do.RetainStreams)]
    scopes = ("all", "g-schools", f"s-{SCREEN}")
    assert retained == [{f"{scope}/{leaf}" for scope in scopes for leaf in ("alerts", "scenarios")}]
    assert "g-schools/alerts" in trial.state.alert_streams
    town.now_ms += LATER_MS
    effects = trial.admit(town.publish_programme(town.manifest(slide("other"), groups=("schools",))))
    assert do.RequestSubscriptions not in kinds(effects)


def test_a_programme_of_another_screen_is_not_prepared(trial: AdmissionTrial, town: SigningTown) -> None:
    manifest = town.manifest(slide("pool")).replace(screen="library")
    document = ProgrammeDocument(**town.stamps(), manifest=manifest)
    effects = trial.admit(town.sign(PROGRAMME, document, TopicScope.of_screen(SCREEN)))
    assert kinds(effects) == [do.RaiseClockFloor, do.RecordRefusal, do.ReportChange]


# --- beats and the clock


def test_a_live_beat_sets_the_clock_and_proves_the_connection(trial: AdmissionTrial, town: SigningTown) -> None:
    effects = trial.admit(town.publish_beat(all_alerts=7))
    reading = BeatReading(issued_at_ms=town.now_ms, steady=town.steady, uptime_ms=int(UPTIME_MS))
    assert do.SetClock(reading) in effects
    assert trial.state.last_beat_uptime_ms == UPTIME_MS
    assert trial.state.withheld_streams == {"all/alerts"}


def test_a_beat_that_was_retained_proves_nothing(trial: AdmissionTrial, town: SigningTown) -> None:
    effects = trial.admit(town.publish_beat(all_alerts=7), live=False)
    assert do.SetClock not in kinds(effects)
    assert trial.state.last_beat_uptime_ms is None
    assert trial.state.withheld_streams == frozenset()


@pytest.mark.parametrize(("after_ms", "is_saved"), [(BEAT_SAVE_MS - 1, False), (BEAT_SAVE_MS, True)])
def test_the_floor_of_beats_is_written_now_and_then(
    trial: AdmissionTrial, town: SigningTown, after_ms: int, is_saved: bool
) -> None:
    assert do.OnDisk((do.SaveTrust(),)) in trial.admit(town.publish_beat())
    town.now_ms += after_ms
    trial.now_ms += after_ms
    trial.uptime_ms += after_ms
    assert (do.OnDisk((do.SaveTrust(),)) in trial.admit(town.publish_beat())) is is_saved


@pytest.mark.parametrize("leaf", ["alerts", "keys"])
def test_a_stream_is_withheld_until_its_newest_document_has_come(
    trial: AdmissionTrial, town: SigningTown, leaf: str
) -> None:
    """A key list, too: a broker that keeps it back would keep a stolen key in force."""
    town.now_ms += LATER_MS
    document = town.publish_alerts(alert()) if leaf == "alerts" else town.publish_keys()
    trial.admit(town.publish_beat(**{f"all_{leaf}": town.sequence}))
    assert trial.state.withheld_streams == {f"all/{leaf}"}
    trial.admit(document)
    assert trial.state.withheld_streams == frozenset()


def test_what_a_beat_says_of_streams_of_others_is_nobody_withholding(trial: AdmissionTrial, town: SigningTown) -> None:
    trial.admit(town.publish_beat(**{"s-library_programme": 7}))
    assert trial.state.withheld_streams == frozenset()


def test_a_wrong_clock_does_not_shut_out_the_beat_that_would_set_it(trial: AdmissionTrial, town: SigningTown) -> None:
    beat = town.publish_beat()
    trial.now_ms += YEAR_MS
    assert do.SetClock in kinds(trial.admit(beat))


@pytest.mark.parametrize(("late_ms", "is_fresh"), [(59_000, True), (60_000, False)])
def test_a_beat_that_was_held_back_is_known_by_the_steady_clock(
    trial: AdmissionTrial, town: SigningTown, late_ms: int, is_fresh: bool
) -> None:
    trial.admit(town.publish_beat())
    town.now_ms += LATER_MS
    beat = town.publish_beat()
    trial.uptime_ms += LATER_MS + late_ms
    assert (do.SetClock in kinds(trial.admit(beat))) is is_fresh


@pytest.mark.parametrize("wrong_ms", [-YEAR_MS, -3_720_000, -1_000, 3_720_000, YEAR_MS, 50 * YEAR_MS])
def test_a_beat_of_a_server_whose_clock_was_set_is_believed_at_once(
    trial: AdmissionTrial, town: SigningTown, wrong_ms: int
) -> None:
    trial.admit(town.publish_beat())
    for step in (wrong_ms, -wrong_ms):
        town.set_clock(step)
        town.now_ms += LATER_MS
        trial.uptime_ms += LATER_MS
        assert do.SetClock in kinds(trial.admit(town.publish_beat()))
        assert trial.server is not None
        assert trial.server.unix_at(trial.uptime_ms) == town.now_ms


def test_a_beat_that_answers_our_nonce_counts_whatever_its_sequence(trial: AdmissionTrial, town: SigningTown) -> None:
    trial.admit(town.publish_beat())
    town.beats -= 7_200_000
    town.wrong_ms += 3_600_000
    town.epoch = "restored"
    trial.uptime_ms += LATER_MS
    town.now_ms += LATER_MS
    assert do.SetClock not in kinds(trial.admit(town.publish_beat("other"), live=False, nonce="mine"))
    assert do.SetClock in kinds(trial.admit(town.publish_beat("mine"), live=False, nonce="mine"))
    town.now_ms += LATER_MS
    assert do.SetClock in kinds(trial.admit(town.publish_beat()))


def test_an_answer_that_is_played_back_is_no_answer(trial: AdmissionTrial, town: SigningTown) -> None:
    answer = town.publish_beat("mine")
    assert do.SetClock in kinds(trial.admit(answer, live=False, nonce="mine"))
    town.now_ms += LATER_MS
    trial.admit(town.publish_beat())
    assert do.SetClock not in kinds(trial.admit(answer, live=False, nonce="another"))
    assert do.SetClock not in kinds(trial.admit(answer))


def test_what_a_wrong_clock_took_for_expired_is_fetched_again_after_the_first_beat(
    trial: AdmissionTrial, town: SigningTown
) -> None:
    trial.now_ms += 2 * YEAR_MS
    assert do.RecordRefusal in kinds(trial.admit(town.publish_alerts(alert())))
    town.now_ms += LATER_MS
    effects = trial.admit(town.publish_beat())
    assert {do.RequestSubscriptions, do.RequestPoll} <= set(kinds(effects))
    trial.uptime_ms += LATER_MS
    trial.now_ms = town.now_ms = NOON + 2 * LATER_MS
    assert do.RequestPoll not in kinds(trial.admit(town.publish_beat()))


def test_without_a_refusal_nothing_is_fetched_after_the_first_beat(trial: AdmissionTrial, town: SigningTown) -> None:
    assert not {do.RequestSubscriptions, do.RequestPoll} & set(kinds(trial.admit(town.publish_beat())))


# --- what changes nothing


def test_the_same_document_again_has_no_effect(trial: AdmissionTrial, town: SigningTown) -> None:
    document = town.publish_alerts(alert())
    trial.admit(document)
    before = trial.state
    assert trial.admit(document) == ()
    assert trial.state == before


@pytest.mark.parametrize(
    ("topic", "payload", "code"),
    [
        pytest.param("nonsense", b"x", "undeclared", id="no topic"),
        pytest.param("beffroi/1/saint-aubin/down/all/alerts", b"x", "malformed", id="no envelope"),
        pytest.param("beffroi/1/saint-aubin/down/all/alerts", b"x" * 300_000, "too-large", id="too large"),
        pytest.param("beffroi/1/saint-aubin/up/s-hall/report", b"{}", "undeclared", id="of a player"),
    ],
)
def test_what_is_refused_is_recorded_and_changes_no_trust(
    trial: AdmissionTrial, topic: str, payload: bytes, code: str
) -> None:
    before = trial.state.trust
    effects = trial.admit((topic, payload))
    assert kinds(effects) == [do.RecordRefusal, do.ReportChange]
    assert effects[0].code == code
    assert trial.state.trust == before


def test_an_older_document_is_refused(trial: AdmissionTrial, town: SigningTown) -> None:
    old = town.publish_alerts(alert())
    town.now_ms += LATER_MS
    trial.admit(town.publish_alerts())
    effects = trial.admit(old)
    assert [effect.code for effect in effects if isinstance(effect, do.RecordRefusal)] == ["rollback"]
    # The server may have been restored from a backup: it is asked, and told what this screen holds; once for a while.
    assert do.RequestPoll in kinds(effects)
    assert do.RequestPoll not in kinds(trial.admit(old))


def test_an_older_beat_that_the_broker_had_retained_is_no_attack(trial: AdmissionTrial, town: SigningTown) -> None:
    old = town.publish_beat()
    town.now_ms += LATER_MS
    trial.admit(town.publish_beat())
    assert trial.admit(old, live=False) == ()
    assert do.RecordRefusal in kinds(trial.admit(old, live=True))


def test_admission_changes_nothing_that_it_was_given(trial: AdmissionTrial, town: SigningTown) -> None:
    before = replace(trial.state)
    trial.admit(town.publish_programme(town.manifest(slide("pool"), groups=("schools",))))
    assert before.trust.groups == ()
    assert trial.state.trust.groups == ("schools",)


def test_a_decision_without_effects_is_the_default(trial: AdmissionTrial) -> None:
    assert Decision(trial.state).effects == ()
