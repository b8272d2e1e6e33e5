"""Rules that hold for every template, style and script of the pages, checked in their sources."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template.loader import get_template
from django.urls import NoReverseMatch, get_resolver, reverse

import beffroi_server.web
from beffroi_content.templates.registry import offered_templates

WEB = Path(beffroi_server.web.__file__).parent
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
OTHER_PARTS = [WEB.parent / "api", WEB.parent / "public"]
ALL_TEMPLATES = [*TEMPLATES, *sorted(path for part in OTHER_PARTS for path in (part / "templates").rglob("*.html"))]
"""Also those of the document of the API and of the public page, which have styles of their own."""
STATIC = WEB / "static" / "beffroi"
SCRIPTS = sorted(STATIC.glob("*.js"))
STYLES = sorted(STATIC.glob("*.css"))
LONGEST_LINE = 120
CONDITIONAL_CLASSES = {
    *(f"series-{number}" for number in range(7)),
    # Classes of the status of an alert, of Django's lists of errors, and of htmx.
    "actual", "exercise", "test", "errorlist", "htmx-request",
    # Of the tables of the guides, which code writes.
    "scroll",
}  # fmt: skip
BOOTSTRAP_CLASSES = {"visually-hidden"}
every_template = pytest.mark.parametrize("path", ALL_TEMPLATES, ids=lambda path: f"{path.parent.name}/{path.name}")


def name_of(path: Path) -> str:
    """Return the name by which code names a template: its path within the templates of its part."""
    return path.as_posix().split("/templates/", 1)[1]


def without_tags(text: str) -> str:
    """Return text without what Django replaces."""
    return re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", text)


def classes_of(source: str) -> set[str]:
    """Return the classes of the elements in a template, also those under a condition."""
    attributes = re.findall(r'\bclass="((?:\{%.*?%\}|\{\{.*?\}\}|[^"])*)"', source)
    return {name for value in attributes for name in re.findall(r"[\w-]+", without_tags(value)) if name != "series-"}


def styled_classes() -> set[str]:
    """Return the classes that the stylesheets select."""
    found: set[str] = set()
    for path in STYLES:
        rules = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        selectors = re.sub(r"\{[^{}]*\}", "{}", rules)
        found |= set(re.findall(r"\.([a-z][\w-]*)(?=[^{}]*\{)", selectors))
    return found


@every_template
def test_compiles_and_has_short_lines(path):
    assert get_template(name_of(path))
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, start=1) if len(line) > LONGEST_LINE] == []


@every_template
def test_has_nothing_that_the_policy_forbids(path):
    """The Content-Security-Policy allows no inline script, style or handler, and no foreign host."""
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\bstyle=|\bon[a-z]+=\"|javascript:", source)
    assert [tag for tag in re.findall(r"<script[^>]*>", source) if "src=" not in tag] == []
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", source)


@every_template
def test_sends_every_form_with_its_token(path):
    if path.parent.name == "public":
        pytest.skip("the public has no session, and no token")
    source = path.read_text(encoding="utf-8")
    for form in re.findall(r'<form[^>]*method="post".*?</form>', source, re.DOTALL):
        assert "{% csrf_token %}" in form


@every_template
def test_gives_every_image_a_text_and_every_language_its_words(path):
    source = path.read_text(encoding="utf-8")
    images = re.findall(r"<img\b(?:\{%.*?%\}|\{\{.*?\}\}|[^>])*>", source, re.DOTALL)
    assert [image for image in images if "alt=" not in image] == []
    # Words outside a tag of Django would be shown in English to everybody.
    visible = re.sub(r"\{% blocktranslate.*?endblocktranslate %\}", " ", source, flags=re.DOTALL)
    # Commands and the names of the languages are the same in each language.
    visible = re.sub(r"<(pre|code)\b.*?</\1>", " ", without_tags(visible), flags=re.DOTALL)
    texts = re.findall(r">([^<>]+)<", visible)
    allowed = {"Beffroi", "MB", "ms", "English", "Français"}
    assert [word for text in texts for word in re.findall(r"[A-Za-zÀ-ÿ]{2,}", text) if word not in allowed] == []


@every_template
def test_leads_to_pages_that_exist(path):
    names = set(re.findall(r"\{% (?:url|menu_item) ['\"]([\w-]+)['\"]", path.read_text(encoding="utf-8")))
    known = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    assert names <= known


def test_every_template_is_used():
    sources = [
        path.read_text(encoding="utf-8")
        for path in [*ALL_TEMPLATES, *(code for part in (WEB, *OTHER_PARTS) for code in part.rglob("*.py"))]
    ]
    errors = {f"{code}.html" for code in (400, 403, 404, 413, 500)} | {"403_csrf.html"}
    names = {name_of(path) for path in ALL_TEMPLATES} - errors
    assert {name for name in names if not any(f'"{name}"' in source for source in sources)} == set()


def test_every_class_has_a_style_and_every_style_a_class():
    used = {name for path in TEMPLATES for name in classes_of(path.read_text(encoding="utf-8"))}
    used |= {name for path in SCRIPTS for name in re.findall(r'"\.?([a-z][\w-]*)"', path.read_text(encoding="utf-8"))}
    in_code = {name for path in WEB.rglob("*.py") for name in re.findall(r'"(form-[a-z-]+|icon)"', path.read_text())}
    in_code |= {name for path in (WEB / "templatetags").glob("*.py") for name in classes_of(path.read_text())}
    tones = {"calm", "warn", "bad", "success", "error", "warning"}
    unused = styled_classes() - used - in_code - tones - CONDITIONAL_CLASSES
    assert unused == set()
    in_templates = {name for path in TEMPLATES for name in classes_of(path.read_text(encoding="utf-8"))}
    assert in_templates - styled_classes() - BOOTSTRAP_CLASSES == {"alert-preview", "told-channels"}


def test_styles_name_no_template():
    """The form shows the fields that a template declares; a new template needs no style."""
    styles = "".join(path.read_text(encoding="utf-8") for path in STYLES)
    assert not re.search(r'\[name="?template"?\]', styles)
    named = set(re.findall(r'\[value="([\w-]+)"\]', styles))
    # The kind of a feed, not a template, decides whether its form asks for an address.
    assert named & offered_templates().keys() <= {"weather"}


def test_every_icon_is_in_the_sprite_and_no_other():
    sprite = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    sources = [path.read_text(encoding="utf-8") for path in TEMPLATES]
    named = {
        name for source in sources for name in re.findall(r'(?:\{% icon |\{% menu_item "[\w-]+" )"([\w-]+)"', source)
    }
    code = "".join(path.read_text(encoding="utf-8") for path in WEB.parent.glob("monitoring/*.py"))
    named |= {name for name in sprite if f'"{name}"' in code}
    assert named == sprite


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_script_is_loaded_by_a_page(path):
    assert any(f"beffroi/{path.name}" in template.read_text(encoding="utf-8") for template in TEMPLATES)


def test_an_unknown_address_name_would_be_noticed():
    with pytest.raises(NoReverseMatch):
        reverse("people")
