"""A large town in a database of its own, to try pages at scale: ``python -m benchmarks.large_town FOLDER``.

A thousand screens that report, twenty groups, ten thousand announcements, sixty playlists, a hundred and twenty rules,
a programme for each screen, compiled and signed as in service, and a month of plays as daily totals. The folder then
serves as ``BEFFROI_DATA``: ``beffroi-server link admin`` prints an address to sign in with, and ``beffroi-server run``
starts the server.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

SEED_TIMEOUT_S = 3_600
PROGRAM = r"""
import datetime as dt, json, sys, uuid
import django
django.setup()
from django.core.management import call_command
from django.utils import timezone

try:
    from beffroi_server.fleet.models import Screen, ScreenClass, ScreenGroup, ScreenState
    from beffroi_server.schedule.models import Entry, Playlist, ScheduleRule
    from beffroi_server.schedule.publication import publish_due_programmes
    from beffroi_server.delivery.models import OutboxDocument
    from beffroi_server.accounts.models import User
except ImportError:  # as it was before its packages were split
    from beffroi_server.screens.models import Screen, ScreenClass, Group as ScreenGroup, ScreenState
    from beffroi_server.programme.models import Entry, Playlist, ScheduleRule
    from beffroi_server.programme.publication import publish_due as publish_due_programmes
    from beffroi_server.broadcast.models import Outgoing as OutboxDocument
    from beffroi_server.accounts.models import Person as User
from beffroi_server.library.models import Announcement

screens, announcements = int(sys.argv[1]), int(sys.argv[2])
now = timezone.now()
admin = User.objects.filter(username="admin").first() or User.objects.create(username="admin", role="administrator")
kinds = [
    ScreenClass.objects.create(name=f"Large {n}", width=w, height=h, physical_height_mm=mm, viewing_distance_mm=4000)
    for n, (w, h, mm) in enumerate([(1920, 1080, 680), (1080, 1920, 1200), (1280, 720, 400)])
]
groups = [ScreenGroup.objects.create(slug=f"district-{n}", name=f"Quartier {n}") for n in range(20)]
Screen.objects.bulk_create(
    Screen(slug=f"screen-{n}", name=f"Écran {n:04}", place=f"{n} rue de la Mairie", screen_class=kinds[n % 3],
           enrolled_at=now)
    for n in range(screens)
)
rows = list(Screen.objects.order_by("pk"))
link = Screen.groups.through
field = "screengroup_id" if hasattr(link(), "screengroup_id") else "group_id"
link.objects.bulk_create(
    link(screen_id=screen.pk, **{field: groups[(n + each) % 20].pk})
    for n, screen in enumerate(rows) for each in range(n % 3 + 1)
)

TEMPLATES = ("news", "notice", "event", "works")
WORDS = (
    "marché", "piscine", "école", "forêt", "réunion", "concert", "travaux", "élections", "bibliothèque", "collecte",
)
def announcement(n):
    template = TEMPLATES[n % 4]
    event = {"starts": now + dt.timedelta(days=n % 90 - 20), "place": "Place de la Mairie"} if n % 4 == 2 else {}
    return Announcement(template=template, title=f"{WORDS[n % 10].capitalize()} {n}", label=WORDS[n % 7].capitalize(),
                        body="De 10 h à 19 h, entrée libre. Renseignements à l’accueil de la mairie.",
                        updated_by=admin, **event)
Announcement.objects.bulk_create((announcement(n) for n in range(announcements)), batch_size=500)
texts = list(Announcement.objects.order_by("created_at").values_list("pk", flat=True)[: 60 * 12])
playlists = [Playlist.objects.create(name=f"Boucle {n:02}") for n in range(60)]
Entry.objects.bulk_create(
    Entry(playlist=playlist, position=each, announcement_id=texts[(n * 12 + each) % len(texts)], duration_s=10)
    for n, playlist in enumerate(playlists) for each in range(12)
)
for n in range(120):
    rule = ScheduleRule.objects.create(name=f"Règle {n:03}", playlist=playlists[n % 60], everywhere=n < 3,
                                       priority=50 + n % 3, weekdays="12345" if n % 4 else "1234567")
    if n >= 3:
        rule.groups.add(groups[n % 20])
publish_due_programmes()
sequences = {
    topic.split("/down/s-")[1].split("/")[0]: sequence
    for topic, sequence in OutboxDocument.objects.filter(topic__contains="/down/s-", topic__endswith="/programme")
    .values_list("topic", "sequence")
}

NOW_MS = int(now.timestamp() * 1000)
def report(n, screen):
    return {"boot": "b", "number": 1, "at_ms": NOW_MS, "clock": "trusted", "link": "live",
            "programme": sequences.get(screen.slug), "alerts": {},
            "shown": [{"zone": "main", "slide": f"announcement-{texts[n % len(texts)]}-1", "reason": "rule",
                       "rule": "rule-1", "playlist": "playlist-1", "since_ms": NOW_MS, "until_ms": NOW_MS + 10_000}],
            "presented_at_ms": NOW_MS, "frame": f"{n:064x}", "version": "1.0", "stage_started_at_ms": NOW_MS,
            "health": {"uptime_s": n, "processor_percent": 3.5, "temperature_c": 51.5, "memory_percent": 20,
                       "disk_free_mb": 9000}}
ScreenState.objects.bulk_create(
    ScreenState(screen=screen, online=True, boot="b", connection=1, seen_at=now, report_number=1,
                report=report(n, screen))
    for n, screen in enumerate(rows) if n % 50
)

PLAY_DAYS = 30
def seed_plays(keys):
    # Daily totals of a month: fifteen contents on each screen, three more on all of them, and their sums.
    from beffroi_server.fleet.play_models import ContentDay, DailyPlays, PlayedContent, ScreenDay
    from django.db import connection
    first = timezone.localdate() - dt.timedelta(days=PLAY_DAYS - 1)
    days = [first + dt.timedelta(days=n) for n in range(PLAY_DAYS)]
    shown = {n: [f"announcement-{texts[(n * 12 + k) % len(texts)]}" for k in range(15)] for n in range(60)}
    for day in days:
        DailyPlays.objects.bulk_create(
            (
                DailyPlays(screen_id=key, day=day, content=content, times=100 + n % 7, confirmed=40,
                           lasted_ms=1_000_000, first_at=now, last_at=now)
                for n, key in enumerate(keys)
                for content in {*shown[n % 60], *(f"announcement-{each}" for each in texts[:3])}
            ),
            batch_size=2_000,
        )
    sums = "SUM(times), SUM(confirmed), SUM(lasted_ms), MIN(first_at), MAX(last_at) FROM " + DailyPlays._meta.db_table
    with connection.cursor() as cursor:
        for model, key in ((ContentDay, "content"), (ScreenDay, "screen_id")):
            # On which screens a content was, is filled in below.
            more, empty = (", screens", "x'', ") if hasattr(model, "screens") else ("", "")
            cursor.execute(
                f"INSERT INTO {model._meta.db_table} (day, {key}{more}, times, confirmed, lasted_ms, first_at, "
                f"last_at) SELECT day, {key}, {empty}{sums} GROUP BY day, {key}"
            )
    if hasattr(ContentDay, "screens"):
        from beffroi_server.fleet.plays import screen_sets
        on_screens = {}
        for content, key in DailyPlays.objects.filter(day=first).order_by().values_list("content", "screen"):
            on_screens.setdefault(content, []).append(key)
        for content, screens in on_screens.items():
            stored = screen_sets.to_bytes(screen_sets.bits_of(screens))
            ContentDay.objects.filter(content=content).update(screens=stored)
    PlayedContent.objects.bulk_create(
        PlayedContent(key=f"announcement-{key}", name=title)
        for key, title in Announcement.objects.filter(pk__in=texts).values_list("pk", "title")
    )
try:
    seed_plays([screen.pk for screen in rows])
except ImportError:  # before there were such totals
    pass
print(json.dumps({"screens": len(rows), "announcements": Announcement.objects.count(), "programmes": len(sequences)}))
"""


def seed_large_town(folder: Path, screens: int, announcements: int, python: Path | None = None) -> str:
    """Make the town in a folder, by the programs beside ``python``; return a line of JSON that counts it.

    Raises:
        OSError: it could not be made; the message is what the program said.
    """
    programs = (python or Path(sys.executable)).parent
    environment = {**os.environ, "BEFFROI_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "beffroi_server.settings"}
    _run([programs / "beffroi-server", "init", "--town", "Grande-Ville"], environment)
    made = _run([programs / "python", "-c", PROGRAM, str(screens), str(announcements)], environment)
    return made.strip().splitlines()[-1]


def _run(command: list[str | Path], environment: dict[str, str]) -> str:
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=SEED_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        # It is no OSError: a benchmark would end in a traceback, without a word about the others.
        raise OSError(f"{command[0]} took more than {SEED_TIMEOUT_S} s") from error
    if done.returncode:
        raise OSError(done.stderr[-4000:])
    return done.stdout


def main() -> int:
    """Make a large town in the folder of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="an empty folder, which becomes BEFFROI_DATA")
    parser.add_argument("--screens", type=int, default=1_000)
    parser.add_argument("--announcements", type=int, default=10_000)
    options = parser.parse_args()
    print(seed_large_town(options.folder, options.screens, options.announcements))
    return 0


if __name__ == "__main__":
    sys.exit(main())
