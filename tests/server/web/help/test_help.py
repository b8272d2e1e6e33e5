"""Help on every page: the guide inside the product, at the section that matters."""

from __future__ import annotations

import re

import pytest

from beffroi_server.web.help.guide_text import parse_guide, read_guide
from beffroi_server.web.help.help_links import SECTION_OF_AREA, help_anchor


def test_every_section_that_helps_is_in_the_guide():
    assert SECTION_OF_AREA.keys() <= {section.identifier for section in read_guide("en").sections}


def test_both_guides_have_the_same_sections():
    assert len(read_guide("fr").sections) == len(read_guide("en").sections)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_guide_leaves_no_mark_behind(language):
    guide = read_guide(language)
    text = guide.introduction + "".join(section.body for section in guide.sections)

    assert not re.search(r"\*\*|^#|^\||<!--|&lt;!--", re.sub(r"<code>.*?</code>", "", text), re.MULTILINE)
    assert len({section.identifier for section in guide.sections}) == len(guide.sections)


def test_no_text_becomes_html():
    guide = parse_guide("# A\n\n<script>alert(1)</script>\n\n## B\n\n- **<b>** and `<i>` [x](javascript:alert(1))\n")

    assert "<script" not in guide.introduction
    assert guide.sections[0].body == "<ul><li><strong>&lt;b&gt;</strong> and <code>&lt;i&gt;</code> x)</li></ul>"


def test_knows_lists_tables_and_headings():
    guide = parse_guide(
        "# A\n\n## B\n\nBefore:\n1. one\n   more\n2. two\n\n### C d\n\n| | b |\n|---|---|\n| 1 | `x\\|y` |\n"
    )

    assert guide.sections[0].body == (
        '<p>Before:</p>\n<ol><li>one more</li><li>two</li></ol>\n<h3 id="c-d">C d</h3>\n'
        '<table tabindex="0"><thead><tr><th scope="col"></th><th scope="col">b</th></tr></thead>'
        "<tbody><tr><td>1</td><td><code>x|y</code></td></tr></tbody></table>"
    )


@pytest.mark.parametrize(
    ("page", "section"),
    [("rule-new", "programmer"), ("alert-new", "diffuser-une-alerte"), ("screen-day", "prouver-ce-qui-a-ete-diffuse"),
     ("screen-week", "programmer"), ("software", "quand-quelque-chose-ne-va-pas"), ("help", "")],
)  # fmt: skip
def test_a_page_has_its_section(page, section):
    assert help_anchor(page, "fr") == section


def test_the_page_links_to_its_section(as_alice):
    assert 'href="/help/#scheduling"' in as_alice.get("/playlists/").content.decode()
    assert 'id="scheduling"' in as_alice.get("/help/").content.decode()
