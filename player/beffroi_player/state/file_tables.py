"""Tables of the files in the state and runtime directories, as docs/player.md shows them.

Each file is listed once, here; ``make schemas`` writes the tables of docs/player.md from these lists.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple


class FileEntry(NamedTuple):
    """One file, or one family of files, of a directory."""

    name: str
    """Path within the directory; a part in angle brackets varies."""
    writer: Literal["agent", "stage", "supervisor"]
    """The only process that writes it."""
    meaning: str
    """Content and purpose, in a few words."""


STATE_FILES = (
    FileEntry(
        "enrolment.json", "agent", "the screen that this player is, its server, its token (readable by the owner only)"
    ),
    FileEntry("card.json", "agent", "an enrolment card that is being used (readable by the owner only)"),
    FileEntry("card-in-hand.json", "agent", "the key made for that card: asking again is allowed with it"),
    FileEntry("silence.json", "agent", "for how long it ran without a word of the town"),
    FileEntry("darkness.json", "agent", "nothing of the town is shown any more, and why"),
    FileEntry("trust.json", "agent", "key list and newest sequence of each stream"),
    FileEntry("pending.json", "agent", "a programme that is accepted but not ready"),
    FileEntry("programme.json", "agent", "the active programme, with the frames of each of its slides"),
    FileEntry("alerts.json", "agent", "the alerts that are held, with their frames"),
    FileEntry("alert-sets.json", "agent", "the alert sets as they were signed, for peers that are cut off"),
    FileEntry("scenarios.json", "agent", "the scenarios that the town lets be triggered on the spot"),
    FileEntry("acts.json", "agent", "what was triggered on the spot, here or by a peer"),
    FileEntry("sounds.json", "agent", "when alerts were last heard, so that a restart does not begin again"),
    FileEntry("commands.json", "agent", "the commands that were carried out"),
    FileEntry("receipts.json", "agent", "proofs that alerts and programmes were shown, until the server has them"),
    FileEntry("forwarded.json", "agent", "the number of the newest play that the broker has taken"),
    FileEntry("copies/<name>.json", "agent", "a copy of the file of that name, read where that one is damaged"),
    FileEntry("assets/<sha256>", "agent", "downloaded files, unchanged"),
    FileEntry("frames/<name>.png", "agent", "prepared frames of slides and alerts"),
    FileEntry("last-frame.png", "agent", "the last good frame, shown first after a start"),
    FileEntry("notice.png", "agent", "the image that is shown while there is no programme"),
    FileEntry("releases/<version>/", "agent", "a release of the player beside the package, unpacked"),
    FileEntry("releases/wanted.json", "agent", "the release that is to run, once it is installed"),
    FileEntry("releases/metadata/", "agent", "what was verified of the signatures of releases"),
    FileEntry("releases/record.json", "supervisor", "the release that runs or is tried, and those that failed"),
    FileEntry("plays/<number>.jsonl", "stage", "the play log; each file is named after its first number"),
    FileEntry("plays/<…>.jsonl.gz", "agent", "a closed file of the play log, packed: `zcat` shows it"),
    FileEntry(
        "display-changes.json", "stage", "changes to the display that are to be undone, once it was switched or dimmed"
    ),
)
"""Files of the state directory, which is on a disk and survives a power cut."""

RUNTIME_FILES = (
    FileEntry("clock.json", "agent", "the time, and how far it can be trusted"),
    FileEntry("alerts.json", "agent", "the alerts that are held, before they are on the disk"),
    FileEntry("<name>.pam", "agent", "frames of alerts, raw, before they are on the disk"),
    FileEntry(".spare-page.tmp", "agent", "memory for the next page of an alert, where a page takes at most 8 MB"),
    FileEntry("live-<name>.png", "agent", "frames of slides that change by themselves, prepared one step ahead"),
    FileEntry("overlay.json", "agent", "a frame over everything for a while, such as the name of the screen"),
    FileEntry("presented.json", "stage", "what the stage presents now, and why"),
    FileEntry("unwritten-plays.json", "stage", "plays that would be logged if the stage ended now"),
    FileEntry("capture.ppm", "stage", "the newest capture of the presented frame, raw"),
    FileEntry("headless.png", "stage", "the presented frame of a player without a display"),
    FileEntry("decoder.json", "stage", "the result of the trial of the hardware decoder"),
    FileEntry("stage-starts", "stage", "instants at which the stage was started, for those that ended in a crash"),
    FileEntry("stage.sock", "stage", "socket on which the stage is woken up"),
    FileEntry("agent.sock", "agent", "socket on which the agent is woken up"),
    FileEntry("trigger.sock", "agent", "socket of the command `trigger`, for root and the account of the player"),
)
"""Files of the runtime directory, which is in memory and forgotten at each boot."""

_TABLES = {"state-files": STATE_FILES, "runtime-files": RUNTIME_FILES}
_MARKED = re.compile(r"(<!-- begin (?P<name>[a-z-]+) -->\n).*?(<!-- end (?P=name) -->\n)", re.DOTALL)


def markdown_table(files: Sequence[FileEntry]) -> str:
    """Return the files as a Markdown table, one a row."""
    rows = [f"| `{entry.name}` | {entry.writer} | {entry.meaning} |\n" for entry in files]
    return "".join(["| file | written by | what it is |\n", "|---|---|---|\n", *rows])


def with_tables(page: str) -> str:
    """Return a Markdown page whose tables between ``<!-- begin … -->`` and ``<!-- end … -->`` are written anew.

    Raises:
        KeyError: the page has a mark of a table that is not known here.
    """
    return _MARKED.sub(lambda found: f"{found[1]}{markdown_table(_TABLES[found['name']])}{found[3]}", page)
