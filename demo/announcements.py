"""What the town says. Dates count from the day on which the demo is loaded, so that it is never out of date."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

TOWN = "Clairbourg-sur-Vive"
SITE = "clairbourg"

PICTURES = {
    "belfry": "Le beffroi sur la place",
    "canteen": "Un plateau de la cantine vu de dessus",
    "concert": "Un concert le soir, devant la foule",
    "library": "Des rayonnages, un fauteuil et un chat",
    "market": "Des étals sous leurs auvents rayés",
    "park": "Une allée sous les arbres, un banc, un cycliste",
    "pool": "La piscine vue de dessus, avec deux nageurs",
    "quays": "Les quais de la Vive et le beffroi, le soir",
    "recycling": "Quatre bacs de tri",
    "roadworks": "Une rue en travaux, barrières et pelleteuse",
    "school": "L'école et des enfants devant le portail",
}
"""The files of demo/pictures, with what one sees on them."""


@dataclass(frozen=True)
class Text:
    """An announcement, and how long it is shown."""

    template: str
    title: str
    body: str = ""
    label: str = ""
    picture: str | None = None
    seconds: int = 10
    until: dt.date | None = None
    """The last day on which it is shown."""
    more: dict[str, Any] = field(default_factory=dict)
    """``place``, ``source``, ``link``, and local ``starts`` and ``ends``."""


def french(text: str) -> str:
    """Put the spaces that French does not break at: before high punctuation, within hours and numbers."""
    text = re.sub(r" ([:;!?»])", "\N{NO-BREAK SPACE}\\1", text.replace("'", "’"))
    return re.sub(
        r"(\d) (h\b|\d|°C|€|m\b|ans\b|km\b)", "\\1\N{NO-BREAK SPACE}\\2", text.replace("« ", "«\N{NO-BREAK SPACE}")
    )


def daily_life(today: dt.date) -> list[Text]:
    """Return what the town hall has to say: works, services, practical information."""
    works, works_end = _next(today, 0, weeks=1), _next(today, 4, weeks=3)
    donation = _next(today, 1, weeks=2)
    born = today.year - 2 if today.month >= 9 else today.year - 3
    return [
        Text(
            "news", "La piscine rouvre ses portes",
            "Bassin rénové, vestiaires accessibles à tous, eau à 28 °C.\nDu mardi au dimanche, de 10 h à 19 h.",
            "Sport", "pool", 12, more={"source": "Service des sports"},
        ),
        Text(
            "works", "Rue des Tanneurs en travaux",
            "Circulation coupée de 8 h à 17 h. Déviation par le quai des Mariniers. Commerces ouverts.",
            "Travaux", "roadworks", 12, works_end, {"source": "Services techniques", **_days(works, works_end)},
        ),
        Text(
            "timetable", "La mairie vous accueille",
            "Jour | Matin | Après-midi\nLundi – jeudi | 8 h 30 – 12 h | 13 h 30 – 17 h\n"
            "Vendredi | 8 h 30 – 12 h | 13 h 30 – 18 h 30\nSamedi | 9 h – 12 h | fermé",
            "Horaires", seconds=10,
        ),
        Text(
            "news", "Tous les emballages dans le bac jaune",
            "Pots, barquettes, films plastique : désormais, tout se trie.\n"
            "Inutile de les laver, il suffit de bien les vider.",
            "Tri", "recycling", 10, more={"source": "Communauté de communes de la Vive"},
        ),
        Text(
            "news", "Inscriptions à l'école maternelle",
            f"Votre enfant est né en {born} ? Prenez rendez-vous au guichet famille, avec le livret de famille.",
            "Éducation", "school", 12, more={"source": "Guichet famille"},
        ),
        Text(
            "listing", "Au menu de la cantine",
            "Lundi : poulet, brocolis\nMardi : lasagnes végétales\nJeudi : poisson, riz\nVendredi : omelette, pomme",
            "Écoles", None, 14,
        ),
        Text(
            "event", "Don du sang",
            "Munissez-vous d'une pièce d'identité et ne venez pas à jeun. Une heure suffit pour sauver trois vies.",
            "Santé", None, 10, donation,
            {"place": "Salle des fêtes", "source": "Amicale des donneurs de sang", **_hours(donation, 15, 0, 19, 30)},
        ),
        Text(
            "listing", "En cas d'urgence",
            "15 : Samu\n17 : police\n18 : pompiers\n112 : toutes les urgences\n114 : par SMS, si vous n'entendez pas",
            "Numéros utiles", seconds=8,
        ),
        Text(
            "link", "Donnez votre avis sur le plan vélo", "Six questions, trois minutes, avant la fin du mois.",
            "Participez", seconds=10, more={"link": "https://www.clairbourg-sur-vive.example/velo"},
        ),
        Text(
            "news", "Le parc des Tilleuls s'agrandit",
            "Deux hectares de plus et 120 arbres plantés avec les écoliers.\nOuvert de 7 h 30 à 20 h.",
            "Cadre de vie", "park", 10,
        ),
    ]  # fmt: skip


def outings(today: dt.date) -> list[Text]:
    """Return what there is to do in the coming weeks."""
    concert, market = _next(today, 5, weeks=1), _next(today, 6)
    tales, council, visit = _next(today, 2), _next(today, 3, weeks=3), _next(today, 5, weeks=2)
    return [
        Text("agenda", "À Clairbourg, bientôt", seconds=12),
        Text(
            "event", "Concert de l'harmonie municipale",
            "Musiques de film et chansons de toujours, sous la direction d'Hélène Marchand. Entrée libre.",
            "Concert", "concert", 12, concert, {"place": "Place de la Mairie", **_hours(concert, 20, 30, 22, 30)},
        ),
        Text(
            "event", "Grand marché des producteurs",
            "Quarante producteurs à moins de 30 km, dégustations et jus de pomme pressé sur place.",
            "Marché", "market", 12, market, {"place": "Place du Marché", **_hours(market, 8, 0, 13, 0)},
        ),
        Text(
            "event", "L'heure du conte",
            "« Le chat qui lisait la nuit », lu par Nadia. À partir de 4 ans, sur inscription à l'accueil.",
            "Médiathèque", "library", 10, tales,
            {"place": "Médiathèque du Beffroi", "source": "Médiathèque", **_hours(tales, 10, 30, 11, 30)},
        ),
        Text(
            "event", "Conseil municipal",
            "Séance publique. À l'ordre du jour : budget, rénovation du gymnase, plan vélo.",
            "Vie municipale", None, 10, council, {"place": "Salle du Conseil", **_hours(council, 19, 0)},
        ),
        Text(
            "event", "Montez au beffroi !",
            "Visite guidée : 193 marches, quatre cloches et la plus belle vue sur la Vive.",
            "Patrimoine", "quays", 10, visit,
            {"place": "Au pied du beffroi", "source": "Office de tourisme", **_hours(visit, 14, 0, 17, 0)},
        ),
    ]  # fmt: skip


SCENARIOS: tuple[dict[str, Any], ...] = (
    {
        "name": "Crue de la Vive",
        "level": "emergency",
        "hazard": "flood",
        "title": "Crue : évacuez les quais",
        "description": "La Vive déborde. Les quais, le camping et la rue Basse sont inondés.",
        "instruction": "Rejoignez à pied la salle des fêtes, place de la Mairie.\n"
        "N'utilisez pas votre voiture. Ne descendez pas dans les sous-sols.",
        "duration_min": 120,
    },
    {
        "name": "Exercice : rupture de la digue",
        "level": "emergency",
        "hazard": "evacuation",
        "title": "Exercice d'évacuation",
        "description": "Ceci est un exercice. Il n'y a aucun danger.",
        "instruction": "Habitants des quais : suivez les agents en gilet jaune vers la salle des fêtes.\n"
        "Les autres quartiers ne sont pas concernés.",
        "duration_min": 15,
    },
    {
        "name": "Vent violent",
        "level": "vigilance",
        "hazard": "wind",
        "title": "Vent violent : parcs et cimetière fermés",
        "instruction": "Limitez vos déplacements et ne restez pas sous les arbres.",
        "duration_min": 360,
    },
)
"""Alerts prepared in calm."""


def _next(today: dt.date, weekday: int, weeks: int = 0) -> dt.date:
    """Return the next such day (0 is Monday), at least two days ahead and then some weeks later."""
    soon = today + dt.timedelta(days=2)
    return soon + dt.timedelta(days=(weekday - soon.weekday()) % 7, weeks=weeks)


def _days(first: dt.date, last: dt.date) -> dict[str, Any]:
    return {"starts": dt.datetime.combine(first, dt.time(8)), "ends": dt.datetime.combine(last, dt.time(17))}


def _hours(day: dt.date, hour: int, minute: int, end_hour: int | None = None, end_minute: int = 0) -> dict[str, Any]:
    hours: dict[str, Any] = {"starts": dt.datetime.combine(day, dt.time(hour, minute))}
    if end_hour is not None:
        hours["ends"] = dt.datetime.combine(day, dt.time(end_hour, end_minute))
    return hours
