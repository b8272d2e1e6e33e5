"""Registry of templates and hazards: every module of their packages, found by its place alone."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType, ModuleType
from typing import TypeVar

from beffroi_content.templates import announcements, hazards, widgets
from beffroi_content.templates.declarations import (
    AnnouncementTemplate,
    HazardDeclaration,
    TemplateDeclaration,
    WidgetTemplate,
)

_Declaration = TypeVar("_Declaration", AnnouncementTemplate, WidgetTemplate, HazardDeclaration)


@cache
def announcement_templates() -> Mapping[str, AnnouncementTemplate]:
    """Return the templates of announcements by name, in the order of the choices."""
    found = sorted(_declared(announcements, "TEMPLATE", AnnouncementTemplate), key=_order)
    return MappingProxyType({template.name: template for template in found})


@cache
def widget_templates() -> Mapping[str, WidgetTemplate]:
    """Return the templates of widgets by name, in the order of the choices."""
    found = sorted(_declared(widgets, "TEMPLATE", WidgetTemplate), key=_order)
    return MappingProxyType({template.name: template for template in found})


@cache
def template_of_widget(kind: str) -> WidgetTemplate:
    """Return the template that draws a kind of widget.

    Raises:
        KeyError: no module declares it.
    """
    return {template.kind: template for template in widget_templates().values()}[kind]


@cache
def offered_templates() -> Mapping[str, TemplateDeclaration]:
    """Return all templates that an operator can choose, by name, announcements first."""
    live = {name: template for name, template in widget_templates().items() if template.is_offered}
    return MappingProxyType({**announcement_templates(), **live})


@cache
def hazard_declarations() -> Mapping[str, HazardDeclaration]:
    """Return the hazards by name, in the order of the choices."""
    found = sorted(_declared(hazards, "HAZARD", HazardDeclaration), key=_order)
    return MappingProxyType({hazard.name: hazard for hazard in found})


def _order(declared: TemplateDeclaration | HazardDeclaration) -> tuple[int, str]:
    return declared.position, declared.name


def _declared(package: ModuleType, variable: str, wanted: type[_Declaration]) -> Iterator[_Declaration]:
    """Yield what each module of a package declares in its variable of that name.

    Raises:
        TypeError: a module declares nothing, or something under another name than its own.
    """
    for found in pkgutil.iter_modules(package.__path__):
        declared = getattr(importlib.import_module(f"{package.__name__}.{found.name}"), variable, None)
        if not isinstance(declared, wanted) or declared.name != found.name:
            raise TypeError(f"{package.__name__}.{found.name} declares no {variable} of that name")
        yield declared
