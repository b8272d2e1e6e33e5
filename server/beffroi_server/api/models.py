"""Database model of the REST API: requests that may be repeated, with what they were answered."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class RepeatableRequest(models.Model):
    """A request with an ``Idempotency-Key``: when it comes again, its first answer is given once more."""

    caller = models.CharField(max_length=40)
    """Who sent it, as ``callers.Caller.key``."""
    key = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)
    """SHA-256 of method, address and body: the same key with another request is a mistake."""
    status = models.PositiveSmallIntegerField(null=True)
    """None until it was answered."""
    body = models.TextField(blank=True)
    media_type = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["caller", "key"], name="one_request_of_key")]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"
