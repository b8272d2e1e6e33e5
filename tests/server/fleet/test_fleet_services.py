"""Tests of changes to screens, classes and groups, and of commands to players."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from beffroi_content.wire.documents import CommandKind
from beffroi_content.wire.messages import COMMAND
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.delivery import signing
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet import services
from beffroi_server.fleet.device_credentials import EnrolledDevices, screen_of_token
from beffroi_server.fleet.events import screen_changed
from beffroi_server.fleet.models import Screen, ScreenGroup, ScreenState

pytestmark = pytest.mark.usefixtures("keyring")


@pytest.fixture
def changed(monkeypatch) -> list[str]:
    """The screens for which the event was sent."""
    slugs: list[str] = []
    monkeypatch.setattr(screen_changed, "_handlers", [lambda screen: slugs.append(screen.slug)])
    return slugs


def actions() -> list[tuple[str, str]]:
    return list(AuditEvent.objects.filter(action__startswith="screen").values_list("action", "actor").order_by("id"))


class TestScreens:
    def test_a_new_one_has_a_state_and_is_announced(self, full_hd, charlie, changed):
        screen = services.save_screen(Screen(slug="pool", name="Pool", screen_class=full_hd), user=charlie)

        assert ScreenState.objects.get(screen=screen).plays_newest == 0
        assert changed == ["pool"]
        assert actions() == [("screen-created", "charlie")]

    def test_a_change_keeps_the_groups_unless_they_are_given(self, quay, charlie, changed):
        services.save_screen(quay, user=charlie)
        assert quay.groups.count() == 1
        services.save_screen(quay, user=charlie, groups=[])
        assert quay.groups.count() == 0
        assert actions()[-1] == ("screen-changed", "charlie")

    @pytest.mark.parametrize(
        ("field", "value"),
        [("slug", "no blanks"), ("rotation", 45), ("volume", 101), ("overscan_percent", 16), ("night_brightness", 0),
         ("transition", "dissolve"), ("viewports", "everything"), ("idle_after_hours", 0)],
    )  # fmt: skip
    def test_an_invalid_value_is_refused_and_announces_nothing(self, hall, changed, field, value):
        setattr(hall, field, value)

        with pytest.raises(ValidationError) as refused:
            services.save_screen(hall, user=None)

        assert set(refused.value.message_dict) == {field}
        assert changed == []

    @pytest.mark.parametrize("name", ["off", "download"])
    def test_hours_with_one_end_are_refused(self, hall, name):
        setattr(hall, f"{name}_from", "22:00")

        with pytest.raises(ValidationError) as refused:
            services.save_screen(hall, user=None)

        assert set(refused.value.message_dict) == {f"{name}_until"}


class TestClassesAndGroups:
    def test_a_changed_class_announces_its_screens_only(self, hall, quay, full_hd, changed):
        services.save_screen_class(full_hd, user=None)

        assert changed == ["hall"]

    def test_a_new_member_and_a_former_one_are_announced(self, hall, quay, district, changed):
        services.save_group(district, user=None, screens=[hall])

        assert sorted(changed) == ["hall", "quay"]
        assert list(district.screens.all()) == [hall]

    def test_members_that_stay_are_not_announced(self, hall, quay, district, changed):
        services.save_group(district, user=None, screens=[hall, quay])

        assert changed == ["hall"]

    def test_another_name_announces_every_member(self, quay, district, changed):
        district.name = "Old harbour"
        services.save_group(district, user=None)

        assert changed == ["quay"]

    def test_a_group_without_a_name_is_refused(self, changed):
        with pytest.raises(ValidationError):
            services.save_group(ScreenGroup(slug="nameless"), user=None)
        assert not ScreenGroup.objects.exists()


class TestCommands:
    @pytest.mark.parametrize(
        ("send", "kind", "action"),
        [
            (services.identify_screen, CommandKind.IDENTIFY, "screen-identified"),
            (services.restart_player, CommandKind.RESTART, "screen-restarted"),
            (services.request_capture, CommandKind.CAPTURE, "screen-captured"),
        ],
    )
    def test_are_signed_for_the_screen_and_recorded(self, hall, charlie, send, kind, action):
        send(hall, user=charlie)

        row = OutboxDocument.objects.get(topic__endswith="s-hall/command")
        command = signing.open_own_document(COMMAND, bytes(row.payload))
        assert command is not None
        assert command.kind == kind
        assert actions() == [(action, "charlie")]
        assert not row.retained

    def test_two_are_two_documents(self, hall):
        services.identify_screen(hall)
        services.identify_screen(hall)

        assert OutboxDocument.objects.filter(topic__endswith="s-hall/command").count() == 2


class TestCredentials:
    @pytest.fixture
    def token(self, hall) -> str:
        return services.enrol_player(services.open_enrolment(hall)[0])["token"]

    def test_a_token_belongs_to_its_screen(self, hall, quay, token):
        assert screen_of_token(token) == hall

    @pytest.mark.parametrize("wrong", ["", "x", "0" * 43])
    def test_another_text_belongs_to_none(self, quay, token, wrong):
        assert screen_of_token(wrong) is None

    @pytest.mark.parametrize(
        ("username", "expected"), [("s-hall", True), ("s-quay", False), ("hall", False), ("g-hall", False), ("", False)]
    )
    def test_only_an_enrolled_player_has_an_account_at_the_broker(self, quay, token, username, expected):
        assert (EnrolledDevices().account_of(username) is not None) is expected

    def test_a_revoked_player_has_none(self, hall, token):
        services.revoke_player(hall)

        assert screen_of_token(token) is None
        assert EnrolledDevices().account_of("s-hall") is None
        assert list(EnrolledDevices().accounts()) == []

    def test_the_broker_is_told_once_of_each_player_that_was_revoked(self, hall, quay, django_assert_num_queries):
        for screen in (hall, quay, hall):
            services.enrol_player(services.open_enrolment(screen)[0])
        devices = EnrolledDevices()
        before, names = devices.revoked_after(None)
        assert names == []

        services.revoke_player(hall)
        services.revoke_player(quay)

        after, names = devices.revoked_after(before)
        assert names == ["s-hall", "s-quay"]
        with django_assert_num_queries(1):
            assert devices.revoked_after(after) == (after, [])

    def test_the_broker_knows_the_groups_of_a_screen(self, hall, quay):
        assert EnrolledDevices().groups_of("quay") == {"harbour"}
        assert EnrolledDevices().groups_of("hall") == EnrolledDevices().groups_of("nowhere") == frozenset()

    def test_a_player_that_is_enrolled_again_has_another_password(self, hall):
        first, second = (services.enrol_player(services.open_enrolment(hall)[0]) for _ in range(2))

        (account,) = EnrolledDevices().accounts()
        assert (account.username, account.password) == ("s-hall", second["mqtt"]["password"])
        assert second["token"] != account.password != first["mqtt"]["password"]
