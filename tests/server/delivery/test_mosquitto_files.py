"""Tests of the files that the server writes for Mosquitto."""

from __future__ import annotations

import pytest

from beffroi_server.delivery import mosquitto_files
from beffroi_server.fleet import services


@pytest.mark.usefixtures("keyring")
def test_mosquitto_files_hold_who_is_enrolled(tmp_path, hall, quay, settings):
    settings.MQTT_PASSWORD = "secret"
    services.enrol_player(services.open_enrolment(hall)[0])

    passwords, _ = mosquitto_files.write_mosquitto_files(tmp_path)

    assert [line.split(":")[0] for line in passwords.read_text().splitlines()] == ["server", "s-hall"]
    services.revoke_player(hall)
    mosquitto_files.write_mosquitto_files(tmp_path)
    assert [line.split(":")[0] for line in passwords.read_text().splitlines()] == ["server"]
