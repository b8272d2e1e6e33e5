"""Transport to and from players: keys, signing, outbox, MQTT client, inbound queue, embedded broker.

Knows documents and topics, not what is in them: packages above hand over bodies and register handlers.
"""
