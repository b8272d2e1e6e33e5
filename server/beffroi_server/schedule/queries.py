"""What is on the programmes, what had to be left out, and whether a rule is still as it was."""

from __future__ import annotations

import hashlib
import json

from django.core.serializers.json import DjangoJSONEncoder
from django.forms import model_to_dict

from beffroi_server.fleet.models import Screen
from beffroi_server.schedule import manifest_compiler as compiling
from beffroi_server.schedule.manifest_compiler import SlideProblem
from beffroi_server.schedule.models import ScheduleRule


def programme_problems(screen: Screen) -> tuple[SlideProblem, ...]:
    """Return what the screen does not show although a rule says so; or why its programme cannot be sent at all."""
    try:
        return compiling.compile_manifest(compiling.load_inputs(screen)).problems
    except compiling.CompileError as problem:
        return (SlideProblem("", screen.name, problem.code, problem.message),)


def rule_fingerprint(rule: ScheduleRule) -> str:
    """Return the SHA-256 of all values of a saved rule, to tell later whether somebody changed it."""
    values = model_to_dict(rule)
    for name in ("screens", "groups", "only_on", "never_on"):
        values[name] = sorted(each.pk for each in values[name])
    return hashlib.sha256(json.dumps(values, sort_keys=True, cls=DjangoJSONEncoder).encode()).hexdigest()
