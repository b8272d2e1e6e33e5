"""Lists of templates in the guides: complete, of today, and in the language of the guide."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts.template_lists import main, template_list, with_template_list

from beffroi_content.templates.registry import offered_templates

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_guides_list_the_templates_of_today(language: str) -> None:
    guide = (DOCS / f"guide.{language}.md").read_text(encoding="utf-8")
    assert with_template_list(guide, language) == guide, "run `make guides`"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_template_that_can_be_chosen_has_a_line(language: str) -> None:
    lines = template_list(language).splitlines()
    assert len(lines) == len(offered_templates())
    for line, template in zip(lines, offered_templates().values(), strict=True):
        assert line.startswith(f"- **{template.label.in_language(language)}**")
        assert line.endswith(template.summary.in_language(language))


def test_only_the_list_is_written_anew(tmp_path: Path) -> None:
    for language in ("en", "fr"):
        text = "# Guide\n\n<!-- templates -->\n- **Old**: gone\n<!-- /templates -->\n\nThe end.\n"
        (tmp_path / f"guide.{language}.md").write_text(text)
    main(tmp_path)
    written = (tmp_path / "guide.fr.md").read_text()
    assert written.startswith("# Guide\n\n<!-- templates -->\n- **Actualité** : ")
    assert written.endswith("<!-- /templates -->\n\nThe end.\n")
    assert "Old" not in written


@pytest.mark.parametrize("guide", ["", "<!-- templates -->\n", "<!-- templates -->\n<!-- /templates -->\n" * 2])
def test_a_guide_without_one_place_for_the_list_is_refused(guide: str) -> None:
    with pytest.raises(ValueError, match="one list of templates"):
        with_template_list(guide, "en")
