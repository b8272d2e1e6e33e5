"""What is said of each alert: the same that the screen shows, for any alerts, in any order of beginning and ending."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.sample_manifests import HOUR, MINUTE, NOW, SIZE, UPTIME, at, manifest, rule, slide

from beffroi_content.model import Alert, AlertForm, AlertLevel, AlertStatus, HeldAlert, PowerState
from beffroi_content.timeline import AlertVisibility, alert_statements, resolve_scene
from beffroi_content.timeline.alert_visibility import MAIN_FORMS
from beffroi_content.timeline.display_power import DisplayPower

LOOP = manifest((rule("all"), [slide("one"), slide("two")]))
OFF = DisplayPower(PowerState.OFF, 0, NOW + 2 * HOUR)
FEW_MINUTES = st.integers(0, 20).map(lambda number: number * MINUTE // 2)


def held(
    name: str, level: str = "alert", *, begins: int = 0, lasts: int = HOUR, status: str = "actual", pages: int = 1,
    is_unseen: bool = False, all_clear: int = 5 * MINUTE,
) -> HeldAlert:  # fmt: skip
    alert = Alert(
        id=name, level=level, status=status, title=name, source="Mairie", issued_at_ms=NOW + begins,
        ends_at_ms=NOW + begins + lasts, time_to_live_ms=lasts, all_clear_ms=all_clear,
    )  # fmt: skip
    lapse = UPTIME + begins + lasts
    return HeldAlert(alert=alert, lapses_at_uptime_ms=lapse, pages=pages, is_unseen=is_unseen)


def said(*alerts: HeldAlert, after: int = 0, power: DisplayPower | None = None):
    """Return what is said of each alert: its visibility, and what hides it."""
    statements = alert_statements(alerts, at(after), power=power)
    return {each.alert.id: (each.visibility, [other.id for other in each.masked_by]) for each in statements}


def statement(name: str, *alerts: HeldAlert, after: int = 0, power: DisplayPower | None = None):
    return next(each for each in alert_statements(alerts, at(after), power=power) if each.alert.id == name)


@st.composite
def situations(draw) -> tuple[list[HeldAlert], int]:
    """Alerts that overlap in every way, as a screen holds them at an instant: all of them have begun by then."""
    found = [
        held(
            f"alert-{number}", draw(st.sampled_from(AlertLevel)), begins=-draw(FEW_MINUTES) - MINUTE,
            lasts=draw(FEW_MINUTES | st.just(HOUR)), status=draw(st.sampled_from(AlertStatus)),
            pages=draw(st.integers(1, 2)), is_unseen=draw(st.booleans()),
            all_clear=draw(st.sampled_from([0, 5 * MINUTE])),
        )
        for number in range(draw(st.integers(1, 4)))
    ]  # fmt: skip
    return found, draw(FEW_MINUTES)


@settings(max_examples=50, deadline=None)
@given(situation=situations(), programme=st.sampled_from([LOOP, None]))
def test_what_is_said_is_what_the_screen_shows(situation, programme):
    alerts, after = situation
    statements = alert_statements(alerts, at(after), has_programme=programme is not None)
    now = NOW + after
    ends = [each.until_ms for each in statements if each.until_ms is not None and each.until_ms > now]
    # Long enough for the turn of each of them, if nothing changes before.
    horizon = min([*ends, now + 8 * MINUTE])
    shown, instant = set(), now
    while instant < horizon:
        scene = resolve_scene(programme, alerts, at(instant - NOW), SIZE)
        shown |= {(each.alert.id, each.form) for each in scene.showings if each.alert}
        instant = horizon if scene.until_ms is None else scene.until_ms
    for each in statements:
        main = each.alert.id, MAIN_FORMS[each.alert.level]
        over = each.alert.id, AlertForm.ALL_CLEAR
        may = {AlertVisibility.SHOWN: main, AlertVisibility.ALL_CLEAR: over}.get(each.visibility)
        assert {main, over} & shown <= {may}
        if horizon - now >= 8 * MINUTE:
            assert may is None or may in shown


@settings(max_examples=40, deadline=None)
@given(situation=situations())
def test_it_stays_so_until_it_is_said_to_change(situation):
    alerts, after = situation
    for each in alert_statements(alerts, at(after)):
        if each.until_ms is not None:
            before = statement(each.alert.id, *alerts, after=each.until_ms - 1 - NOW)
            then = statement(each.alert.id, *alerts, after=each.until_ms - NOW)
            assert (before.visibility, then.visibility) == (each.visibility, each.then)


class TestMasking:
    def test_names_what_hides_an_alert_and_until_when(self):
        told = statement("gas", held("gas"), held("flood", "emergency", lasts=HOUR // 2))
        assert (told.visibility, [each.id for each in told.masked_by]) == (AlertVisibility.MASKED, ["flood"])
        assert (told.until_ms, told.then, told.is_lost) == (NOW + HOUR // 2, AlertVisibility.SHOWN, False)

    def test_to_the_end_is_said_to_be_so(self):
        gas = held("gas", lasts=HOUR // 2, is_unseen=True)
        assert statement("gas", gas, held("flood", "emergency")).is_lost

    def test_of_an_exercise_never_reaches_a_genuine_alert(self):
        told = said(held("gas"), held("drill", "emergency", status="exercise"))
        assert told == {"gas": (AlertVisibility.SHOWN, []), "drill": (AlertVisibility.MASKED, ["gas"])}

    def test_of_two_of_one_level_does_not_happen(self):
        assert {each for each, _ in said(held("gas"), held("flood")).values()} == {AlertVisibility.SHOWN}

    def test_leaves_banners_and_information_the_time_between_two_alerts(self):
        told = said(held("gas"), held("wind", "vigilance"), held("market", "information"))
        assert {each for each, _ in told.values()} == {AlertVisibility.SHOWN}


class TestTurns:
    def test_of_an_alert_are_those_of_all_that_have_the_screen_at_other_times(self):
        alerts = [
            held("gas"),
            held("flood"),
            held("wind", "vigilance"),
            held("ice", "vigilance"),
            held("drill", "alert", status="test"),
        ]
        turns = {each.alert.id: {other.id for other in each.in_turn_with} for each in alert_statements(alerts, at(0))}
        assert turns == {
            "gas": {"flood"}, "flood": {"gas"}, "wind": {"gas", "flood", "ice"}, "ice": {"gas", "flood", "wind"},
            "drill": set(),
        }  # fmt: skip

    def test_are_not_those_of_other_levels_in_the_loop(self):
        alerts = [held("wind", "vigilance"), held("fair", "information"), held("market", "information")]
        assert [each.id for each in statement("fair", *alerts).in_turn_with] == ["market"]
        assert statement("wind", *alerts).in_turn_with == ()


class TestAllClears:
    def test_are_shown_only_of_what_was_seen(self):
        told = said(held("gas", is_unseen=True), held("flood"), after=HOUR)
        assert told == {"gas": (AlertVisibility.UNSEEN, []), "flood": (AlertVisibility.ALL_CLEAR, [])}

    def test_give_way_to_a_genuine_vigilance_but_not_to_an_exercise(self):
        over = held("flood")
        genuine = held("wind", "vigilance", lasts=2 * HOUR)
        assert said(over, genuine, after=HOUR) == {
            "flood": (AlertVisibility.MASKED, ["wind"]), "wind": (AlertVisibility.SHOWN, []),
        }  # fmt: skip
        drill = held("wind", "vigilance", lasts=2 * HOUR, status="exercise")
        assert said(over, drill, after=HOUR) == {
            "flood": (AlertVisibility.ALL_CLEAR, []), "wind": (AlertVisibility.MASKED, ["flood"]),
        }  # fmt: skip


class TestDarkness:
    def test_hides_all_but_an_emergency(self):
        told = said(held("gas"), held("wind", "vigilance"), power=OFF)
        assert {each for each, _ in told.values()} == {AlertVisibility.DARK}
        assert said(held("flood", "emergency"), power=OFF)["flood"] == (AlertVisibility.SHOWN, [])

    def test_lasts_until_the_display_comes_on(self):
        told = statement("gas", held("gas", lasts=3 * HOUR), power=OFF)
        assert (told.until_ms, told.then) == (NOW + 2 * HOUR, AlertVisibility.SHOWN)
