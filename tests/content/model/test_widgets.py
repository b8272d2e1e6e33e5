"""Widgets as data: what is valid, and what a newer version may add."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from beffroi_content.model import Slide
from beffroi_content.model.widgets import (
    WIDGET_KINDS,
    AgendaEvent,
    CounterWidget,
    DataFreshness,
    GaugeWidget,
    SkyCondition,
    WeatherDay,
)
from beffroi_content.templates.registry import widget_templates

SAMPLES = [template.sample() for template in widget_templates().values()]

HOUR_MS = 3_600_000


def test_there_is_a_sample_of_every_kind():
    assert {widget.kind for widget in SAMPLES} == WIDGET_KINDS


@pytest.mark.parametrize("widget", SAMPLES, ids=lambda widget: widget.kind)
def test_a_widget_crosses_the_wire_unchanged(widget):
    slide = Slide.model_validate(
        {"id": "s", "name": "s", "content": {"kind": "widget", "widget": widget.model_dump(mode="json")}}
    )
    assert slide.content.widget == widget
    assert Slide.model_validate_json(slide.to_json()) == slide
    assert len(widget.to_json()) < 20_000


def test_a_widget_of_a_newer_version_spoils_no_programme():
    content = {"kind": "widget", "widget": {"kind": "hologram"}}
    assert Slide.model_validate({"id": "s", "name": "s", "content": content}).content.kind == "widget"
    assert WeatherDay.model_validate({"day": "2026-12-09", "high": 9, "sky": "aurora"}).sky is SkyCondition.UNKNOWN


def test_data_ages():
    data = CounterWidget(value=1, fetched_at_ms=HOUR_MS, stale_after_ms=HOUR_MS, useless_after_ms=2 * HOUR_MS)
    assert data.freshness_at(2 * HOUR_MS - 1) is DataFreshness.FRESH
    assert data.freshness_at(2 * HOUR_MS) is DataFreshness.DATED
    assert data.freshness_at(3 * HOUR_MS) is DataFreshness.USELESS
    assert data.freshness_at(None) is DataFreshness.USELESS
    assert data.replace(useless_after_ms=None).freshness_at(None) is DataFreshness.DATED
    assert CounterWidget(value=1).freshness_at(None) is DataFreshness.FRESH


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValidationError, match="ends after it starts"):
        AgendaEvent(title="Fête", starts="2026-12-09T10:00", ends="2026-12-09T09:00")
    with pytest.raises(ValidationError, match="ends above"):
        GaugeWidget(value=1, segments=[{"until": 0, "word": "bon", "colour": "#ffffff"}])
    with pytest.raises(ValidationError):
        AgendaEvent(title="Fête", starts="2026-12-09T10:00+01:00")
