"""First set-up of a server, and the checks before it starts and while it is in service."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from beffroi_content.findings import Finding
from beffroi_content.model import DisplayTechnology
from beffroi_content.raster.text import fonts
from beffroi_content.root_keys import PublicRootKeys
from beffroi_content.terminal_language import terminal_language
from beffroi_server.accounts import services
from beffroi_server.accounts.models import Town, User, UserRole
from beffroi_server.alerts.set_publication import publish_all_sets
from beffroi_server.alerts.starter_set import add_starter_set
from beffroi_server.backups import key_archive
from beffroi_server.core.database import is_database_missing
from beffroi_server.core.environment import read_text, unusable_data_folder
from beffroi_server.delivery import key_files, key_rotation, signing_keys
from beffroi_server.delivery.signing_keys import root_fingerprint
from beffroi_server.doctor import database
from beffroi_server.fleet.models import ScreenClass
from beffroi_server.monitoring import finding_texts
from beffroi_server.schedule.calendar_models import ensure_holiday_calendar

__all__ = [
    "StartError", "check_ports", "check_ready", "drawing_findings", "initialise_town", "root_fingerprint",
]  # fmt: skip
FORMER_APPS = frozenset({"broadcast", "programme", "screens"})
"""Labels of Django applications that only a database of before the first release knows."""
BROKER_ADDRESS = "0.0.0.0"  # noqa: S104 - screens are elsewhere
"""Where the embedded broker listens."""


class StartError(Exception):
    """Reason why the server cannot start, with what to do about it."""


def prepare_database() -> None:
    """Create the tables, or bring those of an earlier version up to date.

    Raises:
        StartError: the database was made before the first release, or the data folder cannot be written to.
    """
    keep_secret_key()
    refuse_former_database()
    call_command("migrate", verbosity=0, interactive=False)


def keep_secret_key() -> None:
    """Write the key of sessions and forms to the data folder, unless it is there or the settings give one.

    Raises:
        StartError: the folder cannot be made, or not be written to.
    """
    path = Path(settings.DATA) / key_archive.SECRET_NAME
    if read_text("BEFFROI_SECRET_KEY") or path.exists():
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-", encoding="utf-8") as file:
            file.write(settings.SECRET_KEY)
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(file.name, path)  # whole or not at all, and that of whoever is first
        settings.SECRET_KEY = path.read_text(encoding="utf-8")
    except OSError as error:
        raise StartError(unusable_data_folder(path, error).told_in(terminal_language() or "en")) from error


def refuse_former_database() -> None:
    """Refuse a database of the time before the first release, of which the tables have other names.

    Migrations began anew with the first release: nothing could bring such a database up to date.

    Raises:
        StartError: it is one.
    """
    former = {label for label, _name in MigrationRecorder(connection).applied_migrations()} & FORMER_APPS
    if former:
        raise StartError(
            f"{settings.DATA} was made by a version before the first release, which this one cannot read. "
            "Set BEFFROI_DATA to an empty folder, run “beffroi-server init” there, and enrol the players again"
        )


def initialise_town(
    name: str, *, site: str = "", time_zone: str = "", with_starter_set: bool = False, is_try_out: bool = False,
    roots: PublicRootKeys | None = None,
) -> tuple[Town, User | None]:  # fmt: skip
    """Create the town, its keys, usual screen classes and the first administrator, unless they exist.

    Args:
        name: Of the town, as screens show it.
        site: Its part of every topic; by default made of the name.
        time_zone: By default that of the settings.
        with_starter_set: Whether drafts of usual alerts, and categories, are added.
        is_try_out: Whether every page says that this is a try-out.
        roots: Root keys that were made elsewhere, where the key list is then signed.

    Returns:
        The town, and the administrator if one was created now.
    """
    town = services.ensure_town(name, site=site, time_zone=time_zone or settings.TIME_ZONE)
    fresh = signing_keys.published_key_list() is None
    key_rotation.ensure_keys(roots)
    if fresh and roots is None:
        publish_all_sets(timezone.now())
    with translation.override(settings.LANGUAGE_CODE):
        _ensure_screen_classes()
        ensure_holiday_calendar()
    if with_starter_set:
        add_starter_set(town, user=None)
    if is_try_out and not town.is_try_out:
        town.is_try_out = True
        services.update_setting(town, "is_try_out", user=None)
    if User.objects.exists():
        return town, None
    return town, services.create_user("admin", UserRole.ADMINISTRATOR)


def _no_town(code: str) -> StartError:
    """Name the database: who gave a command without the settings of the service looks into another one."""
    return StartError(_told(Finding(code, {"database": str(connection.settings_dict["NAME"])})))


def unusable_database(error: DatabaseError) -> str:
    """Return that a database cannot be used, and the next step, which is another one for each kind of database."""
    return _told(database.unusable(str(error)))


def _told(finding: Finding) -> str:
    """Return what is wrong and the next step, as the doctor says it, in the language of the terminal."""
    with translation.override(terminal_language() or "en"):
        told = finding_texts.explain(finding)
    return f"{told.fact.removesuffix('.')}. {told.step}"


def check_database() -> None:
    """Check that ``init`` was run and that the database fits this version.

    Raises:
        StartError: one of them does not hold; the message names the command that mends it.
    """
    if is_database_missing():
        raise _no_town("database-missing")
    try:
        refuse_former_database()
        executor = MigrationExecutor(connection)
        if not executor.loader.applied_migrations:
            raise _no_town("town-missing")
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise StartError(_told(Finding("database-outdated")))
        if not Town.objects.exists():
            raise _no_town("town-missing")
    except DatabaseError as error:
        raise StartError(unusable_database(error)) from error


def check_ready() -> None:
    """Check the database and the keys of a server that is to run.

    Raises:
        StartError: one of them does not hold; the message names the command that mends it.
    """
    check_database()
    try:
        key_rotation.adopt_next_keys()
        signing_keys.check_private_keys()
    except key_files.KeysMissing as error:
        raise StartError(str(error)) from error


def check_ports(address: str, port: int) -> None:
    """Check that the ports of the pages and of the embedded broker are free: a look of milliseconds.

    They are opened seconds later, when the code of all pages is loaded. Whoever starts a second server by mistake need
    not wait for that; a port that is taken meanwhile is told as before.

    Args:
        address: Of the pages, as the HTTP server takes it.
        port: Of the pages.

    Raises:
        StartError: one is taken, or this user may not listen there.
    """
    try:
        _try_port(address, port)
    except OSError as error:
        raise pages_not_served(address, port, error) from error
    if settings.MQTT_HOST:
        return
    try:
        _try_port(BROKER_ADDRESS, settings.MQTT_PORT)
    except OSError as error:
        raise broker_not_served(error.strerror or error) from error


def _try_port(address: str, port: int) -> None:
    for family, kind, protocol, _name, place in socket.getaddrinfo(
        address, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
    ):
        with socket.socket(family, kind, protocol) as probe:
            # As both servers do: connections that a former process has left behind are in nobody's way.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            # Bound, and never listening: nobody can connect to what does not answer yet.
            probe.bind(place)


def pages_not_served(address: str, port: int, error: OSError) -> StartError:
    """Return the reason to be told where the port of the pages cannot be opened."""
    step = ". Does this server run already? Otherwise choose another --port" if error.errno == errno.EADDRINUSE else ""
    return StartError(f"pages cannot be served at {address}:{port}: {error.strerror or error}{step}")


def broker_not_served(reason: object) -> StartError:
    """Return the reason to be told where the port of the embedded broker cannot be opened."""
    return StartError(
        f"the broker cannot listen at port {settings.MQTT_PORT}: {reason}. "
        "Set BEFFROI_MQTT_PORT, or BEFFROI_MQTT_HOST for another broker"
    )


def drawing_findings() -> list[str]:
    """Return a sentence for each library without which this server draws otherwise than its players."""
    return [] if fonts.has_raqm() else [_LIBFRIBIDI_MISSING]


_LIBFRIBIDI_MISSING = (
    "libfribidi is missing: Arabic and Hebrew are previewed otherwise than players draw them. "
    "Install it (on Debian: apt install libfribidi0) and start the server again"
)


def _ensure_screen_classes() -> None:
    if ScreenClass.objects.exists():
        return
    for name, width, height, technology, physical_height_mm, viewing_distance_mm in (
        (_("55-inch display"), 1920, 1080, DisplayTechnology.LCD, 680, 4_000),
        (_("Totem, portrait"), 1080, 1920, DisplayTechnology.LCD, 1_210, 2_500),
        (_("4K display, 75 inches"), 3840, 2160, DisplayTechnology.LCD, 930, 5_000),
        (_("LED panel P10, 128 × 64"), 128, 64, DisplayTechnology.LED, 640, 15_000),
        (_("LED panel P10, 192 × 96"), 192, 96, DisplayTechnology.LED, 960, 20_000),
    ):
        ScreenClass.objects.create(
            name=name,
            width=width,
            height=height,
            technology=technology,
            physical_height_mm=physical_height_mm,
            viewing_distance_mm=viewing_distance_mm,
        )
