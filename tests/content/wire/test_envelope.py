"""The signed envelope: its bytes, its signatures, its encodings."""

import base64
import hashlib
import json
import zlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.wire.documents import SigningRole
from beffroi_content.wire.envelope import (
    SIGNATURES_LIMIT,
    BodyEncoding,
    Envelope,
    MalformedEnvelope,
    key_identifier,
    parse_envelope,
    public_hex,
    seal_envelope,
)
from beffroi_content.wire.limits import decompressed_limit

AUDIENCE = "saint-aubin/all"
TEXT = b'{"sequence":1}'


def key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


ONE, OTHER = key("one"), key("other")
PUBLIC = {key_identifier(public_hex(one)): public_hex(one) for one in (ONE, OTHER)}


def sealed(*keys: Ed25519PrivateKey, text: bytes = TEXT, encoding: BodyEncoding = BodyEncoding.JSON) -> bytes:
    return seal_envelope(SigningRole.ALERT, AUDIENCE, text, keys or (ONE,), encoding)


def compressed(body: bytes) -> Envelope:
    return Envelope(SigningRole.PROGRAMME, BodyEncoding.ZLIB, (), body)


class TestBytes:
    def test_are_a_header_a_line_per_signature_an_empty_line_and_the_body(self):
        header, first, second, empty, body = sealed(ONE, OTHER).split(b"\n")
        assert (header, empty, body) == (b"BEFFROI1 alert json", b"", TEXT)
        assert first.split(b" ")[0].decode() == key_identifier(public_hex(ONE))
        assert second.split(b" ")[0].decode() == key_identifier(public_hex(OTHER))

    def test_are_signed_over_domain_role_audience_encoding_and_body(self):
        signature = parse_envelope(sealed()).signatures[0][1]
        ONE.public_key().verify(signature, b"BEFFROI1\0alert\0saint-aubin/all\0json\0" + TEXT)

    def test_are_the_same_each_time(self):
        # Ed25519 is deterministic: a document that is sent again is a duplicate, and no equivocation.
        assert sealed() == sealed()

    def test_of_the_body_are_never_written_anew(self):
        odd = b'{ "b": 1,\n "a":2.0 }'
        assert parse_envelope(sealed(text=odd)).body == odd

    @given(st.binary(max_size=200))
    def test_of_any_body_come_back(self, text):
        for encoding in BodyEncoding:
            envelope = parse_envelope(sealed(text=text, encoding=encoding))
            assert envelope.decode_body() == text
            assert envelope.valid_signers(AUDIENCE, PUBLIC) == {key_identifier(public_hex(ONE))}

    def test_have_a_digest_of_the_body_as_sent(self):
        for encoding in BodyEncoding:
            envelope = parse_envelope(sealed(encoding=encoding))
            assert envelope.digest == hashlib.sha256(envelope.body).hexdigest()

    def test_that_are_compressed_are_fewer(self):
        text = json.dumps({"alerts": ["Crue de la Vère"] * 100}).encode()
        assert len(sealed(text=text, encoding=BodyEncoding.ZLIB)) < len(sealed(text=text)) / 4


class TestSigners:
    def test_are_those_whose_keys_are_known(self):
        envelope = parse_envelope(sealed(ONE, OTHER))
        assert envelope.valid_signers(AUDIENCE, PUBLIC) == PUBLIC.keys()
        assert envelope.valid_signers(AUDIENCE, {}) == frozenset()

    def test_that_sign_twice_count_once(self):
        assert len(parse_envelope(sealed(ONE, ONE)).valid_signers(AUDIENCE, PUBLIC)) == 1

    @pytest.mark.parametrize("audience", ["saint-aubin/s-hall", "saint-avold/all", "saint-aubin/all/", ""])
    def test_of_another_audience_are_none(self, audience):
        assert parse_envelope(sealed()).valid_signers(audience, PUBLIC) == frozenset()

    @pytest.mark.parametrize(
        "changed",
        [
            lambda one: Envelope(SigningRole.BEAT, one.encoding, one.signatures, one.body),
            lambda one: Envelope(one.role, BodyEncoding.ZLIB, one.signatures, one.body),
            lambda one: Envelope(one.role, one.encoding, one.signatures, one.body + b" "),
            lambda one: Envelope(one.role, one.encoding, ((one.signatures[0][0], bytes(64)),), one.body),
        ],
        ids=["role", "encoding", "body", "signature"],
    )
    def test_of_something_changed_are_none(self, changed):
        assert changed(parse_envelope(sealed())).valid_signers(AUDIENCE, PUBLIC) == frozenset()

    def test_whose_listed_key_is_no_key_are_none(self):
        name = key_identifier(public_hex(ONE))
        assert parse_envelope(sealed()).valid_signers(AUDIENCE, {name: "ab"}) == frozenset()

    def test_are_named_by_the_start_of_the_digest_of_their_key(self):
        public = public_hex(ONE)
        assert len(bytes.fromhex(public)) == 32
        assert key_identifier(public) == hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]


class TestBody:
    def test_that_is_not_compressed_is_refused(self):
        with pytest.raises(MalformedEnvelope, match="does not decompress"):
            compressed(b"{}").decode_body()

    def test_that_is_cut_off_is_refused(self):
        whole = zlib.compress(b"{}" * 500)
        for length in range(0, len(whole), 3):
            with pytest.raises(MalformedEnvelope):
                compressed(whole[:length]).decode_body()

    def test_may_be_as_large_as_the_limit_and_not_larger(self):
        limit = decompressed_limit()
        assert len(compressed(zlib.compress(b" " * limit, 1)).decode_body()) == limit
        with pytest.raises(MalformedEnvelope, match=str(limit)):
            compressed(zlib.compress(b" " * (limit + 1), 1)).decode_body()

    def test_that_is_not_compressed_is_given_as_it_is(self):
        assert Envelope(SigningRole.BEAT, BodyEncoding.JSON, (), b"not JSON").decode_body() == b"not JSON"


class TestParsing:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"BEFFROI1", b"BEFFROI2"),
            (b"BEFFROI1", b"beffroi1"),
            (b"BEFFROI1 ", b"BEFFROI1  "),
            (b"alert", b"ALERT"),
            (b"alert", b"anybody"),
            (b"json", b"cbor"),
            (b"json\n", b"json\r\n"),
            (b"json\n", b"json\n\n"),
            (b"\n\n", b"\n"),
        ],
        ids=str,
    )
    def test_refuses_another_header(self, old, new):
        with pytest.raises(MalformedEnvelope, match="header"):
            parse_envelope(sealed().replace(old, new, 1))

    @pytest.mark.parametrize("count", [1, 2, SIGNATURES_LIMIT])
    def test_reads_up_to_sixteen_signatures(self, count):
        keys = [key(f"signer {number}") for number in range(count)]
        assert len(parse_envelope(sealed(*keys)).signatures) == count

    def test_refuses_more_signatures_and_none(self):
        for count in (0, SIGNATURES_LIMIT + 1):
            keys = [key(f"signer {number}") for number in range(count)]
            with pytest.raises(MalformedEnvelope):
                parse_envelope(seal_envelope(SigningRole.ALERT, AUDIENCE, TEXT, keys))

    def test_refuses_a_signature_that_is_written_in_another_way(self):
        # The last of 86 characters has four bits to spare: sixteen ways of writing mean the same bytes.
        payload = sealed()
        line = payload.split(b"\n")[1]
        alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        right = base64.urlsafe_b64decode(line.split(b" ")[1] + b"==")
        for last in alphabet:
            if last == line[-1]:
                continue
            changed = line[:-1] + bytes([last])
            if base64.urlsafe_b64decode(changed.split(b" ")[1] + b"==") == right:
                with pytest.raises(MalformedEnvelope, match="base64url"):
                    parse_envelope(payload.replace(line, changed))
                break
        else:
            pytest.fail("no other way of writing the signature was found")

    @given(st.binary(max_size=300))
    def test_refuses_noise(self, noise):
        with pytest.raises(MalformedEnvelope):
            parse_envelope(noise)

    @given(st.integers(0, 250))
    def test_refuses_what_is_cut_off_within_the_header(self, length):
        payload = sealed(ONE, OTHER)
        end = payload.index(b"\n\n") + 2
        with pytest.raises(MalformedEnvelope):
            parse_envelope(payload[: min(length, end - 1)])
