"""Pages of what needs attention and of the own notifications."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.urls import reverse
from django.utils import timezone

from beffroi_server.notifications.models import Incident, Notice, NotificationChoice, PushSubscription
from beffroi_server.notifications.occasions import Occasion

pytestmark = pytest.mark.django_db
SUBSCRIPTION = {"endpoint": "https://push.example.org/abc", "keys": {"p256dh": "BPk", "auth": "c2VjcmV0"}}


@pytest.fixture
def silent(hall) -> Incident:
    began_at = timezone.now() - dt.timedelta(minutes=20)
    return Incident.objects.create(
        occasion=Occasion.SCREEN_SILENT, subject=f"screen-{hall.pk}", screen=hall, name=hall.name, reason="offline",
        began_at=began_at, noticed_at=began_at, due_at=began_at, announced_at=began_at,
    )  # fmt: skip


def text_of(answer) -> str:
    return answer.content.decode()


class TestAttention:
    def test_the_home_page_says_what_is_wrong_and_what_each_can_do(self, as_charlie, client, alice, silent):
        assert "then restart its player" in text_of(as_charlie.get("/"))
        client.force_login(alice)
        page = text_of(client.get("/"))
        assert "“Town hall” has not responded since" in page
        assert "Tell a technician." in page

    def test_an_open_list_gets_nothing_when_nothing_has_changed(self, as_alice, silent):
        listed = as_alice.get("/").context["attention_mark"]
        assert as_alice.get(reverse("attention-list"), {"known": listed}).status_code == 204
        silent.delete()
        assert as_alice.get(reverse("attention-list"), {"known": listed}).status_code == 200

    def test_who_takes_care_is_seen_by_all(self, as_charlie, client, alice, silent):
        as_charlie.post(reverse("acknowledge", args=[silent.pk]))
        client.force_login(alice)
        assert "charlie is on it" in text_of(client.get("/attention/"))

    def test_the_pulse_counts(self, as_alice, silent):
        assert as_alice.get("/pulse/").json() == {"problems": 1, "proposals": 0}

    def test_somebody_limited_to_groups_sees_their_screens_only(self, client, sam, silent):
        client.force_login(sam)
        assert client.get("/pulse/").json() == {"problems": 0, "proposals": 0}
        assert client.post(reverse("acknowledge", args=[silent.pk])).status_code == 404

    def test_the_page_of_a_screen_tells_its_outages(self, as_alice, silent, hall, keyring):
        type(hall).objects.update(enrolled_at=timezone.now() - dt.timedelta(days=2))
        Incident.objects.update(ended_at=timezone.now())
        page = text_of(as_alice.get(f"/screens/{hall.slug}/"))
        assert "Connection lost: power or network." in page
        assert "99.31" in page

    def test_takes_few_queries_whatever_there_is(self, as_dora, silent, hall, django_assert_max_num_queries):
        for number in range(30):
            Incident.objects.create(
                occasion=Occasion.SCREEN_WRONG, subject=f"x-{number}", screen=hall, name="x", reason="frame-differs",
                began_at=timezone.now(), noticed_at=timezone.now(), due_at=timezone.now(),
                ended_at=timezone.now() if number % 2 else None,
            )  # fmt: skip
        with django_assert_max_num_queries(15):
            as_dora.get("/attention/")


class TestChoice:
    VALUES = {"delivery": "daily", "digest_at": "08:00", "email": "tess@example.org", "told": ["disk:mail"]}

    def test_is_kept(self, as_charlie, charlie):
        changed = {"quiet_from": "22:00", "quiet_until": "06:00", "urgent": ["disk"], "language": "en"}
        assert as_charlie.post("/notifications/", self.VALUES | changed).status_code == 302
        choice = NotificationChoice.objects.get(user=charlie)
        assert {occasion: ways for occasion, ways in choice.ways.items() if ways} == {"disk": ["mail"]}
        assert (choice.urgent, choice.quiet_until) == (["disk"], dt.time(6))
        charlie.refresh_from_db()
        assert charlie.email == "tess@example.org"

    def test_a_webhook_gets_a_secret_that_can_be_renewed(self, as_charlie, charlie):
        as_charlie.post("/notifications/", self.VALUES | {"webhook_address": "https://example.org/hook"})
        first = NotificationChoice.objects.get().webhook_secret
        assert first in text_of(as_charlie.get("/notifications/"))
        as_charlie.post(reverse("webhook-secret"))
        assert NotificationChoice.objects.get().webhook_secret not in {"", first}

    @pytest.mark.parametrize(
        "wrong",
        [{"quiet_from": "22:00"}, {"email": "nobody"}, {"webhook_address": "ftp://x"}, {"told": ["x:y"]},
         {"delivery": "never"}, {"digest_at": "25:00"}],
    )  # fmt: skip
    def test_refuses_what_is_none(self, as_charlie, wrong):
        assert as_charlie.post("/notifications/", self.VALUES | wrong).status_code == 422
        assert not NotificationChoice.objects.exists()

    def test_a_test_is_queued_once_and_its_outcome_told(self, as_charlie, charlie):
        address = reverse("notification-test", args=["mail"])
        as_charlie.post(address)
        as_charlie.post(address)
        notice = Notice.objects.get()
        assert "A test is being sent" in text_of(as_charlie.get("/notifications/"))
        now = timezone.now()
        Notice.objects.update(due_at=None, attempts=1, attempted_at=now, problem="No such server.")
        assert "No such server." in text_of(as_charlie.get(reverse("notification-state")))
        assert notice.kind == "test"
        assert as_charlie.post(reverse("notification-test", args=["pigeon"])).status_code == 404

    def test_a_browser_is_added_and_removed_by_its_user_only(self, as_charlie, client, alice):
        add = {"data": json.dumps(SUBSCRIPTION), "content_type": "application/json"}
        assert (
            as_charlie.post(reverse("browser-add"), **add, headers={"User-Agent": "Firefox Android"}).status_code == 200
        )
        row = PushSubscription.objects.get()
        assert row.browser == "Firefox, Android"
        remove = reverse("browser-remove", args=[row.pk])
        client.force_login(alice)
        assert client.post(remove).status_code == 404
        assert PushSubscription.objects.exists()

    @pytest.mark.parametrize(
        "sent",
        [b"", b"[]", b"{", b'{"endpoint": 1, "keys": 2}',
         b'{"endpoint": "http://a", "keys": {"p256dh": "a", "auth": "b"}}',
         b'{"endpoint": "https://[", "keys": {"p256dh": "a", "auth": "b"}}', b"\xff", b"x" * 10_000,
         b'{"endpoint": "https://a\\u0000", "keys": {"p256dh": "a", "auth": "b"}}'],
    )  # fmt: skip
    def test_what_is_no_subscription_is_refused(self, as_charlie, sent):
        answer = as_charlie.post(reverse("browser-add"), sent, content_type="application/json")
        assert answer.status_code == 400
        assert not PushSubscription.objects.exists()


def test_a_form_sent_in_the_background_is_told_where_to_go_and_its_message_waits(as_dora):
    address = reverse("notification-choice")
    answer = as_dora.post(address, TestChoice.VALUES, headers={"X-Background": "yes"})
    assert (answer.status_code, answer.headers["X-Location"]) == (204, address)
    assert "Your notifications have been saved." in text_of(as_dora.get(address))
