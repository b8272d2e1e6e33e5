"""Shares of rules: for how long the screens of each show its slides in a week, as the player's own resolver has it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from django.utils.translation import gettext as _

from beffroi_server.core.timestamps import unix_ms
from beffroi_server.fleet import targets
from beffroi_server.fleet.models import Screen
from beffroi_server.schedule import compile_inputs, queries
from beffroi_server.schedule.models import AnnouncementPlacement, ScheduleRule
from beffroi_server.schedule.screen_time import WEEK_MS, ScreenTime, percent_text, rule_times

MOST_SAMPLES = 12
"""Sets of alike screens that are asked; a rule that is only on others has no share to tell."""


def rule_shares(now: dt.datetime) -> dict[int, str]:
    """Return the share of each rule in the week from now on as a phrase, by its key.

    A rule that is on no screen that was asked, or that is never seen in that week, is left out.
    """
    placements = compile_inputs.shown_placements(AnnouncementPlacement.objects.all())
    sets, _count = targets.screens_alike(
        Screen.objects.all(), ScheduleRule.objects.all(), placements, most=MOST_SAMPLES
    )
    # Whoever comes here has often just saved a rule, and wants to see what became of it.
    manifests = queries.known_manifests([alike.first for alike in sets], with_changes=True)
    found: defaultdict[int, list[ScreenTime]] = defaultdict(list)
    start = unix_ms(now)
    for manifest in manifests.values():
        for rule, time in rule_times(manifest, start, start + WEEK_MS).items():
            key = rule.removeprefix("rule-")
            if key.isdecimal():
                found[int(key)].append(time)
    return {rule: _share_text(times) for rule, times in found.items() if any(time.shown_ms for time in times)}


def _share_text(times: list[ScreenTime]) -> str:
    least, most = min(times, key=lambda each: each.percent), max(times, key=lambda each: each.percent)
    if percent_text(least.percent) == percent_text(most.percent):
        return most.share_text
    return _("from %(least)s to %(most)s of the time, depending on the screen") % {
        "least": percent_text(least.percent),
        "most": percent_text(most.percent),
    }
