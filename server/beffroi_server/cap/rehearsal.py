"""Rehearsal of a policy: what it would have done with past messages, each at the time at which it was sent."""

from __future__ import annotations

from collections.abc import Iterable

from beffroi_server.cap.lifecycle import CapStore, KnownMessage, receive
from beffroi_server.cap.messages import CapAlert
from beffroi_server.cap.places import Place
from beffroi_server.cap.policy import Policy
from beffroi_server.cap.verdicts import Verdict, judge


def rehearse(alerts: Iterable[CapAlert], place: Place, policy: Policy) -> list[tuple[CapAlert, Verdict]]:
    """Return what a policy would have done, in the order in which the messages were sent.

    A message is judged as it would have been then: what cancels or replaces it comes later. Messages that do not say
    when they were sent cannot be rehearsed, and are left out.
    """
    found = []
    store = CapStore()
    dated = [(alert.sent, alert) for alert in alerts if alert.sent is not None]
    for sent, alert in sorted(dated, key=lambda each: each[0]):
        store, _ = receive(store, alert, sent)
        message = store.known(alert) or KnownMessage(alert, sent, sent)
        found.append((alert, judge(message, place, policy, sent)))
    return found
