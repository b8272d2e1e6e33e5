"""Lists of templates in the guides, written from what each template declares: ``make guides``.

The list stands between two comments, ``<!-- templates -->`` and ``<!-- /templates -->``; all else of a guide is left as
it is.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from beffroi_content.templates.registry import offered_templates

_LIST = re.compile(r"(?<=<!-- templates -->\n).*?(?=<!-- /templates -->)", re.DOTALL)


def template_list(language: str) -> str:
    """Return the templates as a Markdown list in the language of a guide: ``- **News**: a title and a text …``."""
    separator = " : " if language == "fr" else ": "
    return "".join(
        f"- **{template.label.in_language(language)}**{separator}{template.summary.in_language(language)}\n"
        for template in offered_templates().values()
    )


def with_template_list(guide: str, language: str) -> str:
    """Return the text of a guide with the list of today.

    Raises:
        ValueError: the guide has not one place for it.
    """
    if len(_LIST.findall(guide)) != 1:
        raise ValueError("a guide has one list of templates, between <!-- templates --> and <!-- /templates -->")
    return _LIST.sub(lambda _: template_list(language), guide)


def main(docs: Path) -> None:
    """Write the list into ``guide.en.md`` and ``guide.fr.md`` of a folder."""
    for language in ("en", "fr"):
        path = docs / f"guide.{language}.md"
        path.write_text(with_template_list(path.read_text(), language))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
