"""The command line of a player."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from beffroi_player import log_setup, supervisor
from beffroi_player.state.default_paths import default_runtime, default_state

FAILED = 1
EPILOGUE = """\
A player that belongs to no town shows a code, which somebody types on the page “Pair a player” of the server:

  BEFFROI_SERVER=https://screens.example.org beffroi-player run

Without BEFFROI_SERVER it looks for a server on the local network. It can also be enrolled by a command, which the page
of the screen shows:

  beffroi-player enrol https://screens.example.org 7KQ2-M4XD --root 3f9a-02c1-77be-5d10

Exit codes: 0 done, 1 it could not start, 2 the command line is wrong.
"""

DOCTOR_EPILOGUE = """\
It changes nothing, whether the player runs or not. Run it as root, or as the account of the player:

  sudo beffroi-player doctor

It looks at the two processes, what they show, the clock, the state directory and its secrets, fonts and decoders,
power supply, temperature, disk and network of the machine, and at the way to server and broker step by step: name,
connection, certificate, answer. The page of the screen says what of it the player can report.

Exit codes: 0 nothing is wrong, 1 there are only warnings, 2 the command line is wrong, 3 something fails.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code."""
    options = _argument_parser().parse_args(argv)
    log_setup.set_up(options.log_level, options.command, options.state or default_state())
    os.umask(0o027)
    try:
        return int(options.do(options))
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        logging.getLogger(__name__).error(
            "it cannot start: %s. Give folders that this account may write to with --state and --runtime", what
        )
        return FAILED


def _argument_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="beffroi-player",
        description="Player of one screen: shows the programme and the alerts of its town.",
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    common = _common_options()
    enrol = commands.add_parser("enrol", parents=[common], help="enrol this machine as a screen of a town")
    enrol.add_argument("url", metavar="URL", help="the server, such as https://screens.example.org")
    enrol.add_argument("code", metavar="CODE", help="enrolment code from the page of the screen; it can be used once")
    enrol.add_argument(
        "--root", metavar="FINGERPRINT", required=True,
        help="fingerprint of the town's keys, at least its first 16 digits: without it, any server at that "
        "address could control the screen",
    )  # fmt: skip
    enrol.set_defaults(do=_run_enrol)
    for name, do, text in (
        ("run", _run_player, "run the player: a stage and an agent, started again when one of them dies"),
        ("stage", _run_stage, "run only the stage, which drives the display; for service managers"),
        ("agent", _run_agent, "run only the agent, which talks to the network; for service managers"),
        ("status", _run_status, "print what the player holds and presents"),
    ):
        command = commands.add_parser(name, parents=[common], help=text, description=text.capitalize() + ".")
        command.set_defaults(do=do)
        if name in ("run", "stage"):
            command.add_argument(
                "--output", type=_output_argument, default="auto", metavar="WHERE",
                help="where frames are shown: window, fullscreen, headless, or a LED controller such as "
                "ddp://192.168.1.40, artnet://192.168.1.40?universe=0, sacn://192.168.1.40?universe=1 or "
                "sacn://multicast, each with ?gamma=2.2 if wanted; auto: a window on a desktop, otherwise the whole "
                "display, otherwise a PNG file in the runtime directory",
            )  # fmt: skip
            command.add_argument(
                "--drawing", choices=("auto", "gpu", "software"), default="auto",
                help="drawing by: gpu, the processor (software), or auto: the GPU if there is one and it passes a "
                "test at the start (default: auto)",
            )  # fmt: skip
    doctor = commands.add_parser(
        "doctor", parents=[common], help="say what is wrong with this player, why, and the next step",
        description="Say what is wrong with this player, the greatest harm first, why, and the next step.",
        epilog=DOCTOR_EPILOGUE, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    doctor.add_argument("--json", action="store_true", help="print it for other programs")
    doctor.add_argument("--offline", action="store_true", help="do not ask server and broker")
    doctor.add_argument("--language", choices=("en", "fr"), default="", help="by default that of the terminal")
    doctor.set_defaults(do=_run_doctor)
    trigger = commands.add_parser(
        "trigger", parents=[common], help="show a prepared alert now, or end it, without the server",
        description="Show a scenario that the town has prepared for it, here and on the screens of this network, or "
        "end what was triggered here. Only root and the account of the player may do so.",
    )  # fmt: skip
    trigger.add_argument("scenario", nargs="?", default="", metavar="SCENARIO", help="its name; none: list them")
    trigger.add_argument("--end", action="store_true", help="end it, or everything that was triggered here")
    trigger.set_defaults(do=_run_trigger)
    return parser


def _output_argument(text: str) -> str:
    if text in ("auto", "window", "fullscreen", "headless"):
        return text
    from beffroi_player.outputs.base import OutputError  # noqa: PLC0415 -- the stage must start fast
    from beffroi_player.outputs.led.controller import LedTarget  # noqa: PLC0415

    try:
        LedTarget.parse_address(text)
    except OutputError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def _common_options() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--state", type=Path, metavar="DIR",
        help="directory that survives a power cut (default: $STATE_DIRECTORY, or ~/.local/share/beffroi-player)",
    )  # fmt: skip
    common.add_argument(
        "--runtime", type=Path, metavar="DIR",
        help="directory that is forgotten at each boot, best in memory (default: $RUNTIME_DIRECTORY, or a folder in "
        "$XDG_RUNTIME_DIR or /dev/shm)",
    )  # fmt: skip
    common.add_argument(
        "--log-level", choices=log_setup.LEVELS, default="info", help="level of the log (default: info)"
    )
    return common


def _create_folders(options: argparse.Namespace) -> tuple[Path, Path]:
    state = options.state or default_state()
    runtime = options.runtime or default_runtime(state)
    for folder in (state, state / "assets", state / "frames", state / "plays"):
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    return state, runtime


def _run_enrol(options: argparse.Namespace) -> int:
    from beffroi_player.agent.storage import adopt_identity  # noqa: PLC0415
    from beffroi_player.agent.transport.enrolment import EnrolmentError, enrol_player  # noqa: PLC0415
    from beffroi_player.state.directories import StateDirectory  # noqa: PLC0415

    state, _ = _create_folders(options)
    try:
        enrolment = enrol_player(options.url, options.code, options.root)
    except EnrolmentError as error:
        sys.stderr.write(f"not enrolled: {error}\n")
        return FAILED
    adopt_identity(StateDirectory(state), enrolment)
    sys.stdout.write(f"This is the screen “{enrolment.screen}” of “{enrolment.site}”. Next: beffroi-player run\n")
    return 0


def _run_player(options: argparse.Namespace) -> int:
    state, runtime = _create_folders(options)
    return supervisor.supervise_processes(
        state, runtime, options.log_level, ["--output", options.output, "--drawing", options.drawing]
    )


def _run_stage(options: argparse.Namespace) -> int:
    supervisor.end_with_parent()
    state, runtime = _create_folders(options)
    from beffroi_player.state.atomic_files import claim_folder  # noqa: PLC0415 -- the supervisor does without

    # Two stages would give the same numbers to different plays.
    with claim_folder(state / "plays", "stage"):
        from beffroi_player.stage.main import run_stage  # noqa: PLC0415

        return run_stage(state, runtime, options.output, options.drawing)


def _run_agent(options: argparse.Namespace) -> int:
    supervisor.end_with_parent()
    state, runtime = _create_folders(options)
    from beffroi_player.state.atomic_files import claim_folder  # noqa: PLC0415 -- the supervisor does without

    # Two agents would disconnect each other at the broker, and overwrite each other's files.
    with claim_folder(state, "agent"):
        from beffroi_player.agent.main import run_agent  # noqa: PLC0415
        from beffroi_player.state.directories import RuntimeDirectory, StateDirectory  # noqa: PLC0415

        return run_agent(StateDirectory(state), RuntimeDirectory(runtime))


def _run_trigger(options: argparse.Namespace) -> int:
    from beffroi_player.trigger_command import run_trigger  # noqa: PLC0415

    state = options.state or default_state()
    done, text = run_trigger(state, options.runtime or default_runtime(state), options.scenario, ends=options.end)
    (sys.stdout if done else sys.stderr).write(text + "\n")
    return 0 if done else FAILED


def _run_status(options: argparse.Namespace) -> int:
    from beffroi_player.status_command import describe_player  # noqa: PLC0415

    # A command that only reads creates nothing, least of all folders that belong to root.
    state = options.state or default_state()
    sys.stdout.write(describe_player(state, options.runtime or default_runtime(state)))
    return 0


def _run_doctor(options: argparse.Namespace) -> int:
    from beffroi_player.doctor.doctor_command import examine_player  # noqa: PLC0415

    # A command that only reads creates nothing, least of all folders that belong to root.
    state = options.state or default_state()
    code, text = examine_player(
        state, options.runtime or default_runtime(state), options.language, as_json=options.json,
        asks_network=not options.offline,
    )  # fmt: skip
    sys.stdout.write(text)
    return code


if __name__ == "__main__":
    sys.exit(main())
