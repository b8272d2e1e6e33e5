"""Signed documents: bodies, stamps and what a body must not be."""

import pytest
from pydantic import ValidationError

from beffroi_content.model import Alert
from beffroi_content.wire.documents import (
    AlertSet,
    AlertSetBody,
    Beat,
    BeatBody,
    CommandBody,
    CommandKind,
    DocumentStamp,
    KeyList,
    KeyListBody,
    ProgrammeDocument,
    RoleKeys,
    ScreenCommand,
    SigningRole,
    next_sequence,
    stamp_body,
)
from beffroi_content.wire.messages import MESSAGES

STAMP = DocumentStamp(sequence=7, issued_at_ms=1_000, expires_at_ms=61_000)
KEY_NAME, OTHER_NAME = "0123456789abcdef", "fedcba9876543210"
PUBLIC = "ab" * 32


def alert(name: str = "flood") -> Alert:
    return Alert(id=name, level="alert", title="Crue", source="Mairie", issued_at_ms=0, ends_at_ms=9, time_to_live_ms=9)


def key_list(**changes) -> dict:
    return {"keys": {KEY_NAME: PUBLIC}, "roles": {"root": {"keys": [KEY_NAME]}}} | changes


class TestStamp:
    @pytest.mark.parametrize(
        ("model", "body"),
        [
            (AlertSet, AlertSetBody(alerts=(alert(),))),
            (Beat, BeatBody(heads={"all/alerts": 3})),
            (KeyList, KeyListBody(**key_list())),
            (ScreenCommand, CommandBody(id="c1", kind=CommandKind.IDENTIFY, seconds=10)),
        ],
        ids=["alerts", "beat", "keys", "command"],
    )
    def test_makes_a_document_of_a_body(self, model, body):
        document = stamp_body(model, body, STAMP)
        assert type(document) is model
        assert (document.sequence, document.issued_at_ms, document.expires_at_ms, document.steady) == STAMP
        assert {name: getattr(document, name) for name in type(body).model_fields} == {
            name: getattr(body, name) for name in type(body).model_fields
        }
        # It was not validated: what is read from its JSON is.
        assert model.model_validate_json(document.to_json()) == document

    def test_replaces_that_of_an_earlier_document(self):
        earlier = AlertSet(sequence=1, issued_at_ms=1, expires_at_ms=2, alerts=(alert(),))
        assert stamp_body(AlertSet, earlier, STAMP) == AlertSet(**STAMP._asdict(), alerts=(alert(),))

    @pytest.mark.parametrize(
        ("model", "body"),
        [(Beat, AlertSetBody()), (AlertSet, BeatBody()), (ProgrammeDocument, CommandBody(id="c", kind="restart"))],
        ids=["alerts as beat", "beat as alerts", "command as programme"],
    )
    def test_is_not_given_to_the_body_of_another_message(self, model, body):
        with pytest.raises(TypeError, match="is not the body of"):
            stamp_body(model, body, STAMP)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"sequence": 0}, {"sequence": 2**53}, {"issued_at_ms": -1}, {"expires_at_ms": 253_402_300_800_000},
            {"sequence": None}, {"sequence": 1.5},
        ],
        ids=str,
    )  # fmt: skip
    def test_out_of_range_is_refused_by_readers(self, wrong):
        with pytest.raises(ValidationError):
            Beat(**STAMP._asdict() | wrong)

    def test_is_needed_in_every_document(self):
        for message in MESSAGES:
            if message.document is not None:
                assert {"sequence", "issued_at_ms", "expires_at_ms"} <= message.document.model_fields.keys()
                with pytest.raises(ValidationError, match="sequence"):
                    message.document.model_validate({})


class TestSequence:
    @pytest.mark.parametrize(
        ("previous", "now_ms", "following"),
        [(0, 1_000, 1_000), (1_000, 1_000, 1_001), (5_000, 1_000, 5_001), (999, 1_000, 1_000), (1_000, 0, 1_001)],
    )
    def test_follows_the_clock_and_never_falls_behind(self, previous, now_ms, following):
        assert next_sequence(previous, now_ms) == following

    def test_of_a_restored_backup_outranks_what_was_sent_since(self):
        sent = 0
        for now_ms in (1_000, 1_500, 1_500, 1_501):
            sent = next_sequence(sent, now_ms)
        backup = 1_000
        assert next_sequence(backup, 60_000) > sent


class TestKeyList:
    def test_names_keys_by_role(self):
        body = KeyListBody(**key_list())
        assert body.roles[SigningRole.ROOT] == RoleKeys(keys=frozenset({KEY_NAME}))

    @pytest.mark.parametrize(
        ("changes", "complaint"),
        [
            ({"roles": {}}, "root"),
            ({"roles": {"alert": {"keys": [KEY_NAME]}}}, "root"),
            ({"keys": {}}, KEY_NAME),
            ({"roles": {"root": {"keys": [KEY_NAME]}, "beat": {"keys": [OTHER_NAME]}}}, OTHER_NAME),
            ({"keys": {KEY_NAME: "ab"}}, "match"),
            ({"keys": {"KEY": PUBLIC}}, "match"),
            ({"roles": {"root": {"keys": []}}}, "at least 1"),
            ({"roles": {"root": {"keys": [KEY_NAME], "threshold": 2}}}, "threshold"),
            ({"roles": {"root": {"keys": [KEY_NAME], "threshold": 0}}}, "greater than or equal"),
        ],
        ids=str,
    )
    def test_that_could_lock_players_out_is_refused(self, changes, complaint):
        with pytest.raises(ValidationError, match=complaint):
            KeyListBody(**key_list(**changes))

    def test_passes_over_the_roles_of_a_newer_version(self):
        roles = {"root": {"keys": [KEY_NAME]}, "weather": {"keys": [OTHER_NAME]}}
        assert set(KeyListBody(**key_list(roles=roles)).roles) == {SigningRole.ROOT}

    def test_can_be_changed_although_a_field_has_the_name_of_a_method(self):
        body = KeyListBody(**key_list())
        more = body.replace(keys=body.keys | {OTHER_NAME: PUBLIC})
        assert set(more.keys) == {KEY_NAME, OTHER_NAME}
        assert more.roles == body.roles


class TestCommand:
    def test_of_a_newer_version_is_kept_as_its_word(self):
        assert CommandBody(id="c1", kind="dance").kind == "dance"
        assert CommandBody(id="c1", kind="restart").kind == CommandKind.RESTART

    @pytest.mark.parametrize("seconds", [-1, 3_601])
    def test_lasts_an_hour_at_most(self, seconds):
        with pytest.raises(ValidationError):
            CommandBody(id="c1", kind="identify", seconds=seconds)


class TestAlertSet:
    def test_is_complete_even_when_it_is_empty(self):
        assert AlertSetBody().to_json() == b'{"alerts":[],"planned":[]}'

    def test_has_fifty_alerts_at_most(self):
        fifty = tuple(alert(f"alert-{number}") for number in range(50))
        assert len(AlertSetBody(alerts=fifty).alerts) == 50
        with pytest.raises(ValidationError, match="50"):
            AlertSetBody(alerts=(*fifty, alert("one-more")))

    def test_ignores_fields_of_a_newer_version(self):
        text = b'{"sequence":1,"issued_at_ms":1,"expires_at_ms":2,"alerts":[],"mood":"calm"}'
        assert AlertSet.model_validate_json(text).alerts == ()
