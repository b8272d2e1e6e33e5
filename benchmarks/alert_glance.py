"""What a passer-by gets of an alert, and when: on every class of screens that towns have.

Alerts of usual lengths, and with ``CAP=FOLDER`` those of the CAP files in a folder, are laid out on 17 classes and put
on the timeline. The table says on how many what to do stands on the first page, after how many seconds it is seen at
the latest, how many pages they take, how many pages of an exercise do not say so, how many are on for less than they
take to read, and of how many some sentence has no room.

The value is the worst of the seconds until what to do is seen. The limit is how long the first page is on at least.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from lxml import etree

from beffroi_content import model, rendering
from beffroi_content.model import Alert, AlertForm, AlertLevel, AlertStatus, HeldAlert
from beffroi_content.raster.text.phrases import status_phrases
from beffroi_content.rendering.gallery import sample_canvas, street_screens
from beffroi_content.timeline.alerts import PAGE_MS, page_visits
from benchmarks.form import Options, Result, percentile

_OWN = (
    (
        "Risque d’inondation : la Vive déborde au centre-ville",
        "La rivière dépasse 4,20 m et monte encore. Les quais et la rue Basse sont inondés.",
        "Montez à l’étage et coupez l’électricité. Ne prenez pas votre voiture.",
    ),
    (
        "Nuage de fumée toxique",
        "Un nuage de fumée se dirige vers le centre-ville et le quartier des Tilleuls. Les pompiers sont sur place.",
        "Rentrez, fermez portes et fenêtres et coupez la ventilation. N’allez pas chercher vos enfants à l’école.",
    ),
    (
        "Eau non potable dans toute la commune",
        "Une pollution a été constatée au captage du Moulin.",
        "Ne buvez pas l’eau du robinet, même bouillie. Des bouteilles sont distribuées à la salle des fêtes.",
    ),
    (
        "Vents violents",
        "De fortes rafales sont attendues jusqu’à la nuit.",
        "Restez chez vous. Rentrez ce qui peut s’envoler. Ne touchez jamais un câble tombé à terre.",
    ),
    (
        "Avis de recherche",
        "Une femme de 82 ans, manteau rouge, a quitté la résidence des Ormes à 14 h.",
        "Si vous la voyez, restez près d’elle et appelez le 17.",
    ),
    (
        "Flood warning for the lower town",
        "The river is expected to reach 4.6 metres by midnight and to stay above the quays until Sunday.",
        "Move to higher ground now. Do not drive through flooded roads.",
    ),
    ("Fortes chaleurs", "", "Buvez de l’eau souvent et restez au frais. Prenez des nouvelles des personnes isolées."),
)
_MOST_BYTES = 5_000_000


@dataclass(slots=True)
class _Figures:
    """What was counted on one class."""

    alerts: int = 0
    ordering: int = 0
    """Alerts that tell people to do something."""
    on_first: int = 0
    seconds: list[float] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    exercise_pages: int = 0
    unmarked: int = 0
    short: int = 0
    left_out: int = 0


def measure(_options: Options) -> Result:
    """Lay out all texts on all classes."""
    texts = [*_OWN, *_cap_texts(os.environ.get("CAP", ""))]
    found = {screen_class.name: _measure_class(screen_class, texts) for screen_class in street_screens()}
    rows = [
        (name, f"{each.on_first} of {each.ordering}", f"{max(each.seconds, default=0.0):.0f}",
         f"{percentile(each.pages, 0.5):.0f} / {max(each.pages)}", f"{each.unmarked} of {each.exercise_pages}",
         f"{each.short} of {sum(each.pages)}", f"{each.left_out} of {each.alerts}")
        for name, each in found.items()
    ]  # fmt: skip
    return Result(
        value=max(seconds for each in found.values() for seconds in each.seconds),
        unit="s",
        goal=0.0,
        limit=PAGE_MS / 1_000,
        value_is=f"seconds until what to do is seen, the worst of {len(texts)} alerts on {len(found)} classes",
        limit_is="how long a page is on at least",
        heading=("class", "on page 1", "seen after s", "pages p50/max", "unmarked", "too short", "some left out"),
        rows=rows,
    )


def _measure_class(screen_class: model.ScreenClass, texts: list[tuple[str, str, str]]) -> _Figures:
    canvas, figures = sample_canvas(screen_class), _Figures()
    band = replace(canvas, size=model.banner_rectangle(canvas.size).size)
    for title, description, instruction in texts:
        alert = _alert(title, description, instruction)
        drawing = rendering.lay_out_alert(alert, AlertForm.TAKEOVER, canvas)
        figures.alerts += 1
        figures.pages.append(len(drawing.pages))
        figures.left_out += bool(drawing.left_out)
        if instruction:
            figures.ordering += 1
            figures.on_first += drawing.has_order
            figures.seconds.append(0.0 if drawing.has_order else drawing.page_ms[0] / 1_000)
        held = HeldAlert(alert=alert, lapses_at_uptime_ms=0, pages=len(drawing.pages), page_ms=drawing.page_ms)
        shown = {visit.page: visit.ms for visit in page_visits(held)}
        figures.short += sum(shown[page] < needed for page, needed in enumerate(drawing.page_ms))
        for form, where in ((AlertForm.TAKEOVER, canvas), (AlertForm.BANNER, band)):
            for status in (AlertStatus.EXERCISE, AlertStatus.TEST):
                word, _ = status_phrases(status, canvas.locale)
                for page in rendering.alert_pages(alert.replace(status=status), form, where):
                    figures.exercise_pages += 1
                    figures.unmarked += not any(word in line for line in page.lines)
    return figures


def _alert(title: str, description: str, instruction: str) -> Alert:
    return Alert(
        id="a", level=AlertLevel.ALERT, title=title[:200], description=description[:5_000],
        instruction=instruction[:5_000], source="Mairie de Saint-Aubin-sur-Mer", issued_at_ms=1_765_540_800_000,
        ends_at_ms=1_765_560_600_000, time_to_live_ms=19_800_000,
    )  # fmt: skip


def _cap_texts(folder: str) -> Iterator[tuple[str, str, str]]:
    """Yield the texts of the CAP files in a folder; what is no CAP is passed over."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    for path in sorted(Path(folder).glob("*")) if folder else ():
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            continue
        try:
            tree = etree.fromstring(path.read_bytes(), parser)
        except etree.XMLSyntaxError:
            continue
        for info in tree.iter("{*}info") if tree is not None else ():
            title, description, instruction = (
                (info.findtext("{*}" + name) or "").strip() for name in ("headline", "description", "instruction")
            )
            title = " ".join((title or (info.findtext("{*}event") or "")).split())
            if title:
                yield title, description, instruction
