"""The real processes: started, killed, disconnected, and observed from outside."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from paho.mqtt import client as mqtt
from PIL import Image
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import SigningTown, alert, jpeg, picture_slide, slide

from beffroi_content import rendering
from beffroi_content.trust import root_fingerprint
from beffroi_player.__main__ import main
from beffroi_player.agent.storage import AgentStorage
from beffroi_player.state import atomic_files
from beffroi_player.state.directories import ActiveProgramme, RuntimeDirectory, StateDirectory

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
XVFB = shutil.which("Xvfb")


def until(what: str, found: Callable[[], object], seconds: float = 20.0) -> object:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError, LookupError, AttributeError):
            if value := found():
                return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


@pytest.fixture
def processes() -> Iterator[list[subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in reversed(started):
        process.terminate()
    for process in reversed(started):
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(processes: list[subprocess.Popen[bytes]], tmp_path: Path) -> Start:
    def started(command: str, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        folders = ["--state", str(tmp_path / "state"), "--runtime", str(tmp_path / "run")]
        inherited = {k: v for k, v in os.environ.items() if k not in ("SDL_VIDEODRIVER", "DISPLAY", "NOTIFY_SOCKET")}
        process = subprocess.Popen(
            [sys.executable, "-m", "beffroi_player", command, *folders, *options], env={**inherited, **environment}
        )
        processes.append(process)
        return process

    return started


def presented_by(folder: Path) -> dict[str, object]:
    return json.loads((folder / "run/presented.json").read_text())


def digest_of(path: Path) -> str:
    with Image.open(path) as image:
        return rendering.image_digest(image)


@pytest.fixture
def prepared(hall: SigningTown, tmp_path: Path) -> str:
    """A player that has a programme on its disk and nothing in memory; gives the digest of its only picture."""
    hall.now_ms = int(time.time() * 1000)
    player = PlayerHarness(hall, tmp_path)
    player.receive(hall.publish_keys(), hall.publish_programme(hall.manifest(slide("pool"))))
    digest = player.run_iteration().frame
    player.storage.enrolment.write(hall.enrolment())
    player.close()
    shutil.rmtree(tmp_path / "run")
    return digest


def test_the_stage_alone_shows_the_programme_at_once(prepared: str, start: Start, tmp_path: Path) -> None:
    began = time.monotonic()
    stage = start("stage", "--output", "headless")
    until("the picture", lambda: digest_of(tmp_path / "run/headless.png") == prepared)
    assert time.monotonic() - began < 10
    until("the report of it", lambda: presented_by(tmp_path)["frame"] == prepared)
    stage.terminate()
    assert stage.wait(10) == 0


def test_the_last_picture_is_there_even_without_a_programme(prepared: str, start: Start, tmp_path: Path) -> None:
    Image.new("RGB", (320, 180), "navy").save(tmp_path / "state/last-frame.png")
    for folder in ("state", "state/copies"):
        (tmp_path / folder / "programme.json").write_text("{")
    start("stage", "--output", "headless")
    until("what was on before", lambda: digest_of(tmp_path / "run/headless.png"))
    until("the stage runs", lambda: presented_by(tmp_path))
    assert digest_of(tmp_path / "run/headless.png") == digest_of(tmp_path / "state/last-frame.png")


def test_the_last_picture_is_forgotten_once_another_is_on(prepared: str, start: Start, tmp_path: Path) -> None:
    Image.new("RGB", (5_000, 4_000), "navy").save(tmp_path / "state/last-frame.png")
    stage = start("stage", "--output", "headless")
    until("the programme", lambda: digest_of(tmp_path / "run/headless.png") == prepared)
    until("the 80 MB are given back", lambda: resident_mb(stage.pid) < 100)


def resident_mb(pid: int) -> int:
    return int(re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[0]) // 1024


@pytest.mark.parametrize("damage", [lambda path: path.write_text("{"), lambda path: path.unlink()])
def test_a_damaged_programme_is_shown_from_its_copy_without_anybody_to_ask(
    prepared: str, start: Start, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    damage(tmp_path / "state/programme.json")
    start("stage", "--output", "headless")
    until("the programme", lambda: digest_of(tmp_path / "run/headless.png") == prepared)


def test_the_stage_loads_no_libraries_that_it_does_not_use(prepared: str, start: Start, tmp_path: Path) -> None:
    stage = start("stage", "--output", "headless")
    until("the picture", lambda: digest_of(tmp_path / "run/headless.png") == prepared)
    loaded = Path(f"/proc/{stage.pid}/maps").read_text()
    assert "SDL2" in loaded
    assert not re.findall("SDL2_mixer|SDL2_ttf|libavcodec|_imaging", loaded)


def test_the_stage_needs_neither_pillow_nor_network(prepared: str, tmp_path: Path) -> None:
    script = (
        "import sys; import beffroi_player.stage.main, beffroi_player.stage.frame_loop;"
        "import beffroi_player.outputs.headless;"
        "print([n for n in ('PIL', 'requests', 'paho', 'cryptography', 'numpy') if n in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output.splitlines()[-1] == "[]"


def test_a_run_starts_both_again_and_leaves_nothing(prepared: str, start: Start, tmp_path: Path) -> None:
    run = start("run", "--output", "headless")
    until("the picture", lambda: digest_of(tmp_path / "run/headless.png") == prepared)
    children = until("two children", lambda: c if len(c := children_of(run.pid)) == 2 else None)
    assert isinstance(children, list)
    (tmp_path / "run/headless.png").unlink()
    for child in children:
        os.kill(child, signal.SIGKILL)
    until("two others", lambda: len(set(children_of(run.pid)) - set(children)) == 2)
    until("the picture again", lambda: digest_of(tmp_path / "run/headless.png") == prepared)
    others = children_of(run.pid)
    run.terminate()
    assert run.wait(20) == 0
    assert not [child for child in others if Path(f"/proc/{child}").exists()]
    assert not list((tmp_path / "run").glob("*.sock"))


def test_children_do_not_outlive_their_supervisor(prepared: str, start: Start, tmp_path: Path) -> None:
    run = start("run", "--output", "headless")
    until("the picture", lambda: digest_of(tmp_path / "run/headless.png") == prepared)
    children = children_of(run.pid)
    run.kill()
    until("they end", lambda: not [child for child in children if Path(f"/proc/{child}").exists()])


def test_an_agent_that_hangs_is_started_again_and_the_stage_goes_on(
    prepared: str, processes: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    script = "from beffroi_player import __main__, supervisor; supervisor.HUNG_SECONDS = 7; __main__.main()"
    command = [sys.executable, "-c", script, "run", "--output", "headless", *folders(tmp_path)]
    run = subprocess.Popen(command)
    processes.append(run)
    until("the agent", (tmp_path / "run/agent.sock").exists)
    stage, agent = children_of(run.pid)
    os.kill(agent, signal.SIGSTOP)
    until("another agent", lambda: set(children_of(run.pid)) - {stage, agent}, 40)
    assert stage in children_of(run.pid)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_the_watchdog_is_fed_by_the_stage(prepared: str, start: Start, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        start("stage", "--output", "headless", NOTIFY_SOCKET=str(tmp_path / "notify"))
        assert [manager.recv(100), manager.recv(100)] == [b"READY=1", b"WATCHDOG=1"]


def test_a_kill_during_activation_leaves_the_old_or_the_new(prepared: str, hall: SigningTown, tmp_path: Path) -> None:
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from beffroi_player.state.directories import ActiveProgramme, StateDirectory
from pathlib import Path
state = StateDirectory(Path({str(tmp_path / "state")!r}))
active = state.programme.read()
print("ready", flush=True)
while True:
    active = active.model_copy(update={{"sequence": active.sequence + 1}})
    state.programme.write(active)
"""
    state = StateDirectory(tmp_path / "state")
    seen: set[int] = set()
    for pause in (0.0, 0.003, 0.01, 0.02):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(pause)
        process.kill()
        process.wait()
        process.stdout.close()
        found = state.programme.read()
        assert isinstance(found, ActiveProgramme)
        seen.add(found.sequence)
    assert len(seen) > 1


# --- with a real broker


@pytest.fixture
def broker(tmp_path: Path, processes: list[subprocess.Popen[bytes]]) -> Iterator[tuple[mqtt.Client, int, list]]:
    if MOSQUITTO is None:
        pytest.skip("Mosquitto is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "mosquitto.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    processes.append(subprocess.Popen([MOSQUITTO, "-c", str(tmp_path / "mosquitto.conf")], stderr=subprocess.DEVNULL))
    heard: list[tuple[str, bytes]] = []
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.on_message = lambda _c, _u, message: heard.append((message.topic.split("/")[-1], message.payload))
    until("the broker", lambda: client.connect("127.0.0.1", port) == mqtt.MQTT_ERR_SUCCESS)
    client.subscribe("beffroi/1/saint-aubin/up/s-hall/#", 1)
    client.loop_start()
    yield client, port, heard
    client.disconnect()
    client.loop_stop()


def test_from_the_town_to_the_screen_and_back(
    hall: SigningTown, broker: tuple[mqtt.Client, int, list], start: Start, tmp_path: Path
) -> None:
    client, port, heard = broker
    hall.now_ms = int(time.time() * 1000)

    def publish(document: tuple[str, bytes]) -> None:
        client.publish(*document, qos=1, retain=True)

    def said(leaf: str) -> list[dict]:
        return [json.loads(payload) for name, payload in heard if name == leaf]

    with hall.serve() as url:
        asset = hall.add_file(jpeg())
        assert (
            main(
                [
                    "enrol",
                    url,
                    "7KQ2-M4XD",
                    "--root",
                    root_fingerprint(hall.anchor.root_keys.values()),
                    *folders(tmp_path),
                ]
            )
            == 0
        )
        vault = AgentStorage(tmp_path / "state")
        vault.enrolment.write(hall.enrolment(url, port))
        publish(hall.publish_keys())
        publish(hall.publish_programme(hall.manifest(picture_slide("photo", asset))))
        run = start("run", "--output", "headless")
        until("the programme", lambda: [s["slide"] for s in presented_by(tmp_path)["showings"]] == ["photo"])
        until("its receipt", lambda: [r for body in said("receipts") for r in body["receipts"]][0]["frame"])
        hall.now_ms = int(time.time() * 1000)
        client.publish(*hall.publish_beat())
        until("the link is live", lambda: said("report")[-1]["link"] == "live")
        publish(hall.publish_alerts(alert(now=hall.now_ms)))
        until("the alert", lambda: presented_by(tmp_path)["showings"][0]["alert"] == "flood")
        until("its receipt", lambda: said("receipts")[-1]["receipts"][0]["alert"] == "flood")
        assert digest_of(tmp_path / "run/headless.png") == said("receipts")[-1]["receipts"][0]["frame"]
        client.publish(*hall.publish_command("photo-1", "screenshot"), qos=1)
        picture = until("a screenshot", lambda: [p for leaf, p in heard if leaf == "screenshot"])
        assert isinstance(picture, list)
        assert picture[0].startswith(b"\xff\xd8")
        client.publish(*hall.publish_command("who-1", "identify", 60), qos=1)
        client.publish(*hall.publish_command("x-1", "dance"), qos=1)
        until("the refusal", lambda: "unknown-command" in [r["code"] for r in said("report")[-1]["refusals"]])
        assert presented_by(tmp_path)["showings"][0]["alert"] == "flood"
        publish(hall.publish_alerts())
        until("the screen's name", lambda: presented_by(tmp_path)["overlay"])
        run.terminate()
        assert run.wait(20) == 0
        until("the goodbye", lambda: said("status")[-1]["online"] is False)


def folders(tmp_path: Path) -> list[str]:
    return ["--state", str(tmp_path / "state"), "--runtime", str(tmp_path / "run")]


def test_without_a_broker_documents_come_over_http(hall: SigningTown, start: Start, tmp_path: Path) -> None:
    hall.now_ms = int(time.time() * 1000)
    StateDirectory(tmp_path / "state").create_folders()
    with hall.serve() as url:
        AgentStorage(tmp_path / "state").enrolment.write(hall.enrolment(url))
        hall.publish_programme(hall.manifest(slide("pool")))
        hall.publish_alerts(alert(now=hall.now_ms))
        start("run", "--output", "headless")
        until("the alert", lambda: presented_by(tmp_path)["showings"][0]["alert"] == "flood")
        until("the programme", StateDirectory(tmp_path / "state").programme.read)


# --- with a real window


@pytest.fixture
def display(processes: list[subprocess.Popen[bytes]]) -> str:
    if XVFB is None:
        pytest.skip("Xvfb is not installed")
    reading, writing = os.pipe()
    processes.append(
        subprocess.Popen(
            [XVFB, "-displayfd", str(writing), "-screen", "0", "640x360x24"],
            pass_fds=[writing],
            stderr=subprocess.DEVNULL,
        )
    )
    os.close(writing)
    with os.fdopen(reading) as pipe:
        return f":{pipe.readline().strip()}"


@pytest.mark.parametrize("drawing", ["software", "gpu"])
def test_the_pixels_in_a_window_are_those_of_the_frame(
    prepared: str, display: str, start: Start, tmp_path: Path, drawing: str
) -> None:
    stage = start("stage", "--drawing", drawing, DISPLAY=display)
    until("the stage", lambda: presented_by(tmp_path)["frame"] == prepared)
    name = StateDirectory(tmp_path / "state").programme.read().pages_of("pool", (320, 180))[0]
    with Image.open(tmp_path / "state/frames" / name) as image:
        wanted = image.convert("RGB").tobytes()

    def seen() -> bool:
        subprocess.run(["import", "-window", "root", str(tmp_path / "x.png")], env={**os.environ, "DISPLAY": display})
        with Image.open(tmp_path / "x.png") as image:
            root = image.convert("RGB")
        found = [(x, y) for x in range(321) for y in range(181) if root.getpixel((x, y)) != (0, 0, 0)]
        left, top = min(x for x, _ in found), min(y for _, y in found)
        return root.crop((left, top, left + 320, top + 180)).tobytes() == wanted

    until("the same pixels", seen)
    subprocess.run(["xdotool", "key", "Escape"], env={**os.environ, "DISPLAY": display}, check=True)
    assert stage.wait(10) == 0


# --- the command line


def test_a_player_that_belongs_to_no_town_says_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", *folders(tmp_path)]) == 0
    assert "not enrolled yet" in capsys.readouterr().out


def test_one_that_cannot_read_whose_it_is_says_that(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path / "state/enrolment.json", tmp_path / "state/copies/enrolment.json"):
        path.mkdir(parents=True)
    assert main(["agent", *folders(tmp_path)]) == 1
    assert "enrolment.json cannot be used" in capsys.readouterr().err


def test_whoever_asks_for_the_status_makes_nothing(tmp_path: Path) -> None:
    assert main(["status", *folders(tmp_path)]) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("who", "folder"), [("agent", "state"), ("stage", "state/plays")])
def test_a_second_one_in_the_same_folder_says_so_and_does_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, who: str, folder: str
) -> None:
    (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(atomic_files, "CLAIM_TIMEOUT_SECONDS", 0.1)
    with atomic_files.claim_folder(tmp_path / folder, who):
        assert main([who, *folders(tmp_path)]) == 1
    assert f"another {who} is at work there" in capsys.readouterr().err
    assert not list((tmp_path / "run").iterdir())


def test_a_wrong_command_line_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["dance"], ["enrol", "url"], ["stage", "--output", "wall"]):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_the_status_shows_no_secret(prepared: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", *folders(tmp_path)]) == 0
    output = capsys.readouterr().out
    assert "hall of saint-aubin" in output
    assert "1 slides" in output
    assert "the-secret-token" not in output


def test_the_runtime_directory_survives_long_names(tmp_path: Path) -> None:
    from beffroi_player.wakeup import STATE_CHANGED, WakeupSocket, send_wakeup

    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    with WakeupSocket(RuntimeDirectory(deep).stage_socket) as bell:
        assert send_wakeup(RuntimeDirectory(deep).stage_socket)
        assert bell.wait(1) == {STATE_CHANGED}
    assert not send_wakeup(RuntimeDirectory(deep).stage_socket)
