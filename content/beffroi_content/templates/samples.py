"""Samples that a small town might show, for the gallery and the tests; those of a template stand in its module."""

from __future__ import annotations

import datetime as dt
from typing import Any

from beffroi_content.model import GENERAL_HAZARD, Alert, AlertLevel, AlertStatus, Announcement

LONG_TEXT = (
    "La rue de la République sera fermée à la circulation du lundi 14 au vendredi 18 décembre, de 8 h 30 à 17 h. "
    "Une déviation est mise en place par l'avenue du Général-de-Gaulle. Les riverains gardent l'accès à leur "
    "domicile ; la collecte des déchets est maintenue.\nRenseignements : services techniques, 02 31 00 00 00."
)


def sample_alert(
    level: AlertLevel = AlertLevel.ALERT, status: AlertStatus = AlertStatus.ACTUAL, hazard: str = GENERAL_HAZARD
) -> Alert:
    """Return a flood warning."""
    return Alert(
        id="crue",
        level=level,
        status=status,
        hazard=hazard,
        title="Risque d'inondation : la Vire déborde au centre-ville",
        description="La rivière dépasse 4,20 m et monte encore. Les quais et la rue Basse sont inondés.",
        instruction="Montez à l'étage et coupez l'électricité.\nNe prenez pas votre voiture.",
        source="Mairie de Saint-Aubin-sur-Mer",
        issued_at_ms=1_765_540_800_000,
        ends_at_ms=1_765_560_600_000,
        time_to_live_ms=19_800_000,
    )


SAMPLE_AT_MS = 1_796_810_700_000
"""Wednesday 9 December 2026, 11:05 in Paris: the instant for which the samples of widgets are good."""
SAMPLE_DAY = dt.date(2026, 12, 9)
HOUR_MS = 3_600_000


def sample(template: str, **fields: Any) -> Announcement:
    """Return an announcement of a template."""
    return Announcement(id="sample", template=template, **fields)
