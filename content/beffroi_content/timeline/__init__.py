"""The timeline: what a screen shows at an instant, why, since when and until when.

Pure functions of a manifest, the alerts that are held and a moment, which is handed in. The way of an answer:
``resolver`` asks ``alerts`` first, then the ``zone_table`` of each zone, which applies ``calendar`` (days and times),
``playlist_order`` (slides), ``selection`` (precedence) and ``loops`` (position in the loop).
"""

from beffroi_content.timeline.alert_visibility import AlertStatement, AlertVisibility, alert_statements
from beffroi_content.timeline.display_power import DisplayPower, display_power, lit_stretches
from beffroi_content.timeline.moment import ClockState, Moment
from beffroi_content.timeline.queries import (
    RuleStretch,
    RuleVisibility,
    SlideStretch,
    SlideTime,
    calendar_grid,
    idle_stretches,
    next_showing,
    rule_shown_ms,
    rule_visibilities,
    shown_ms,
    slide_grid,
)
from beffroi_content.timeline.resolver import resolve_scene, scene_changes
from beffroi_content.timeline.scene import ReasonKind, Scene, Showing, ShowingReason

__all__ = [
    "AlertStatement",
    "AlertVisibility",
    "ClockState",
    "DisplayPower",
    "Moment",
    "ReasonKind",
    "RuleStretch",
    "RuleVisibility",
    "Scene",
    "Showing",
    "ShowingReason",
    "SlideStretch",
    "SlideTime",
    "alert_statements",
    "calendar_grid",
    "display_power",
    "idle_stretches",
    "lit_stretches",
    "next_showing",
    "resolve_scene",
    "rule_shown_ms",
    "rule_visibilities",
    "scene_changes",
    "shown_ms",
    "slide_grid",
]
