"""Limits of packets and documents, derived from the message table.

Only the table says how large a message may be. The brokers, the player's MQTT client and the decompression of a body
take their limits from here, so that to allow a larger programme is to change one number of the table.
"""

from __future__ import annotations

from collections.abc import Iterable

from beffroi_content.wire.messages import MESSAGES, WireMessage
from beffroi_content.wire.topics import MessageDirection

PACKET_OVERHEAD = 1024
"""Bytes of an MQTT packet beside the payload: at most 5 of fixed header, 4 of lengths and identifier, and a topic of
about 160; the rest leaves space for the properties of MQTT 5."""
FOREIGN_FACTOR = 4
"""How many times larger than its own limit a packet may be before a player ends the connection: a newer server may
send larger documents, and a player that only refuses these still receives its alerts."""
DECOMPRESSION_FACTOR = 16
"""How many times larger than its message a body may be after decompression. JSON of programmes shrinks to a tenth."""


def largest_payload(messages: Iterable[WireMessage]) -> int:
    """Return the bytes of the largest payload among messages."""
    return max(message.size_limit for message in messages)


def packet_limit() -> int:
    """Return the bytes of the largest packet that a broker must accept: the largest message, its topic and header."""
    return largest_payload(MESSAGES) + PACKET_OVERHEAD


def receive_limit() -> int:
    """Return the bytes of a packet from which a player ends the connection instead of reading on."""
    down = (message for message in MESSAGES if message.direction is MessageDirection.DOWN)
    return FOREIGN_FACTOR * largest_payload(down) + PACKET_OVERHEAD


def decompressed_limit() -> int:
    """Return the bytes that a body may have after decompression."""
    return DECOMPRESSION_FACTOR * largest_payload(MESSAGES)
