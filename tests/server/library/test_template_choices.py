"""Choices of templates and hazards: derived from their declarations, in the language of the page."""

from __future__ import annotations

import re

import pytest
from django.contrib.staticfiles import finders
from django.template import Context, Template
from django.utils import translation

from beffroi_content.model import GENERAL_HAZARD, HAZARD_NAMES
from beffroi_content.templates.declarations import LocalisedText, TemplateField
from beffroi_content.templates.registry import hazard_declarations, offered_templates, widget_templates
from beffroi_server.alerts.models import Alert, hazard_choices
from beffroi_server.core.localised_labels import localised_label
from beffroi_server.feeds.models import FeedKind
from beffroi_server.library import slide_content
from beffroi_server.library.models import Announcement
from beffroi_server.library.template_choices import (
    EVENT_LISTS,
    EVENT_TEMPLATES,
    FEED_TEMPLATES,
    WIDGET_TEMPLATES,
    template_choices,
)
from beffroi_server.web.library.forms import AnnouncementForm


@pytest.mark.parametrize(("language", "label"), [("en", "Roadworks"), ("fr", "Travaux")])
def test_labels_are_in_the_language_of_whoever_reads(language: str, label: str) -> None:
    choices = dict(template_choices())
    lazy = localised_label(LocalisedText(en="Roadworks", fr="Travaux"))
    with translation.override(language):
        assert str(lazy) == label
        assert str(choices["works"]) == label
        assert Announcement(template="works").get_template_display() == label


def test_every_offered_template_is_a_choice_and_no_other() -> None:
    assert [name for name, _ in template_choices()] == list(offered_templates())


def test_every_choice_has_room_in_its_column() -> None:
    longest = Announcement._meta.get_field("template").max_length
    assert all(len(name) <= longest for name in offered_templates())
    assert all(len(name) <= Alert._meta.get_field("hazard").max_length for name in HAZARD_NAMES)


def test_a_migration_names_the_function_and_does_not_change_with_a_template() -> None:
    *_, options = Announcement._meta.get_field("template").deconstruct()
    assert options["choices"] is template_choices
    *_, options = Alert._meta.get_field("hazard").deconstruct()
    assert options["choices"] is hazard_choices


def test_every_hazard_is_a_choice_and_none_comes_first() -> None:
    assert [name for name, _ in hazard_choices()] == [GENERAL_HAZARD, *hazard_declarations()]
    with translation.override("fr"):
        assert str(dict(hazard_choices())["flood"]) == "Inondation"


def test_feeds_fill_the_templates_that_ask_for_one() -> None:
    assert set(FEED_TEMPLATES.values()) == set(FeedKind)
    assert FEED_TEMPLATES.keys() <= WIDGET_TEMPLATES
    assert EVENT_LISTS <= WIDGET_TEMPLATES
    assert not EVENT_TEMPLATES & WIDGET_TEMPLATES


def test_every_widget_that_can_be_chosen_is_built_from_an_announcement() -> None:
    offered = {name for name, template in widget_templates().items() if template.is_offered}
    assert set(slide_content._WIDGET_BUILDERS) == offered == WIDGET_TEMPLATES


class TestTheForm:
    def test_has_every_field_that_a_template_may_use(self, db: None) -> None:
        assert {str(field) for field in TemplateField} <= set(AnnouncementForm().fields)

    def test_offers_each_template_with_its_fields_and_hint(self, db: None) -> None:
        with translation.override("en"):
            offered = {each.name: each for each in AnnouncementForm().offered_templates}
            assert list(offered) == list(offered_templates())
            assert offered["works"].fields == "ends more_pictures place starts translations"
            assert offered["news"].fields == "translations"
            assert str(offered["quote"].hint).startswith("The text is")
            assert offered["news"].hint == ""

    def test_hides_fields_by_what_templates_use_and_never_by_their_names(self) -> None:
        path = finders.find("beffroi/app.css")
        assert isinstance(path, str)
        with open(path, encoding="utf-8") as stylesheet:
            rules = stylesheet.read()
        assert not re.search(r'\[name="template"\]', rules)
        hidden = set(re.findall(r'\[data-uses~="(\w+)"\]', rules))
        # Place and end of an event stand beside its start.
        assert hidden == {*map(str, TemplateField), "translations"} - {"place", "ends"}


@pytest.mark.parametrize("name", [*offered_templates(), "a-template-of-a-newer-version"])
def test_icons_are_drawn_within_the_page(name: str) -> None:
    html = Template("{% load beffroi %}{% template_icon name %}").render(Context({"name": name}))
    assert html.startswith('<svg class="icon" viewBox="0 0 24 24"')
    assert ("<path" in html or "<rect" in html) is (name in offered_templates())
