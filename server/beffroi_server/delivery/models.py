"""The outbox: signed documents, written in the transaction that made them and sent after it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class TopicSequence(models.Model):
    """The newest sequence of a topic. Its row is locked while the next one is assigned."""

    topic = models.CharField(max_length=200, unique=True)
    sequence = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.topic} {self.sequence}"


class SteadyClockBoot(models.Model):
    """The steady clock in one boot of the machine: see ``steady_clock``."""

    boot = models.CharField(max_length=64, unique=True)
    base_ms = models.BigIntegerField()
    """What is added to the milliseconds since boot."""
    reserved_ms = models.BigIntegerField()
    """Above all that the clock has read in this boot."""

    def __str__(self) -> str:
        return f"{self.boot} {self.base_ms}"


class SignedKeyList(models.Model):
    """A key list as it was signed. All are kept: what an earlier key has signed is verified with the list of its time.

    The outbox has only the newest.
    """

    sequence = models.PositiveBigIntegerField(unique=True)
    payload = models.BinaryField()
    """The signed envelope."""
    signed_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    """None: it waits until everything is signed with the new keys of the one before."""
    settled_at = models.DateTimeField(null=True, blank=True)
    """When everything that screens have was signed with its keys."""

    def __str__(self) -> str:
        return f"key list {self.sequence}"


class OutboxDocument(models.Model):
    """A signed document for a topic.

    Of a retained topic there is one row, the present state; of another, one row per document until it is sent.
    """

    topic = models.CharField(max_length=200)
    sequence = models.PositiveBigIntegerField()
    payload = models.BinaryField()
    quality = models.PositiveSmallIntegerField()
    retained = models.BooleanField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    """When the broker acknowledged it."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["topic"], condition=models.Q(retained=True), name="one_state_per_topic")
        ]
        indexes: ClassVar = [
            # The repair job asks for what has not been sent.
            models.Index(fields=["sent_at"], name="outgoing_unsent", condition=models.Q(sent_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.sequence}"
