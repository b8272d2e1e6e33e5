"""The command that says what a feed in a file would show."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from beffroi_server.__main__ import main

ICAL = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Bal\r\nDTSTART:20261205T190000Z\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)
RSS = "<rss version='2.0'><channel><title>x</title><item><title>Bal</title></item><item></item></channel></rss>"
CHART = {
    "product": {"periods": [{"echeance": "J", "timelaps": {"domain_ids": [
        {"domain_id": number, "phenomenon_items": [{"phenomenon_id": 1, "phenomenon_max_color_id": level}]}
        for number, level in (("29", 2), ("30", 3))
    ]}}]}
}  # fmt: skip
FORECAST = {
    "properties": {"timeseries": [
        {"time": f"2026-11-30T{hour:02}:00:00Z", "data": {"instant": {"details": {"air_temperature": hour}}}}
        for hour in range(24)
    ]}
}  # fmt: skip


@pytest.fixture
def file(tmp_path):
    def write(content: str | object) -> str:
        path = tmp_path / "feed"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)

    return write


@pytest.mark.parametrize(
    ("kind", "content", "options", "field"),
    [
        ("calendar", ICAL, [], "events"),
        ("news", RSS, [], "items"),
        ("table", "Jour;Plat\nLundi;Riz\n", [], "rows"),
        ("weather", FORECAST, [], "days"),
        ("vigilance", CHART, ["--department", "29"], "phenomena"),
    ],
)
def test_prints_what_a_widget_would_get_and_what_is_skipped(file, capsys, kind, content, options, field):
    code = main(["feed", "read", kind, file(content), "--now", "2026-11-29T09:00", "--zone", "Europe/Paris", *options])
    printed = json.loads(capsys.readouterr().out)

    assert code == 0
    assert printed["now"] == "2026-11-29T09:00:00+01:00"
    assert len(printed["data"][field]) >= 1
    assert printed["skipped_count"] == len(printed["skipped"])
    assert [part["where"] for part in printed["skipped"]] == (["2"] if kind == "news" else [])


def test_says_why_it_refuses(file, capsys):
    code = main(["feed", "read", "news", file("Bonjour")])
    printed = capsys.readouterr()

    assert code == 1
    assert json.loads(printed.out)["code"] == "not-a-feed"
    assert printed.err.startswith("beffroi-server: ")
    assert json.loads(printed.out)["refused"] in printed.err


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["read"], ["read", "news"], ["read", "horoscope", "x"], ["read", "news", "/there/is/no/such/file"],
        ["read", "news", "/"], ["read", "news", "-", "--now", "soon"], ["read", "news", "-", "--now", "0001-01-01"],
        ["read", "news", "-", "--zone", "Europe/Nowhere"], ["read", "news", "-", "--zone", "../../etc/passwd"],
    ],
)  # fmt: skip
def test_a_wrong_call_is_told(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["feed", *arguments])
    assert stopped.value.code == 2
    assert "beffroi-server feed" in capsys.readouterr().err


def test_of_a_chart_of_all_departments_it_asks_for_one(file, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["feed", "read", "vigilance", file(CHART)])
    assert stopped.value.code == 2
    assert "--department" in capsys.readouterr().err


def test_a_file_beyond_the_limit_is_refused(file, capsys):
    assert main(["feed", "read", "table", file("x" * (2 * 1024 * 1024 + 1))]) == 1
    assert json.loads(capsys.readouterr().out)["code"] == "too-large"


def test_needs_no_settings(file):
    command = [sys.executable, "-m", "beffroi_server", "feed", "read", "table", file("Jour;Été\nLundi;Riz\n")]
    done = subprocess.run(
        command, capture_output=True, check=False, timeout=60, env={"BEFFROI_TIME_ZONE": "Nowhere", "PYTHONUTF8": "1"}
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data"]["heading"] == ["Jour", "Été"]
