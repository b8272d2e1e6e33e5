"""Changes of screens, classes and groups; enrolment of players, and commands to them."""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import uuid
from collections.abc import Iterable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from beffroi_content.wire.documents import CommandBody, CommandKind
from beffroi_content.wire.messages import COMMAND
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.accounts.permissions import require
from beffroi_server.core import database
from beffroi_server.core.database_faults import fault_of
from beffroi_server.core.transactions import serialised
from beffroi_server.delivery import broker_access, signing, signing_keys
from beffroi_server.fleet import enrolment_cards, player_boxes, revoked_tokens, screen_scopes, screenshots, targets
from beffroi_server.fleet.device_credentials import broker_account, token_sha256
from beffroi_server.fleet.enrolment_codes import code_sha256, new_code
from beffroi_server.fleet.errors import EnrolmentRefused
from beffroi_server.fleet.events import screen_changed
from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup, ScreenState
from beffroi_server.fleet.municipality_models import Municipality

logger = logging.getLogger(__name__)
SCREENSHOT_SECONDS = 60
"""For how long a player that was asked sends a screenshot at each change."""
LOOK_WAIT_S = 0.2
"""Seconds for which a page that is only looked at waits for the database to ask for screenshots."""
ENROLMENT_CODE_LENGTH = 12
ENROLMENT_LIFETIME = dt.timedelta(hours=24)
IDENTIFY_SECONDS = 20
LONGEST_OFF = dt.timedelta(days=31)
"""How long a person can switch a display off: a longer time is a matter of its hours."""


def save_screen(screen: Screen, *, user: User | None, groups: Iterable[ScreenGroup] | None = None) -> Screen:
    """Create a screen or save a change of one; its programme is published.

    Of its groups, those beyond the scope of the user stay as they are: who looks after a district neither takes a
    screen out of its municipality nor puts it into another one.

    Raises:
        NotPermitted: the user does not look after this screen, or not after a group that it would come into.
        ValidationError: a value is not valid, or a screen would be in too many groups.
    """
    with serialised():
        screen.full_clean()
        created, before = screen._state.adding, audit.stored_values(screen)
        if not created:
            check_installer(user, screen)
        screen.save()
        if groups is not None:
            chosen = _groups_within(user, screen, groups)
            targets.check_group_count(screen, chosen)
            screen.groups.set(chosen)
        check_installer(user, screen)
        ScreenState.objects.get_or_create(screen=screen)
        action, changes = "screen-created" if created else "screen-changed", audit.changes_since(before, screen)
        audit.record_event(user, action, screen, slug=screen.slug, **changes)
        screen_changed.send(screen)
    return screen


def _groups_within(user: User | None, screen: Screen, chosen: Iterable[ScreenGroup]) -> list[ScreenGroup]:
    """Return the groups of a screen once a user has chosen among the own ones."""
    wanted, own = list(chosen), screen_scopes.scope_group_keys(user)
    if own is None:
        return wanted
    kept = [group for group in targets.groups_of(screen) if group.pk not in own]
    added = [group for group in wanted if group not in kept]
    screen_scopes.check_targets(user, targets.Targets(groups=tuple(added)))
    return [*kept, *added]


def save_screen_class(screen_class: ScreenClass, *, user: User | None) -> None:
    """Create a screen class or save a change of one; the programmes of its screens are published.

    Raises:
        ValidationError: a value is not valid, or a screen would be in too many groups.
    """
    require(user, "may_install")
    screen_scopes.check_whole_town(user)
    with serialised():
        screen_class.full_clean()
        created, before = screen_class._state.adding, audit.stored_values(screen_class)
        screen_class.save()
        action = "screen-class-created" if created else "screen-class-changed"
        audit.record_event(user, action, screen_class.name, **audit.changes_since(before, screen_class))
        for screen in Screen.objects.filter(screen_class=screen_class):
            screen_changed.send(screen)


def save_group(group: ScreenGroup, *, user: User | None, screens: Iterable[Screen] | None = None) -> None:
    """Create a group or save a change of one; the screens that come or go are published.

    All of them are published where the languages of the group changed.

    Args:
        group: With its new values.
        user: Who does it; None for the server.
        screens: Its members; None leaves them as they are.

    Raises:
        ValidationError: a value is not valid, or a screen would be in too many groups.
    """
    require(user, "may_install")
    screen_scopes.check_whole_town(user)
    with serialised():
        group.full_clean()
        created, values = group._state.adding, audit.stored_values(group)
        if Municipality.objects.filter(group=group.pk).exclude(name=group.name).exists():
            raise ValidationError({"name": _("This is a municipality: an administrator can change its name.")})
        group.save()
        before = set(targets.member_screens([group]))
        if screens is not None:
            chosen = list(screens)
            targets.check_new_members(group, chosen)
            group.screens.set(chosen)
        after = set(targets.member_screens([group]))
        changes = audit.changes_since({**values, "screens": _names(before)}, group, screens=_names(after))
        action = "group-created" if created else "group-changed"
        audit.record_event(user, action, group.name, slug=group.slug, **changes)
        concerns_all = created or screens is None or "languages" in changes.get("changes", {})
        for screen in before | after if concerns_all else before ^ after:
            screen_changed.send(screen)


def _names(screens: Iterable[Screen]) -> list[str]:
    return sorted(screen.name for screen in screens)


def open_enrolment(screen: Screen, *, user: User | None = None) -> tuple[str, str]:
    """Return a code that enrols a player as this screen, once, within 24 hours, and the command to type there.

    Raises:
        KeysMissing: ``beffroi-server init`` was not run.
    """
    check_installer(user, screen)
    code = new_code(ENROLMENT_CODE_LENGTH)
    command = f"beffroi-player enrol {settings.PUBLIC_URL} {code} --root {signing_keys.root_fingerprint()}"
    with serialised():
        screen.enrolment_code_sha256 = code_sha256(code)
        screen.enrolment_expires_at = timezone.now() + ENROLMENT_LIFETIME
        screen.save(update_fields=["enrolment_code_sha256", "enrolment_expires_at"])
        audit.record_event(user, "enrolment-opened", screen, slug=screen.slug)
    return code, command


def enrol_player(code: str, trigger_key: str = "", machine: str = "") -> dict[str, Any]:
    """Use up a code; return what the player needs to work, as the device API hands it over.

    A player that is enrolled again gets a new token, and the former one is worth nothing.

    Args:
        code: As an operator's page shows it, or of an enrolment card.
        trigger_key: The public key of the player, in hexadecimal; empty: it can trigger nothing on the spot.
        machine: What it runs on and where, for people.

    Raises:
        EnrolmentRefused: the code is unknown, used or too old.
        KeysMissing: ``beffroi-server init`` was not run.
    """
    now, digest = timezone.now(), code_sha256(code)
    with serialised():
        screen = Screen.objects.filter(enrolment_code_sha256=digest, enrolment_expires_at__gt=now).first()
        if screen is None:
            screen = enrolment_cards.use_card(digest, trigger_key, machine, now)
        if screen is None:
            raise EnrolmentRefused
        return give_identity(screen, trigger_key, "screen-enrolled")


def give_identity(screen: Screen, trigger_key: str, action: str) -> dict[str, Any]:
    """Make a player that of a screen; return what it needs to work. The former player loses its access.

    Args:
        screen: Keeps its programme, and the plays that it has proved.
        trigger_key: The public key of the player, in hexadecimal; empty: it can trigger nothing on the spot.
        action: What the audit trail calls it.

    Raises:
        KeysMissing: ``beffroi-server init`` was not run.
    """
    token = secrets.token_urlsafe(32)
    with serialised():
        enrolment_cards.withdraw_cards_of(screen)
        revoked_tokens.note_revoked(screen, timezone.now())
        screen.enrolment_code_sha256, screen.enrolment_expires_at = "", None
        screen.enrolled_at, screen.token_sha256 = timezone.now(), token_sha256(token)
        screen.trigger_key = trigger_key
        screen.save(update_fields=[
            "enrolment_code_sha256", "enrolment_expires_at", "enrolled_at", "token_sha256", "trigger_key",
        ])  # fmt: skip
        ScreenState.objects.get_or_create(screen=screen)
        # What the former player was and showed is nothing that this one has said.
        ScreenState.objects.filter(screen=screen).update(
            online=False, boot="", connection=0, report=None, machine=None, report_boot="", report_number=0,
            report_at_ms=0,
        )  # fmt: skip
        player_boxes.delete_boxes(screen)
        audit.record_event(None, action, screen, slug=screen.slug)
        broker_access.note_account_change(str(TopicScope.of_screen(screen.slug)))
        screen_changed.send(screen)
        transaction.on_commit(partial(_delete_screenshot, screen.slug))
        return _enrolment_response(screen, token)


def _delete_screenshot(slug: str) -> None:
    try:
        screenshots.delete_screenshot(slug)
    except OSError as error:
        logger.warning("%s: the screenshot of its former player stays: %s", slug, error)


def revoke_player(screen: Screen, *, user: User | None = None) -> None:
    """Revoke the credentials of a screen's player: the broker sends it away at once, and it fetches nothing."""
    check_installer(user, screen)
    with serialised():
        screen.refresh_from_db()
        revoked_tokens.note_revoked(screen, timezone.now())
        Screen.objects.filter(pk=screen.pk).update(
            token_sha256="",
            trigger_key="",
            enrolment_code_sha256="",
            enrolment_expires_at=None,
            enrolled_at=None,
        )
        enrolment_cards.withdraw_cards_of(screen)
        screen.refresh_from_db()
        audit.record_event(user, "screen-revoked", screen, slug=screen.slug)
        broker_access.note_account_change(str(TopicScope.of_screen(screen.slug)))


def _is_screenshot_due(screen: Screen, now: dt.datetime, seconds: int) -> bool:
    asked_at = screen.screenshots_asked_at
    return asked_at is None or not now - dt.timedelta(seconds=seconds / 2) <= asked_at <= now


def request_screenshots(screen: Screen, seconds: int = SCREENSHOT_SECONDS) -> bool:
    """Ask the player for a screenshot now and at each change for some seconds.

    However many users look at a screen, its player is asked once per half of that time.

    Returns:
        True if the player was asked now.
    """
    now = timezone.now()
    before = now - dt.timedelta(seconds=seconds / 2)
    due = Screen.objects.filter(pk=screen.pk).filter(
        Q(screenshots_asked_at=None) | Q(screenshots_asked_at__lt=before) | Q(screenshots_asked_at__gt=now)
    )
    # The row count decides between two who ask at once.
    if not due.update(screenshots_asked_at=now):
        return False
    send_command(screen, CommandKind.SCREENSHOT, seconds)
    return True


def request_screenshots_of(screens: Iterable[Screen]) -> None:
    """Ask players for screenshots while somebody looks at a page; where nothing can be stored, they are not asked."""
    # The rows as they were read say so of nearly all: no need to ask the database for each card of a page.
    due = [screen for screen in screens if _is_screenshot_due(screen, timezone.now(), SCREENSHOT_SECONDS)]
    if not due:
        return
    try:
        with database.short_lock_wait(LOOK_WAIT_S):
            for screen in due:
                request_screenshots(screen)
    except DatabaseError as error:
        if fault_of(error) is None:
            raise
        logger.warning("no screenshots are asked for: %s", error)


def request_capture(screen: Screen, *, user: User | None = None) -> None:
    """Ask the player for one capture."""
    check_installer(user, screen)
    with serialised():
        audit.record_event(user, "screen-captured", screen, slug=screen.slug)
        send_command(screen, CommandKind.CAPTURE, 0)


def identify_screen(screen: Screen, *, user: User | None = None) -> None:
    """Make a screen show its name over everything for ``IDENTIFY_SECONDS``."""
    check_installer(user, screen)
    with serialised():
        audit.record_event(user, "screen-identified", screen, slug=screen.slug)
        send_command(screen, CommandKind.IDENTIFY, IDENTIFY_SECONDS)


def restart_player(screen: Screen, *, user: User | None = None) -> None:
    """Restart the player of a screen."""
    check_installer(user, screen)
    with serialised():
        audit.record_event(user, "screen-restarted", screen, slug=screen.slug)
        send_command(screen, CommandKind.RESTART, 0)


def switch_off(screen: Screen, until: dt.datetime, *, user: User | None) -> None:
    """Have the display of a screen off until an instant; an emergency switches it on all the same.

    Raises:
        NotPermitted: the user may not switch this screen.
        ValidationError: the instant is past, or more than ``LONGEST_OFF`` ahead.
    """
    _check_switcher(user, screen)
    if not dt.timedelta() < until - timezone.now() <= LONGEST_OFF:
        raise ValidationError(_("A screen can be switched off for up to %(days)d days.") % {"days": LONGEST_OFF.days})
    _set_switched_off(screen, until, "screen-switched-off", user)


def switch_on(screen: Screen, *, user: User | None) -> None:
    """Let the display of a screen follow its hours again.

    Raises:
        NotPermitted: the user may not switch this screen.
    """
    _check_switcher(user, screen)
    _set_switched_off(screen, None, "screen-switched-on", user)


def _set_switched_off(screen: Screen, until: dt.datetime | None, action: str, user: User | None) -> None:
    with serialised():
        screen.refresh_from_db()
        before = audit.stored_values(screen)
        screen.switched_off_until = until
        screen.save(update_fields=["switched_off_until"])
        audit.record_event(user, action, screen, slug=screen.slug, **audit.changes_since(before, screen))
        screen_changed.send(screen)


def _check_switcher(user: User | None, screen: Screen) -> None:
    require(user, "may_switch")
    screen_scopes.check_screens(user, [screen])


def check_installer(user: User | None, screen: Screen) -> None:
    """Refuse what a user does with a screen that the user does not look after.

    Raises:
        NotPermitted: it is not the user's to look after.
    """
    require(user, "may_install")
    screen_scopes.check_screens(user, [screen])


def send_command(screen: Screen, kind: CommandKind, seconds: int, number: int = 0) -> None:
    """Send a command to a screen, within a transaction of the caller's."""
    body = CommandBody(id=uuid.uuid4().hex, kind=kind, seconds=min(seconds, 3600), name=screen.name[:80], number=number)
    signing.seal_document(COMMAND, TopicScope.of_screen(screen.slug), body)


def broker_login(screen: Screen) -> dict[str, Any]:
    """Return where the player of a screen finds the broker, and its account there."""
    account = broker_account(screen)
    return {**broker_place(), "username": account.username, "password": account.password}


def broker_place() -> dict[str, Any]:
    """Return where players find the broker."""
    host = settings.MQTT_PUBLIC_HOST or urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    return {"host": host, "port": settings.MQTT_PORT, "tls": settings.MQTT_TLS}


def _enrolment_response(screen: Screen, token: str) -> dict[str, Any]:
    return {
        "site": signing.current_site(),
        "screen": screen.slug,
        "name": screen.name,
        "token": token,
        "display": {
            "size": [screen.screen_class.width, screen.screen_class.height],
            "rotation": screen.rotation,
        },
        "mqtt": broker_login(screen),
        "anchor": signing_keys.trust_anchor(screen.slug).model_dump(mode="json"),
        "plays": ScreenState.objects.get(screen=screen).plays_newest,
    }
