"""Trial sounds: what a technician lets a screen play while standing before it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from beffroi_content.wire.documents import CommandKind
from beffroi_server.accounts import audit
from beffroi_server.accounts.models import User
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet.models import Screen
from beffroi_server.fleet.services import check_installer, send_command


def play_trial(screen: Screen, *, user: User | None) -> None:
    """Have a screen play a chime and say that it is a trial, at the volume of its alerts.

    Raises:
        NotPermitted: the user does not look after this screen.
        ValidationError: nothing may be heard there.
    """
    check_installer(user, screen)
    if not screen.sound_level:
        raise ValidationError(_("Nothing may be heard at this screen: choose the alerts in its settings first."))
    with serialised():
        audit.record_event(user, "sound-tried", screen, slug=screen.slug)
        send_command(screen, CommandKind.SOUND, 0)
