"""Queries on the schedule: problems of a screen's programme, and the fingerprint of a rule."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection

from django.core.serializers.json import DjangoJSONEncoder
from django.forms import model_to_dict

from beffroi_content.model import Manifest
from beffroi_content.wire.documents import ProgrammeDocument
from beffroi_content.wire.messages import PROGRAMME
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.delivery import signing
from beffroi_server.fleet.models import Screen
from beffroi_server.schedule.compile_inputs import load_inputs
from beffroi_server.schedule.manifest_compiler import CompileError, SlideProblem, compile_manifest
from beffroi_server.schedule.models import ScheduleRule


def programme_problems(screen: Screen) -> tuple[SlideProblem, ...]:
    """Return the slides that a screen does not show although a rule says so.

    A programme that cannot be sent at all is one problem, without a slide.
    """
    try:
        return compile_manifest(load_inputs(screen)).problems
    except CompileError as problem:
        return (SlideProblem("", screen.name, problem.code, problem.message),)


def known_manifests(screens: Collection[Screen], *, with_changes: bool = False) -> dict[int, Manifest]:
    """Return the manifests of some screens by their keys, without drawing anything.

    Those that the screens were sent, by two queries for all of them. Of a screen that was sent none, a manifest is
    compiled with one page for each slide; one of which none can be compiled is left out.

    Args:
        screens: The screens.
        with_changes: Whether that of a screen with changes that are not published yet is compiled, too. Otherwise it
            is that of some seconds ago.
    """
    scopes = {TopicScope.of_screen(screen.slug): screen for screen in screens}
    found: dict[int, Manifest] = {}
    for scope, document in signing.published_documents(PROGRAMME, scopes).items():
        if isinstance(document, ProgrammeDocument):
            found[scopes[scope].pk] = document.manifest
    for screen in screens:
        is_known = screen.pk in found and not (with_changes and screen.programme_due_at)
        if not is_known and (manifest := _undrawn_manifest(screen, found.get(screen.pk))):
            found[screen.pk] = manifest
    return found


def _undrawn_manifest(screen: Screen, published: Manifest | None) -> Manifest | None:
    """Return the manifest of a screen with the numbers of pages that were published; None if none can be compiled."""
    pages = {slide.id: slide.pages for slide in published.slides} if published else {}
    try:
        return compile_manifest(load_inputs(screen), lambda slide, _settings: pages.get(slide.id, 1)).manifest
    except CompileError:
        return None


def rule_fingerprint(rule: ScheduleRule) -> str:
    """Return the SHA-256 of all values of a saved rule: it differs once somebody has changed the rule."""
    values = model_to_dict(rule)
    for name in ("screens", "groups", "only_on", "never_on"):
        values[name] = sorted(each.pk for each in values[name])
    return hashlib.sha256(json.dumps(values, sort_keys=True, cls=DjangoJSONEncoder).encode()).hexdigest()
