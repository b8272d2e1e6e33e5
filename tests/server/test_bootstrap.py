"""Tests of setting a server up: readiness, refusal of a former database, findings in service."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.db.migrations.recorder import MigrationRecorder

from beffroi_server import bootstrap
from beffroi_server.accounts.models import Town
from beffroi_server.bootstrap import StartError
from beffroi_server.cli import main
from beffroi_server.fleet.models import ScreenClass
from beffroi_server.schedule.calendar_models import DayCalendar

pytestmark = pytest.mark.django_db
OWN_APPS = (
    "accounts", "alerts", "api", "channels", "delivery", "drills", "feeds", "fleet", "library", "notifications",
    "outlets", "outside_warnings", "schedule", "software",
)  # fmt: skip


def remember_migration(app: str) -> None:
    MigrationRecorder.Migration.objects.create(app=app, name="0001_initial")


class TestFormerDatabase:
    @pytest.mark.parametrize("app", sorted(bootstrap.FORMER_APPS))
    def test_is_refused_with_what_to_do(self, app, settings):
        remember_migration(app)

        with pytest.raises(StartError) as refused:
            bootstrap.refuse_former_database()

        assert "before the first release" in str(refused.value)
        assert "BEFFROI_DATA" in str(refused.value)
        assert str(settings.DATA) in str(refused.value)

    def test_is_refused_by_every_command_that_starts_something(self, keyring, capsys):
        remember_migration("screens")

        for command in (["init", "--town", "Saint-Aubin"], ["backup", "/there"], ["run"]):
            assert main(command) == 1
            assert "before the first release" in capsys.readouterr().err

    def test_is_not_touched(self, keyring):
        remember_migration("programme")
        before = list(MigrationRecorder.Migration.objects.values_list("app", "name"))

        assert main(["init", "--town", "Other"]) == 1

        assert list(MigrationRecorder.Migration.objects.values_list("app", "name")) == before
        assert Town.objects.get().name == "Saint-Aubin"

    def test_the_database_of_this_version_is_none(self):
        bootstrap.refuse_former_database()


class TestMigrations:
    @pytest.mark.parametrize("app", OWN_APPS)
    def test_begin_anew_with_one_for_each_application(self, app):
        folder = Path(str(import_module(f"beffroi_server.{app}.migrations").__path__[0]))

        assert [path.name for path in sorted(folder.glob("0*.py"))] == ["0001_initial.py"]

    def test_every_application_with_models_has_some(self):
        own = {config.label for config in apps.get_app_configs() if config.name.startswith("beffroi_server")}

        assert {label for label in own if list(apps.get_app_config(label).get_models())} == set(OWN_APPS)


class TestReadiness:
    def test_a_server_that_was_initialised_is_ready(self, keyring):
        bootstrap.check_ready()

    def test_without_a_town_the_command_is_named(self):
        with pytest.raises(StartError, match="init --town"):
            bootstrap.check_ready()

    def test_without_a_key_its_file_is_named(self, keyring):
        (Path(django_settings.KEYS) / "beat.pem").unlink()

        with pytest.raises(StartError, match=r"beat\.pem"):
            bootstrap.check_ready()

    @pytest.mark.parametrize("role", ["alert", "programme", "command", "beat"])
    def test_another_key_in_place_of_the_right_one_is_named(self, keyring, role):
        path = Path(django_settings.KEYS) / f"{role}.pem"
        root = Path(django_settings.KEYS) / "root-1.pem"
        path.write_bytes(root.read_bytes())

        with pytest.raises(StartError, match=rf"{role}\.pem is not the key that players know"):
            bootstrap.check_ready()

    def test_a_database_that_is_behind_is_named(self, keyring):
        MigrationRecorder.Migration.objects.filter(app="alerts").delete()

        with pytest.raises(StartError, match="older than this version"):
            bootstrap.check_ready()


class TestInitialisation:
    def test_makes_screen_classes_and_public_holidays_once(self):
        for _ in range(2):
            bootstrap.initialise_town("Saint-Aubin")

        assert ScreenClass.objects.count() == 5
        assert DayCalendar.objects.filter(country="FR").count() == 1

    @pytest.mark.parametrize(("given", "site"), [({}, "saint-aubin"), ({"site": "harbour-town"}, "harbour-town")])
    def test_the_identifier_is_given_or_made_of_the_name(self, given, site):
        town, _ = bootstrap.initialise_town("Saint-Aubin", **given)

        assert town.site == site

    def test_the_time_zone_is_given_or_that_of_the_settings(self, settings):
        settings.TIME_ZONE = "Indian/Reunion"
        town, _ = bootstrap.initialise_town("Saint-Aubin")
        assert town.time_zone == "Indian/Reunion"

    def test_classes_of_screens_differ_in_shape_and_technology(self):
        bootstrap.initialise_town("Saint-Aubin")

        assert {(each.technology, each.width > each.height) for each in ScreenClass.objects.all()} == {
            ("lcd", True), ("lcd", False), ("led", True),
        }  # fmt: skip
