"""The protocol's documents say what the code does."""

import json
from pathlib import Path

import pytest

from beffroi_content.wire.messages import MESSAGES
from beffroi_content.wire.schemas import protocol_files, schema_file_name

FOLDER = Path(__file__).parents[3] / "docs" / "protocol"


def test_what_is_committed_is_what_the_code_says():
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert committed == protocol_files(), "run `make schemas`"


@pytest.mark.parametrize("message", [one for one in MESSAGES if one.model], ids=lambda message: message.leaf)
def test_a_schema_names_every_field_of_the_body(message):
    schema = json.loads(protocol_files()[schema_file_name(message)])
    assert schema["properties"].keys() == message.model.model_fields.keys()
    # Readers of an older version must be able to skip what a newer one adds.
    assert schema.get("additionalProperties", True) is not False


def test_every_message_has_its_row():
    table = protocol_files()["README.md"]
    assert all(f"/{message.leaf}`" in table for message in MESSAGES)
