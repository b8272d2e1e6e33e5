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


def known_manifests(screens: Collection[Screen]) -> dict[int, Manifest]:
    """Return the manifests of some screens by their keys: those that they were sent, by one query for all.

    They may be some seconds older than the last change. Of a screen that was sent none, a manifest is compiled, with
    one page for each slide; one of which none can be compiled is left out.
    """
    scopes = {TopicScope.of_screen(screen.slug): screen for screen in screens}
    found: dict[int, Manifest] = {}
    for scope, document in signing.published_documents(PROGRAMME, scopes).items():
        if isinstance(document, ProgrammeDocument):
            found[scopes[scope].pk] = document.manifest
    for screen in screens:
        if screen.pk not in found:
            try:
                found[screen.pk] = compile_manifest(load_inputs(screen), lambda _slide, _settings: 1).manifest
            except CompileError:
                continue
    return found


def rule_fingerprint(rule: ScheduleRule) -> str:
    """Return the SHA-256 of all values of a saved rule: it differs once somebody has changed the rule."""
    values = model_to_dict(rule)
    for name in ("screens", "groups", "only_on", "never_on"):
        values[name] = sorted(each.pk for each in values[name])
    return hashlib.sha256(json.dumps(values, sort_keys=True, cls=DjangoJSONEncoder).encode()).hexdigest()
