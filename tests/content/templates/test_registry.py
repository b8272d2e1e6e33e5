"""Registry: each module of the template packages declares itself completely, and nothing else has to be told."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from tests.support.sample_pictures import FILES, IMAGES

import beffroi_content
from beffroi_content.model import GENERAL_HAZARD, HAZARD_NAMES, TEMPLATE_NAMES, Announcement
from beffroi_content.model.widgets import WIDGET_KINDS
from beffroi_content.templates import registry
from beffroi_content.templates.declarations import EVENT_FIELDS, LocalisedText, TemplateField
from beffroi_content.templates.registry import (
    announcement_templates,
    hazard_declarations,
    offered_templates,
    template_of_widget,
    widget_templates,
)

TEMPLATES = [*announcement_templates().values(), *widget_templates().values()]
DECLARED = [*TEMPLATES, *hazard_declarations().values()]


def test_the_names_on_the_wire_are_those_of_the_modules():
    assert set(announcement_templates()) == TEMPLATE_NAMES
    assert {GENERAL_HAZARD, *hazard_declarations()} == HAZARD_NAMES


def test_every_kind_of_widget_has_one_template():
    assert {template.kind for template in widget_templates().values()} == WIDGET_KINDS
    assert len(widget_templates()) == len(WIDGET_KINDS)
    for kind in WIDGET_KINDS:
        assert template_of_widget(kind).kind == kind


def test_an_unknown_kind_of_widget_has_none():
    with pytest.raises(KeyError):
        template_of_widget("hologram")


def test_choices_come_in_the_order_of_their_positions():
    positions = [template.position for template in offered_templates().values()]
    assert positions == sorted(positions)
    assert next(iter(offered_templates())) == "news"


@pytest.mark.parametrize("group", [TEMPLATES, list(hazard_declarations().values())], ids=["templates", "hazards"])
def test_no_two_have_the_same_position_or_label(group):
    for values in (
        [each.position for each in group],
        [each.label.en for each in group],
        [each.label.fr for each in group],
    ):
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("declared", DECLARED, ids=lambda each: each.name)
def test_labels_are_short_and_in_both_languages(declared):
    for label in (declared.label.en, declared.label.fr):
        assert label == label.strip()
        assert 0 < len(label) <= 30
        assert label[0].isupper()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_summaries_can_stand_in_a_list_of_the_guides(template):
    for summary in (template.summary.en, template.summary.fr):
        assert summary
        assert not summary.endswith(".")
        assert "\n" not in summary
        assert summary[0].islower() or not summary[0].isalpha()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_icons_are_plain_strokes(template):
    drawing = ET.fromstring(f"<svg>{template.icon}</svg>")  # noqa: S314 - our own text
    shapes = list(drawing.iter())[1:]
    assert shapes
    assert {shape.tag for shape in shapes} <= {"path", "rect", "circle"}
    # A strict content security policy forbids styles and scripts within.
    assert not {name for shape in shapes for name in shape.attrib} & {"style", "onload", "class", "fill"}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_hints_are_in_both_languages(template):
    if template.hint is not None:
        assert template.hint.en.endswith(".")
        assert template.hint.fr.endswith(".")
        assert template.hint.en != template.hint.fr


@pytest.mark.parametrize("template", announcement_templates().values(), ids=lambda each: each.name)
def test_samples_are_of_their_template_and_use_its_fields(template):
    samples = list(template.samples(IMAGES))
    assert samples
    for sample in samples:
        assert isinstance(sample, Announcement)
        assert sample.template == template.name
        assert bool(sample.figure) <= (TemplateField.FIGURE in template.fields)
        assert bool(sample.pictures) <= (TemplateField.MORE_PICTURES in template.fields)
        assert bool(sample.starts or sample.place) <= (TemplateField.STARTS in template.fields)
        assert {image.sha256 for image in sample.pictures} <= FILES.keys()


@pytest.mark.parametrize("template", widget_templates().values(), ids=lambda each: each.name)
def test_samples_of_widgets_are_of_their_model(template):
    assert isinstance(template.sample(), template.widget)
    assert template.sample() == template.sample()


def test_the_fields_of_an_event_come_together():
    for template in TEMPLATES:
        assert template.fields & EVENT_FIELDS in (frozenset(), EVENT_FIELDS)


def test_templates_that_a_feed_fills_ask_for_one():
    for template in widget_templates().values():
        assert bool(template.feed) == (TemplateField.FEED in template.fields)


def test_an_announcement_that_ends_with_its_event_has_dates():
    ending = [template for template in announcement_templates().values() if template.ends_with_event]
    assert [template.name for template in ending] == ["event"]
    assert all(TemplateField.ENDS in template.fields for template in ending)


@pytest.mark.parametrize(
    ("language", "expected"),
    [("fr", "Travaux"), ("fr-ca", "Travaux"), *((other, "Roadworks") for other in ("en", "en-gb", "de", ""))],
)
def test_a_text_is_in_french_for_the_french_and_in_english_for_all_others(language, expected):
    assert LocalisedText(en="Roadworks", fr="Travaux").in_language(language) == expected


def test_a_module_without_a_declaration_is_an_error(tmp_path, monkeypatch):
    package = tmp_path / "empty_templates"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "unfinished.py").write_text("LAYOUT = None\n")
    monkeypatch.syspath_prepend(tmp_path)
    import empty_templates

    with pytest.raises(TypeError, match="unfinished declares no TEMPLATE"):
        list(registry._declared(empty_templates, "TEMPLATE", registry.AnnouncementTemplate))


OBITUARY = '''
"""Template of obituaries."""
from beffroi_content.templates.announcements import notice
from beffroi_content.templates.declarations import AnnouncementTemplate, EVENT_FIELDS, LocalisedText
from beffroi_content.templates.samples import sample

TEMPLATE = AnnouncementTemplate(
    name="obituary",
    position=35,
    label=LocalisedText(en="Obituary", fr="Avis de décès"),
    summary=LocalisedText(en="a death in the town", fr="un décès dans la commune"),
    icon='<path d="M12 3v18M7 8h10"/>',
    fields=EVENT_FIELDS,
    layout=notice.lay_out,
    samples=lambda images: [sample("obituary", title="Jeanne Le Goff")],
)
'''
USE = """
from beffroi_content.model import Announcement, AnnouncementContent, Slide
from beffroi_content.rendering import draw_slide
from beffroi_content.rendering.gallery import make_screen_class, sample_canvas
from beffroi_content.templates.registry import offered_templates
print(list(offered_templates())[2:5])
slide = Slide.model_validate({"id": "s", "name": "s", "content": {"kind": "announcement", "announcement":
    {"id": "a", "template": "obituary", "title": "Jeanne Le Goff"}}})
print(draw_slide(slide, sample_canvas(make_screen_class(1920, 1080)), None)[0].size)
"""


def test_a_new_template_is_one_module(tmp_path):
    """A module in the right folder is offered, valid on the wire and drawn, without a change anywhere else."""
    source = Path(beffroi_content.__file__).parent
    copy = tmp_path / "beffroi_content"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "templates" / "announcements" / "obituary.py").write_text(OBITUARY)
    run = subprocess.run(
        [sys.executable, "-c", USE],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split("\n")[:2] == ["['notice', 'obituary', 'works']", "(1920, 1080)"]
