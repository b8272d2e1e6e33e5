"""Beffroi in one go: a server with its broker, three players, and a small French town on them."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from tests.support.processes import own_address

from demo.announcements import TOWN
from demo.demo_town import REPORT_S, DemoError, DemoTown, ScreensSilent

STATE = Path(__file__).parent / "state"
AGAIN_S = 30
"""How long to wait for the screens of a town that was tried out before."""
STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody wants the demo to end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo until it is stopped. Return 0, or 1 if something went wrong."""
    options = _parser().parse_args(arguments)
    for number in STOPS:
        signal.signal(number, _stop)
    try:
        with ExitStack() as started:
            started.callback(_say, "Everything is stopped.")
            house = _begin(options, started)
            started.callback(_deaf)
            _wait(options, house)
    except Stopped:
        pass
    except DemoError as error:
        sys.stderr.write(f"\ndemo: {error}\n")
        return 1
    return 0


def _begin(options: argparse.Namespace, started: ExitStack) -> DemoTown:
    """Start everything, and leave it to the stack to stop it."""
    windows = _has_display() and not options.headless
    host = options.host or ("localhost" if options.check or _has_display() else own_address())
    house = DemoTown(options.state.resolve(), host, windows)
    house.lock(started)
    _say(f"Beffroi, a demonstration: the screens of {TOWN}")
    _say("… preparing the town")
    loaded = house.prepare()
    _say("✓ the town is loaded" if loaded else f"✓ the town is as you left it, in {house.state}")
    started.callback(_deaf)
    for sentence in house.start_server(started):
        _say(f"  {sentence}")
    _say(f"✓ the server answers, with a broker on port {house.broker_port}")
    _say("✓ three players are enrolled" if house.enrol_players() else "✓ three players are enrolled already")
    house.start_players(started)
    _say(f"… waiting for the screens ({'a window each' if windows else 'no windows: see them in the page'})")
    _await_screens(house, must=options.check or loaded)
    return house


def _await_screens(house: DemoTown, *, must: bool) -> None:
    try:
        for said in house.confirmations(REPORT_S if must else AGAIN_S):
            _say(f"✓ {said['name']} shows “{said['shows']}”")
    except ScreensSilent as silence:
        if must:
            raise
        # Whoever tries things out may have taken a screen away, and wants to go on from there.
        _say(f"  {silence}")


def _wait(options: argparse.Namespace, house: DemoTown) -> None:
    if options.check:
        _say(f"All screens confirm what they show. Pages: {house.url}")
        return
    link = house.sign_in_link()
    _say(f"\n  Pages     {house.url}\n  Sign in   {link}   (once, within an hour)\n")
    _say(
        "Try: write an announcement; broadcast “Crue de la Vive”; end it.  Ctrl-C stops everything and keeps the data."
    )
    if _has_display() and not options.no_browser:
        _open(link)
    while len(house.children) > 1:
        for name in house.check():
            _say(f"  the window of {name} was closed; the rest goes on")
        time.sleep(0.5)
    _say("No screen is left.")


def _open(link: str) -> None:
    opener = shutil.which("xdg-open")
    if opener:
        # The browser is the user's: it stays when the demo ends.
        subprocess.Popen(  # noqa: S603 - found on the path
            [opener, link],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def _has_display() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _stop(_number: int, _frame: FrameType | None) -> None:
    _deaf()
    raise Stopped


def _deaf() -> None:
    """Let nobody interrupt the stopping: it ends by itself."""
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)


def _say(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--state", type=Path, default=STATE, help="the folder that is kept (%(default)s)")
    parser.add_argument("--host", help="the name under which other machines reach this one")
    parser.add_argument("--headless", action="store_true", help="no windows: the pages show live pictures")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page")
    parser.add_argument("--check", action="store_true", help="only see that all screens show something, then stop")
    return parser


if __name__ == "__main__":
    sys.exit(main())
