"""People, links and the trail of what they did."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection
from django.utils import timezone

from beffroi_server.accounts import audit, services
from beffroi_server.accounts.models import AuditEvent, SignInLink, Town, User

HOUR = dt.timedelta(hours=1)


def token_of(url: str) -> str:
    return url.rstrip("/").rsplit("/", 1)[-1]


class TestSignInLinks:
    def test_signs_one_person_in(self, alice, settings):
        settings.PUBLIC_URL = "https://affichage.example"

        url = services.create_sign_in_link(alice, HOUR)

        assert url.startswith("https://affichage.example/sign-in/")
        assert services.use_sign_in_link(token_of(url), timezone.now()).user == alice

    def test_keeps_no_token(self, alice):
        url = services.create_sign_in_link(alice, HOUR)

        assert token_of(url) not in str(SignInLink.objects.values_list("token_sha256", flat=True))

    def test_works_once(self, alice):
        token = token_of(services.create_sign_in_link(alice, HOUR))
        services.use_sign_in_link(token, timezone.now())

        with pytest.raises(services.SignInLinkInvalid):
            services.use_sign_in_link(token, timezone.now())

    @pytest.mark.parametrize("later", [HOUR, 2 * HOUR])
    def test_is_worth_nothing_at_its_end(self, alice, later):
        token = token_of(services.create_sign_in_link(alice, HOUR))

        with pytest.raises(services.SignInLinkInvalid):
            services.use_sign_in_link(token, timezone.now() + later)

    def test_does_not_let_in_somebody_who_left(self, alice):
        token = token_of(services.create_sign_in_link(alice, HOUR))
        User.objects.update(is_active=False)

        with pytest.raises(services.SignInLinkInvalid):
            services.use_sign_in_link(token, timezone.now())

    def test_an_unknown_token_is_refused(self, db):
        with pytest.raises(services.SignInLinkInvalid):
            services.use_sign_in_link("x", timezone.now())


class TestTown:
    def test_has_a_name_without_what_nobody_typed(self, db):
        assert services.ensure_town(" Saint-Ge\u0301ly\u202e\u200b\n").name == "Saint-Gély"

    def test_is_made_once(self, db):
        first = services.ensure_town("Saint-Aubin-du-Cormier")
        second = services.ensure_town("Elsewhere")

        assert first == second
        assert Town.objects.get().site == "saint-aubin-du-cormier"

    def test_a_person_without_password_cannot_sign_in_with_one(self, db):
        assert not services.create_user("eve").has_usable_password()

    def test_a_taken_name_is_refused(self, alice):
        with pytest.raises(ValidationError):
            services.create_user("alice")


class TestTrail:
    def test_names_who_did_what(self, alice):
        event = audit.record_event(alice, "alert-broadcast", "Flood", until=dt.date(2026, 6, 15))

        event.refresh_from_db()
        assert (event.actor, event.action, event.subject) == ("alice", "alert-broadcast", "Flood")
        assert event.detail == {"until": "2026-06-15"}

    def test_holds_as_it_was_written(self, alice):
        for number in range(5):
            audit.record_event(alice, "playlist-renamed", "Été", number=number, share=0.1, nothing=None)

        assert audit.verify_chain()
        assert audit.first_broken_event() is None

    def test_an_empty_trail_holds(self, db):
        assert audit.verify_chain()

    @pytest.mark.parametrize(
        "change",
        [
            {"actor": "mallory"},
            {"action": "nothing"},
            {"subject": "something else"},
            {"detail": {"number": 7}},
            {"at": timezone.now()},
            {"previous_hash": "0" * 64},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_shows_what_was_changed(self, alice, change):
        events = [audit.record_event(alice, "rule-changed", "Noon", number=number) for number in range(3)]
        AuditEvent.objects.filter(pk=events[1].pk).update(**change)

        assert audit.first_broken_event() == events[1]
        assert not audit.verify_chain()

    def test_shows_that_something_was_taken_away(self, alice):
        events = [audit.record_event(alice, "rule-changed", "Noon") for _ in range(3)]
        events[1].delete()

        assert audit.first_broken_event() == events[2]

    @pytest.mark.django_db(transaction=True)
    def test_holds_when_many_write_at_once(self):
        failures: list[Exception] = []

        def write() -> None:
            try:
                for number in range(10):
                    audit.record_event(None, "report-made", "x", number=number)
            except DatabaseError as error:
                failures.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert failures == []
        assert AuditEvent.objects.count() == 40
        assert audit.verify_chain()
