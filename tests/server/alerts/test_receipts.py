"""What each screen shows of an alert: receipts, what hides it, and how long it took since the press of the button."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from beffroi_content.timeline import AlertVisibility
from beffroi_server.accounts.models import Town
from beffroi_server.alerts import alert_reach, corrections, queries, receipts, services
from beffroi_server.alerts.errors import AlertRefused
from beffroi_server.alerts.models import Alert
from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet.models import ReceiptRecord, Screen, ScreenState
from beffroi_server.fleet.targets import EVERYWHERE, Targets

pytestmark = pytest.mark.usefixtures("keyring")


def broadcast(title: str, level: str, targets: Targets = EVERYWHERE, **values: object) -> Alert:
    given = {"source": "Town hall", "duration_min": 60, "user": None} | values
    return services.broadcast_alert(title=title, level=level, targets=targets, **given)  # type: ignore[arg-type]


def confirm(alert: Alert, screen: Screen, after_ms: int = 500, **values: object) -> ReceiptRecord:
    shown = alert.issued_at + dt.timedelta(milliseconds=after_ms)
    given = {
        "stream": "all/alerts", "sequence": unix_ms(alert.issued_at), "form": "takeover", "received_at": shown,
        "presented_at": shown, "latency_ms": 40.0, "frame": "0" * 64, "clock": "trusted",
    } | values  # fmt: skip
    return ReceiptRecord.objects.create(screen=screen, alert=str(alert.pk), **given)


@pytest.fixture(autouse=True)
def online(hall: Screen, quay: Screen) -> None:
    for screen in (hall, quay):
        ScreenState.objects.create(screen=screen, online=True, seen_at=timezone.now())


def states(alert: Alert) -> dict[str, str]:
    return {each.screen.slug: each.state for each in receipts.receipts_of(alert)}


class TestMasking:
    def test_is_said_of_each_screen_with_its_end(self, hall, quay):
        flood = broadcast("Flood", "emergency", Targets(screens=(quay,)), duration_min=30)
        wind = broadcast("Wind", "alert")
        assert states(wind) == {"hall": "waiting", "quay": "masked"}
        (masked,) = (each for each in receipts.receipts_of(wind) if each.screen == quay)
        assert (masked.masked_by, masked.is_lost) == (("Flood",), False)
        assert masked.hidden_until is not None
        assert abs(masked.hidden_until - flood.ends_at) < dt.timedelta(milliseconds=1)

    def test_of_what_was_seen_before_does_not_take_the_receipt_away(self, hall, quay):
        wind = broadcast("Wind", "alert")
        confirm(wind, hall)
        broadcast("Flood", "emergency")
        (seen, hidden) = sorted(receipts.receipts_of(wind), key=lambda each: each.screen.slug)
        assert (seen.state, seen.is_hidden, hidden.state) == ("shown", True, "masked")

    def test_by_standby_is_said_of_all_but_an_emergency(self, hall, quay):
        hall.switched_off_until = timezone.now() + dt.timedelta(hours=3)
        hall.save()
        assert states(broadcast("Wind", "vigilance")) == {"hall": "dark", "quay": "waiting"}
        assert states(broadcast("Flood", "emergency")) == {"hall": "waiting", "quay": "waiting"}

    def test_ends_an_alert_only_where_it_was_seen(self, hall, quay):
        alert = broadcast("Flood", "emergency")
        confirm(alert, hall)
        services.end_alert(alert, user=None)
        found = receipts.screen_statements([hall, quay], timezone.now(), queries.running_alerts(), Town.objects.get())
        said = {key: each.visibility for key, (each,) in found.items()}
        assert said == {hall.pk: AlertVisibility.ALL_CLEAR, quay.pk: AlertVisibility.UNSEEN}


class TestOfWhatIsOver:
    """What is said afterwards of the screens that never showed it."""

    def test_names_what_hid_it_from_beginning_to_end_in_turn(self, hall, quay):
        flood = broadcast("Flood", "emergency")
        wind = broadcast("Wind", "alert")
        broadcast("Fire", "emergency")
        services.end_alert(flood, user=None)
        services.end_alert(wind, user=None)
        found = receipts.receipts_of(wind)
        assert {each.screen.slug: each.state for each in found} == {"hall": "masked", "quay": "masked"}
        assert {each.masked_by for each in found} == {("Flood", "Fire")}

    @pytest.mark.parametrize(("seconds", "hidden_by"), [(4, ("Flood",)), (6, ())])
    def test_names_nothing_where_it_was_to_be_seen_for_a_while(self, hall, quay, seconds, hidden_by):
        flood = broadcast("Flood", "emergency")
        wind = broadcast("Wind", "alert")
        now = timezone.now()
        Alert.objects.filter(pk=wind.pk).update(issued_at=now - dt.timedelta(minutes=2), ends_at=now)
        # An alert that it was in turn with began in between.
        other = broadcast("Ice", "alert")
        Alert.objects.filter(pk=other.pk).update(issued_at=now - dt.timedelta(seconds=2))
        left = now - dt.timedelta(seconds=seconds)
        Alert.objects.filter(pk=flood.pk).update(
            issued_at=now - dt.timedelta(minutes=3), withdrawn_at=left, settled=True
        )
        wind.refresh_from_db()
        assert {each.masked_by for each in receipts.receipts_of(wind)} == {hidden_by}

    def test_tells_also_of_a_text_that_was_corrected_or_withdrawn(self, hall, quay):
        broadcast("Flood", "emergency")
        mistake, former = broadcast("Wind", "alert"), broadcast("Ice", "alert")
        services.withdraw_alert(mistake, user=None)
        broadcast("Snow", "alert", corrects=former)
        for alert in (mistake, former):
            alert.refresh_from_db()
            assert {each.masked_by for each in receipts.receipts_of(alert)} == {("Flood",)}

    def test_leaves_a_screen_out_that_came_later_and_keeps_one_whose_player_was_replaced(self, hall, quay):
        alert = broadcast("Flood", "emergency", duration_min=1)
        Alert.objects.update(issued_at=timezone.now() - dt.timedelta(hours=2), ends_at=timezone.now())
        alert.refresh_from_db()
        earlier = broadcast("Before", "alert", Targets(screens=(quay,)))
        confirm(earlier, quay, after_ms=-3_600_000)
        Screen.objects.update(enrolled_at=timezone.now() + dt.timedelta(seconds=1))
        assert states(alert) == {"quay": "waiting"}

    def test_does_not_take_a_silence_that_began_later_for_a_reason(self, hall, quay):
        alert = broadcast("Flood", "emergency")
        services.end_alert(alert, user=None)
        ScreenState.objects.update(seen_at=timezone.now())
        gone = timezone.now() + dt.timedelta(hours=1)
        found = receipts.receipts_of(alert, gone)
        assert {each.state for each in found} == {"waiting"}
        ScreenState.objects.update(seen_at=alert.issued_at - dt.timedelta(minutes=1))
        assert {each.state for each in receipts.receipts_of(alert, gone)} == {"offline"}


class TestLatency:
    def test_counts_from_the_press_of_the_button(self, hall):
        alert = broadcast("Flood", "emergency", pressed_at=timezone.now() - dt.timedelta(seconds=2))
        record = confirm(alert, hall, after_ms=500)
        assert receipts.press_latency_ms(alert, record) == pytest.approx(2_500, abs=100)

    def test_goes_by_the_steady_clock_whatever_the_wall_clocks_say(self, hall):
        alert = broadcast("Flood", "emergency")
        alert.pressed_at = alert.issued_at
        steady = unix_ms(alert.issued_at) - alert.clock_offset_ms
        record = confirm(
            alert, hall, after_ms=-3_600_000, steady_epoch=alert.clock_epoch, steady_ms=steady + 700
        )  # fmt: skip
        assert receipts.press_latency_ms(alert, record) == 700

    def test_of_clocks_that_contradict_each_other_is_what_the_player_measured(self, hall):
        alert = broadcast("Flood", "emergency")
        assert receipts.press_latency_ms(alert, confirm(alert, hall, after_ms=-60_000)) == 40.0


class TestReach:
    def test_keeps_the_receipt_of_a_screen_that_left_the_group(self, quay, hall, district):
        alert = broadcast("Flood", "emergency", Targets(groups=(district,)))
        confirm(alert, quay)
        hall.groups.add(district)
        quay.groups.clear()
        found = {each.screen.slug: (each.state, each.is_targeted) for each in receipts.receipts_of(alert)}
        assert found == {"quay": ("shown", False), "hall": ("waiting", True)}

    def test_of_no_screen_is_refused_also_where_a_group_was_emptied(self, quay, district):
        broadcast("Flood", "emergency", Targets(groups=(district,)))
        quay.groups.clear()
        with pytest.raises(AlertRefused, match=r".") as refused:
            broadcast("Flood", "emergency", Targets(groups=(district,)))
        assert refused.value.code == "no-screen"


def test_reach_and_receipts_of_many_alerts_take_one_query(hall, quay, district, django_assert_num_queries):
    of_town, of_group = broadcast("Wind", "alert"), broadcast("Flood", "alert", Targets(groups=(district,)))
    of_both = broadcast("Ice", "alert", Targets(groups=(district,), screens=(quay, hall)))
    correction = Alert(title="Snow", everywhere=True, corrects=of_both)
    confirm(of_town, hall)
    confirm(of_both, quay, form="all-clear")
    confirm(of_both, hall)

    alerts = [of_town, of_group, correction]
    # What a former text has corrected in its turn never changes: it is asked for once.
    corrections.former_keys(correction)
    with django_assert_num_queries(1):
        reach, seen = alert_reach.reach_and_seen(alerts)
    assert reach == {of_town.pk: {hall.pk, quay.pk}, of_group.pk: {quay.pk}, correction.pk: {hall.pk, quay.pk}}
    assert dict(seen) == {hall.pk: {str(of_town.pk), str(of_both.pk)}}

    reach, seen = alert_reach.reach_and_seen(queries.running_alerts(with_targets=False))
    assert reach[of_both.pk] == {hall.pk, quay.pk}
    assert alert_reach.reach_and_seen([]) == ({}, {})
