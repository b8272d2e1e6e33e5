"""A town hall in miniature: people with roles, screens of three kinds, something to show."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.contenttypes.management import create_contenttypes
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.signals import post_migrate
from django.utils import translation
from PIL import Image
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from beffroi_content.model import DisplayTechnology
from beffroi_server.accounts import services as accounts
from beffroi_server.accounts.models import Town, User, UserRole
from beffroi_server.accounts.saved_town import saved_town
from beffroi_server.core.read_once import one_reading
from beffroi_server.delivery import key_rotation, signing
from beffroi_server.delivery.refused_messages import refused_messages
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup
from beffroi_server.fleet.plays import intake_quotas
from beffroi_server.library import services as library
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.monitoring.proof import play_queries
from beffroi_server.schedule import services as programme
from beffroi_server.schedule.calendar_models import ensure_holiday_calendar
from beffroi_server.schedule.models import Playlist, ScheduleRule

# Each test with real transactions would otherwise write some hundred rows anew that nothing here reads.
post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
post_migrate.disconnect(create_contenttypes)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL run only what uses the database: the rest was run with SQLite, and would be the same."""
    if django_settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return
    left_out = [item for item in items if item.path.is_relative_to(Path(__file__).parent) and not _uses_database(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]


def _uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(fixtures & {"db", "transactional_db"}) or item.get_closest_marker("django_db") is not None


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory, django_db_modify_db_settings_parallel_suffix):
    """Keep the test database in a file: threads share it as they do in service, with the same locks."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker, django_db_use_migrations):
    """Say that the migrations were applied where the tables were made without them, which takes a fifteenth as long."""
    if django_db_use_migrations:
        return
    django_settings.MIGRATION_MODULES = {}
    with django_db_blocker.unblock():
        recorder = MigrationRecorder(connection)
        recorder.ensure_schema()
        for app, name in MigrationLoader(connection).disk_migrations:
            recorder.record_applied(app, name)


@pytest.fixture(scope="session", autouse=True)
def static_files_found_once() -> Iterator[None]:
    """Have the static files looked for once: every browser of a test is a server of its own, which would do so anew."""
    found: dict[str, StaticFile] = {}
    look = WhiteNoiseMiddleware.add_files_from_finders

    def look_once(server: WhiteNoiseMiddleware) -> None:
        if not found:
            look(server)
            found.update(server.files)
        server.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", look_once)
        yield


@pytest.fixture(autouse=True)
def data(settings, tmp_path: Path) -> Path:
    """Give every test a data directory of its own."""
    settings.DATA = tmp_path / "data"
    settings.KEYS = settings.DATA / "keys"
    settings.MEDIA_STORE = settings.DATA / "media"
    settings.DATA.mkdir()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return settings.DATA


@pytest.fixture(autouse=True)
def fresh_counters() -> None:
    """Have every test begin with full quotas, and with no screen of which a refusal was just reported."""
    refused_messages._waiting.clear()
    refused_messages._reported_at.clear()
    signing._unstored_sequences.clear()
    signing._opened_documents.clear()
    play_queries.kept_days.clear()
    for quota in (intake_quotas.plays_quota, intake_quotas.receipts_quota, intake_quotas.comparisons_quota):
        quota._left.clear()


@pytest.fixture(autouse=True)
def language_of_the_town() -> None:
    """Have every test begin in the language of the server, whatever language a request before it left in the thread."""
    translation.deactivate()


@pytest.fixture
def english(language_of_the_town):
    """Let the server speak English during a test; without a request it speaks the language of the town."""
    with translation.override("en"):
        yield


@pytest.fixture
def town(db) -> Town:
    ensure_holiday_calendar()
    return accounts.ensure_town("Saint-Aubin", site="saint-aubin")


@pytest.fixture
def alice(db) -> User:
    """An editor."""
    return accounts.create_user("alice", UserRole.EDITOR, password="alice")


@pytest.fixture
def bob(db) -> User:
    """The officer on call."""
    return accounts.create_user("bob", UserRole.OFFICER, password="bob")


@pytest.fixture
def charlie(db) -> User:
    """A technician: neither writes nor alerts."""
    return accounts.create_user("charlie", UserRole.TECHNICIAN, password="charlie")


@pytest.fixture
def dora(db) -> User:
    """The administrator."""
    return accounts.create_user("dora", UserRole.ADMINISTRATOR, password="dora")


@pytest.fixture
def victor(db) -> User:
    """A viewer: an elected person who looks."""
    return accounts.create_user("victor", UserRole.VIEWER, password="victor")


@pytest.fixture
def carla(db) -> User:
    """A contributor: the secretary of an association, who proposes."""
    return accounts.create_user("carla", UserRole.CONTRIBUTOR, password="carla")


@pytest.fixture
def sam(district) -> User:
    """An editor who is limited to the screens of the harbour."""
    user = accounts.create_user("sam", UserRole.EDITOR, password="sam", is_limited_to_groups=True)
    user.scope_groups.add(district)
    return user


@pytest.fixture
def paula(db) -> User:
    """A publisher, who approves."""
    return accounts.create_user("paula", UserRole.PUBLISHER, password="paula")


@pytest.fixture
def full_hd(db) -> ScreenClass:
    return ScreenClass.objects.create(
        name="Full HD 55 inches", width=1920, height=1080, physical_height_mm=680, viewing_distance_mm=4000
    )


@pytest.fixture
def totem(db) -> ScreenClass:
    return ScreenClass.objects.create(
        name="Totem", width=1080, height=1920, physical_height_mm=1210, viewing_distance_mm=2500
    )


@pytest.fixture
def led(db) -> ScreenClass:
    return ScreenClass.objects.create(
        name="LED 128 × 64",
        width=128,
        height=64,
        technology=DisplayTechnology.LED,
        physical_height_mm=640,
        viewing_distance_mm=15_000,
    )


@pytest.fixture
def district(db) -> ScreenGroup:
    return ScreenGroup.objects.create(slug="harbour", name="Harbour")


@pytest.fixture
def hall(town: Town, full_hd: ScreenClass) -> Screen:
    """The screen in the town hall, in no group."""
    return Screen.objects.create(slug="hall", name="Town hall", place="Reception", screen_class=full_hd)


@pytest.fixture
def quay(town: Town, led: ScreenClass, district: ScreenGroup) -> Screen:
    """The LED panel on the quay, in the harbour district."""
    screen = Screen.objects.create(slug="quay", name="Quay", place="Rue du Port", screen_class=led)
    screen.groups.add(district)
    return screen


@pytest.fixture
def announcement(db) -> Announcement:
    return Announcement.objects.create(
        template="news",
        title="La piscine rouvre lundi",
        body="Ouverture à 9 heures.",
        label="Sports",
    )


@pytest.fixture
def square_item(alice: User) -> MediaItem:
    """A small image that the editor uploaded."""
    buffer = io.BytesIO()
    Image.new("RGB", (160, 90), "navy").save(buffer, "PNG")
    buffer.seek(0)
    return library.add_image(buffer, name="Square", user=alice)


@pytest.fixture
def keyring(town: Town) -> Town:
    """The town with its keys made and its key list signed."""
    with one_reading({saved_town: town}):
        key_rotation.ensure_keys()
    return town


@pytest.fixture
def playlist(announcement: Announcement) -> Playlist:
    """A playlist of one announcement, on every screen, all day."""
    playlist = programme.create_playlist("Everywhere", user=None)
    programme.add_entry(playlist, announcement=announcement, user=None)
    rule = ScheduleRule(name="All day", playlist=playlist, everywhere=True)
    programme.save_rule(rule, user=None)
    return playlist
