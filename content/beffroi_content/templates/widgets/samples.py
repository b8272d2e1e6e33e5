"""What a small town would show in its widgets, for the gallery and the tests."""

from __future__ import annotations

import datetime as dt

from beffroi_content.model.widgets import (
    AgendaWidget,
    ClockWidget,
    CountdownWidget,
    CounterWidget,
    GaugeWidget,
    NewsWidget,
    PollWidget,
    QrWidget,
    TableWidget,
    TickerWidget,
    VigilanceWidget,
    WeatherWidget,
    Widget,
)

SAMPLE_AT_MS = 1_796_810_700_000
"""Wednesday 9 December 2026, 11:05 in Paris: the instant for which the samples are good."""
_HOUR_MS = 3_600_000
_AIR = (
    ("bon", "#50f0e6"),
    ("moyen", "#50ccaa"),
    ("dégradé", "#f0e641"),
    ("mauvais", "#ff5050"),
    ("très mauvais", "#960032"),
)


def sample_widgets() -> tuple[Widget, ...]:
    """Return one of each kind, as they are at :data:`SAMPLE_AT_MS`."""
    now = SAMPLE_AT_MS
    day = dt.datetime.fromtimestamp(now / 1000, tz=dt.UTC).date()

    def at(days: int, time: str) -> str:
        return f"{day + dt.timedelta(days)}T{time}"

    events = [
        {
            "title": "Conte de Noël pour les tout-petits",
            "starts": at(0, "10:30"),
            "ends": at(0, "11:45"),
            "place": "Médiathèque Jean-Moulin",
        },
        {
            "title": "Conseil municipal",
            "starts": at(0, "19:00"),
            "ends": at(0, "21:30"),
            "place": "Hôtel de ville, salle des mariages",
        },
        {
            "title": "Permanence du conciliateur de justice",
            "starts": at(1, "09:00"),
            "ends": at(1, "12:00"),
            "place": "Maison France services",
        },
        {
            "title": "Marché de Noël",
            "starts": at(3, "00:00"),
            "ends": at(5, "00:00"),
            "place": "Place de l’Hôtel-de-Ville",
        },
        {"title": "Concert de l’harmonie municipale", "starts": at(4, "17:00"), "place": "Église Saint-Aubin"},
        {"title": "Réunion passée", "starts": at(-1, "18:00")},
    ]
    news = [
        {
            "title": "La médiathèque rouvre samedi après six mois de travaux",
            "published_at_ms": now - 2 * _HOUR_MS,
            "source": "Ville",
        },
        {
            "title": "Collecte des sapins : les dates et les lieux",
            "published_at_ms": now - 26 * _HOUR_MS,
            "source": "Intercommunalité",
        },
        {
            "title": "Inscriptions au centre de loisirs pour février",
            "published_at_ms": now - 50 * _HOUR_MS,
            "source": "Service enfance",
        },
        {
            "title": "Le pont de la Vire rouvert dans les deux sens",
            "published_at_ms": now - 75 * _HOUR_MS,
            "source": "Département",
        },
    ]
    forecast = (
        ("showers", 6, 11, 35),
        ("rain", 7, 10, 50),
        ("veiled", 3, 9, 20),
        ("sun", -1, 6, 10),
        ("snow", -3, 1, 15),
    )
    weather = [
        {"day": day + dt.timedelta(n), "sky": s, "low": low, "high": high, "wind_kmh": w}
        for n, (s, low, high, w) in enumerate(forecast)
    ]
    menu = [
        ("Lundi", "Carottes râpées", "Poulet rôti, semoule", "Yaourt fermier"),
        ("Mardi", "Potage", "Lasagnes aux légumes", "Pomme"),
        ("Mercredi", "Betteraves", "Saucisse, lentilles", "Compote"),
        ("Jeudi", "Céleri rémoulade", "Poisson, riz", "Fromage blanc"),
        ("Vendredi", "Salade verte", "Gratin dauphinois", "Clémentines"),
    ]
    air = [{"until": 20 * n, "word": word, "colour": colour} for n, (word, colour) in enumerate(_AIR, 1)]
    phenomena = [
        {"name": "Vent violent", "level": 3},
        {"name": "Vagues-submersion", "level": 2},
        {"name": "Pluie-inondation", "level": 2},
    ]
    answers = [
        {"label": "Place de l’Hôtel-de-Ville", "votes": 212},
        {"label": "Parc de la Vire", "votes": 148},
        {"label": "Ancienne gare", "votes": 64},
    ]
    fetched = now - _HOUR_MS
    return (
        ClockWidget(title="Saint-Aubin-sur-Mer", is_analogue=True),
        CountdownWidget(
            title="Feu d’artifice du Nouvel An",
            target_at_ms=now + 22 * 24 * _HOUR_MS + 9 * _HOUR_MS,
            after="Bonne année !",
        ),
        TickerWidget(
            title="En bref",
            messages=[
                {"text": "La piscine est fermée jusqu’à vendredi"},
                {"text": "Stationnement interdit place du Marché samedi"},
            ],
        ),
        AgendaWidget(title="Agenda", events=events, source="Agenda de la ville"),
        NewsWidget(title="Actualités", items=news),
        WeatherWidget(title="Météo à Saint-Aubin", days=weather, source="Météo-France", fetched_at_ms=fetched),
        VigilanceWidget(
            title="Vigilance météorologique",
            department="Calvados (14)",
            level=3,
            phenomena=phenomena,
            advice="Limitez vos déplacements et ne vous promenez pas en forêt ni sur le littoral.",
            source="Météo-France",
            fetched_at_ms=fetched,
        ),
        TableWidget(title="Au menu de la cantine", heading=("", "Entrée", "Plat", "Dessert"), rows=menu),
        QrWidget(
            title="Participez au budget de la ville",
            address="https://saint-aubin.fr/budget",
            text="Votez pour les projets de votre quartier",
        ),
        CounterWidget(
            title="Passages de vélos",
            value=128450,
            label="passages sur la voie verte cette année",
            change=312,
            change_label="depuis hier",
        ),
        GaugeWidget(
            title="Qualité de l’air",
            value=47,
            segments=air,
            advice="Vous pouvez sortir et faire du sport comme d’habitude.",
            source="Atmo Normandie",
            fetched_at_ms=fetched,
        ),
        PollWidget(title="Où installer le kiosque ?", options=answers),
    )
