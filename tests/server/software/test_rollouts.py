"""A version on its way to all screens: some first, then more, and nobody more once it has failed."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.fleet.models import Screen, ScreenGroup, ScreenState
from beffroi_server.monitoring.expected_frames import current_manifest
from beffroi_server.notifications.incident_watch import IncidentWatch
from beffroi_server.notifications.models import Incident
from beffroi_server.schedule import publication
from beffroi_server.software import mirror, rollouts
from beffroi_server.software.models import Rollout, RolloutState, RolloutStep
from beffroi_server.software.progress import Progress, progress_of
from beffroi_server.web.software import views

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]
NOW = dt.datetime(2026, 11, 30, 9, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def fleet(town, full_hd, monkeypatch: pytest.MonkeyPatch) -> list[Screen]:
    """Twenty screens with players of version 1.0; the server has 1.1."""
    monkeypatch.setattr(mirror, "available_versions", lambda: {"1.1": ("amd64-python3.11.tar.xz",)})
    screens = [
        Screen.objects.create(
            slug=f"s{number}", name=f"Screen {number}", screen_class=full_hd, enrolled_at=NOW + number * dt.timedelta(1)
        )
        for number in range(20)
    ]
    for screen in screens:
        ScreenState.objects.create(screen=screen, online=True)
        say(screen, "1.0", state="none")
    return screens


def say(screen: Screen, running: str, **status: object) -> None:
    """Have the player of a screen report its version, and how it stands to the one that is wanted."""
    software = {"can_change": True, "failed": [], **status}
    ScreenState.objects.filter(screen=screen).update(report={"version": running, "software": software})


def update(*screens: Screen) -> None:
    for screen in screens:
        say(screen, "1.1", state="done", wanted="1.1")


def fail(screen: Screen) -> None:
    failed = [{"version": "1.1", "reason": "no-frame", "at_ms": 5}]
    say(screen, "1.0", state="failed", wanted="1.1", failed=failed)


def told() -> list[str]:
    return list(Screen.objects.exclude(software="").order_by("enrolled_at").values_list("slug", flat=True))


def start(**how: object) -> Rollout:
    return rollouts.start_rollout(Rollout(version="1.1", **how), user=None, now=NOW)


def test_one_screen_is_first_then_one_in_ten_then_all_each_after_the_hours(fleet: list[Screen]) -> None:
    ScreenState.objects.filter(screen=fleet[0]).update(online=False)
    start(hold_hours=24)
    # Not the one that is away.
    assert told() == ["s1"]
    rollouts.follow_rollout(NOW + 48 * HOUR)
    assert told() == ["s1"]
    update(fleet[1])
    rollouts.follow_rollout(NOW + 48 * HOUR)
    rollouts.follow_rollout(NOW + 71 * HOUR)
    assert told() == ["s1"]
    rollouts.follow_rollout(NOW + 72 * HOUR)
    assert told() == ["s0", "s1"]
    # Whoever is away is not waited for.
    rollouts.follow_rollout(NOW + 73 * HOUR)
    rollouts.follow_rollout(NOW + 97 * HOUR)
    assert len(told()) == 20
    update(*fleet[1:])
    rollout = rollouts.follow_rollout(NOW + 98 * HOUR)
    assert rollout is not None
    assert rollout.state == RolloutState.DONE


def test_the_screens_of_a_group_come_first(fleet: list[Screen]) -> None:
    group = ScreenGroup.objects.create(slug="depot", name="Depot")
    group.screens.set([fleet[7], fleet[3], fleet[5]])
    start(first_group=group, hold_hours=0)
    assert told() == ["s3", "s5", "s7"]
    update(fleet[3], fleet[5])
    rollouts.follow_rollout(NOW)
    assert Rollout.objects.get().step == RolloutStep.FIRST
    update(fleet[7])
    rollouts.follow_rollout(NOW)
    # More than one in ten have it already.
    assert told() == ["s3", "s5", "s7"]
    rollouts.follow_rollout(NOW)
    assert len(told()) == 20


def test_the_first_screen_that_takes_it_back_stops_it_and_people_are_told(fleet: list[Screen], charlie) -> None:
    start(hold_hours=0)
    update(fleet[0])
    rollouts.follow_rollout(NOW)
    assert told() == ["s0", "s1"]
    fail(fleet[1])
    rollouts.follow_rollout(NOW)
    rollout = Rollout.objects.get()
    assert (rollout.state, rollout.has_failed) == (RolloutState.PAUSED, True)
    # The one that runs it keeps it.
    assert told() == ["s0"]
    IncidentWatch().look_around(NOW)
    incident = Incident.objects.get(occasion="software")
    assert incident.detail["screens"] == ["Screen 1"]
    assert AuditEvent.objects.filter(action="rollout-paused").exists()
    rollouts.follow_rollout(NOW + 100 * HOUR)
    assert told() == ["s0"]
    # Somebody knows why, and lets it go on: that screen is left as it is.
    rollouts.resume_rollout(rollout, user=charlie, now=NOW)
    rollouts.follow_rollout(NOW)
    assert Rollout.objects.get().state == RolloutState.RUNNING
    assert "s1" not in told()
    IncidentWatch().look_around(NOW)
    incident.refresh_from_db()
    assert incident.ended_at is not None


def test_a_rollout_that_is_ended_leaves_every_screen_as_it_is(fleet: list[Screen], charlie) -> None:
    rollout = start(hold_hours=0)
    update(fleet[0])
    rollouts.follow_rollout(NOW)
    rollouts.end_rollout(rollout, user=charlie, now=NOW)
    assert told() == ["s0"]
    assert rollouts.follow_rollout(NOW) is None
    start()


def test_a_screen_that_comes_later_gets_what_the_others_have(fleet: list[Screen], full_hd) -> None:
    start(hold_hours=0)
    update(*fleet)
    for _ in range(3):
        rollouts.follow_rollout(NOW)
    assert Rollout.objects.get().state == RolloutState.DONE
    late = Screen.objects.create(slug="late", name="Late", screen_class=full_hd, enrolled_at=timezone.now())
    ScreenState.objects.create(screen=late, online=True)
    say(late, "1.0", state="none")
    rollouts.follow_rollout(NOW)
    assert "late" in told()


def test_the_programme_says_which_version_and_when(keyring, playlist, hall: Screen, monkeypatch) -> None:
    monkeypatch.setattr(mirror, "available_versions", lambda: {"1.1": ()})
    Screen.objects.update(enrolled_at=NOW)
    publication.publish_due_programmes()
    ScreenState.objects.update_or_create(screen=hall, defaults={"online": True})
    say(hall, "1.0", state="none")
    assert current_manifest(hall).settings.software.version == ""
    rollout = start()
    publication.publish_due_programmes()
    wanted = publication.published_manifest(hall).settings.software
    assert (wanted.version, wanted.window.start, wanted.window.end) == ("1.1", dt.time(1), dt.time(5))
    rollouts.end_rollout(rollout, user=None, now=NOW)
    start(at_once=True)
    publication.publish_due_programmes()
    assert publication.published_manifest(hall).settings.software.window is None


@pytest.mark.parametrize(
    ("status", "progress"),
    [
        ({"state": "fetching", "wanted": "1.1"}, Progress.FETCHING),
        ({"state": "done", "wanted": "1.0"}, Progress.TOLD),
        ({"can_change": False}, Progress.UNABLE), ({"state": "of tomorrow", "wanted": "1.1"}, Progress.WAITING),
        ({"failed": [{"version": "1.1", "reason": "of tomorrow"}]}, Progress.FAILED),
    ],
)  # fmt: skip
def test_what_a_player_reports_is_told_of_its_screen(fleet: list[Screen], status: dict, progress: Progress) -> None:
    fleet[0].software = "1.1"
    fleet[0].save()
    say(fleet[0], "1.0", **status)
    assert progress_of("1.1", NOW)[0].progress is progress


def test_what_cannot_begin_is_refused(fleet: list[Screen], bob, sam) -> None:
    for user in (bob, sam):
        with pytest.raises(NotPermitted):
            rollouts.start_rollout(Rollout(version="1.1"), user=user, now=NOW)
    with pytest.raises(ValidationError, match="not on the server"):
        rollouts.start_rollout(Rollout(version="9.9"), user=None, now=NOW)
    with pytest.raises(ValidationError, match="No player of this group"):
        start(first_group=ScreenGroup.objects.create(slug="empty", name="Empty"))
    start()
    with pytest.raises(ValidationError, match="Another version"):
        start()


def test_the_page_shows_some_screens_at_a_time_those_to_look_at_first(
    fleet: list[Screen], client, charlie, monkeypatch
) -> None:
    monkeypatch.setattr(views, "SCREENS_PER_PAGE", 12)
    start()
    fail(fleet[17])
    client.force_login(charlie)

    pages = [client.get(reverse("software"), {"page": number}) for number in (1, 2)]

    shown = [[row.slug for row in page.context["page"]] for page in pages]
    assert (len(shown[0]), len(shown[1])) == (12, 8)
    assert shown[0][0] == "s17"
    assert {slug for slugs in shown for slug in slugs} == {screen.slug for screen in fleet}
    assert "?page=2" in pages[0].content.decode()
    # Those of all pages are counted.
    assert dict(pages[1].context["running"]) == {"1.0": 20}


@pytest.mark.parametrize(
    ("has_keys", "address", "said"),
    [
        (False, "", "has no keys by which versions are checked"),
        (True, "", "releases update --from /media/stick"),
        (True, "https://releases.example.org", "by itself every six hours"),
    ],
)
@pytest.mark.parametrize("is_empty", [True, False])
def test_the_page_says_how_a_version_gets_onto_the_server(
    fleet: list[Screen], client, charlie, settings, tmp_path, monkeypatch, has_keys, address, said, is_empty
) -> None:
    settings.RELEASES_ROOT, settings.RELEASES_URL = tmp_path / "root.json", address
    if has_keys:
        settings.RELEASES_ROOT.write_text("{}")
    if is_empty:
        monkeypatch.setattr(mirror, "available_versions", dict)
    client.force_login(charlie)

    page = client.get(reverse("software"), headers={"Accept-Language": "en"}).content.decode()

    assert ("no version of the player yet" in page, said in page) == (is_empty, True)
    assert 'href="/help/#when-something-is-wrong"' in page.partition("How a version gets onto the server")[2]


def test_a_technician_rolls_a_version_out_on_the_page(fleet: list[Screen], town, client, charlie) -> None:
    client.force_login(charlie)
    given = {"version": "1.1", "first_group": "", "hold_hours": "2"}
    assert client.post(reverse("rollout-start"), given | {"hold_hours": "many"}).status_code == 422
    assert client.post(reverse("rollout-start"), given).status_code == 302
    assert told() == ["s0"]
    fail(fleet[0])
    rollouts.follow_rollout(timezone.now())
    page = client.get(reverse("software"), headers={"Accept-Language": "en"}).content.decode()
    assert "it showed nothing" in page
    assert "has taken it back" in page
    rollout = Rollout.objects.get()
    for act, state in (("resume", "running"), ("pause", "paused"), ("end", "ended")):
        client.post(reverse("rollout-act", args=[rollout.pk, act]))
        rollout.refresh_from_db()
        assert rollout.state == state
    assert client.post(reverse("rollout-act", args=[rollout.pk, "other"])).status_code == 404
