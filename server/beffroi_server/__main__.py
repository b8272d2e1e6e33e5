"""Entry point of ``beffroi-server``: sets Django up, then hands over to the command line.

Commands that only look at a file need neither settings nor database: they run before Django is set up.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

FILE_COMMANDS = {
    "calendar": "beffroi_server.schedule.calendar_command",
    "cap": "beffroi_server.cap.cap_command",
    "feed": "beffroi_server.feeds.feed_command",
    "media": "beffroi_server.library.media_command",
    "plays verify": "beffroi_server.fleet.plays.log_verification",
    "audit verify": "beffroi_server.accounts.audit_verification",
    "alerts verify": "beffroi_server.dossiers.dossier_verification",
}
"""Commands that need no settings, and the modules whose ``main(arguments)`` runs them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code: 0 done, 1 it failed, 2 it was not understood."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    for words in (2, 1):
        name = " ".join(arguments[:words])
        if name in FILE_COMMANDS:
            return _run_file_command(FILE_COMMANDS[name], arguments[words:])
    # Database, media and broker files are for this user and its group, whatever the shell's mask is.
    os.umask(os.umask(0) | 0o027)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "beffroi_server.settings")
    import django  # noqa: PLC0415 - the commands above do without

    from beffroi_content.terminal_language import asked_language, terminal_language  # noqa: PLC0415
    from beffroi_server.core.environment import SettingFault  # noqa: PLC0415

    try:
        django.setup()
    except SettingFault as fault:
        said = fault.told_in(asked_language(arguments) or terminal_language() or "en")
        sys.stderr.write(f"beffroi-server: {said}\n")
        return 1
    from beffroi_server import cli  # noqa: PLC0415 - models can be imported only once Django is set up

    return cli.main(arguments)


def _run_file_command(module: str, arguments: Sequence[str]) -> int:
    try:
        code = int(import_module(module).main(arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has enough, as “head” has. Python would complain once more when it flushes at its end.
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - open to the end of the process
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
