"""Settings of a service, as systemd reads them; commands as its account."""

import pytest

from beffroi_provisioning import service_account, service_settings


@pytest.mark.parametrize("value", ["plain", "with space", 'a "quoted" word', "50%", "a#b", "", "a=b", "back\\slash"])
def test_what_is_written_is_read_again(tmp_path, value):
    path = tmp_path / "server.env"
    path.write_text("# a comment\n\n" + service_settings.as_text({"BEFFROI_X": value}))
    assert service_settings.read_settings(path) == {"BEFFROI_X": value}


def test_a_file_that_is_not_there_has_no_settings(tmp_path):
    assert service_settings.read_settings(tmp_path / "server.env") == {}


def test_a_line_that_systemd_would_ignore_is_named(tmp_path):
    (tmp_path / "server.env").write_text("BEFFROI_URL=x\nexport A=b\n")
    with pytest.raises(ValueError, match=r"server\.env, line 2: write NAME=value"):
        service_settings.read_settings(tmp_path / "server.env")


@pytest.mark.parametrize("arguments", [[], ["sh", "-c", "id"]])
def test_no_other_program_is_run(arguments, capsys):
    assert service_account.main(arguments) == 2
    assert "name one of beffroi-server, beffroi-player" in capsys.readouterr().err
