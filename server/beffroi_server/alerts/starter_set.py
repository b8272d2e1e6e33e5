"""The starter set of a town: usual alerts and categories, written in calm, that a person reads through before use.

The scenarios are drafts until somebody saves them. What only the town knows stands in square brackets.
"""

from __future__ import annotations

from dataclasses import dataclass

from beffroi_content.model import GENERAL_HAZARD, AlertLevel
from beffroi_server.accounts.models import Town, User
from beffroi_server.accounts.permissions import require
from beffroi_server.alerts.models import Scenario
from beffroi_server.alerts.scenario_services import save_scenario
from beffroi_server.core.transactions import serialised
from beffroi_server.fleet.targets import Targets
from beffroi_server.library.categories import save_category
from beffroi_server.library.models import Category


@dataclass(frozen=True, slots=True)
class StarterScenario:
    """A usual alert in one language."""

    name: str
    level: AlertLevel
    hazard: str
    minutes: int
    title: str
    description: str
    instruction: str


def add_starter_set(town: Town, *, user: User | None, language: str = "") -> int:
    """Add the scenarios and categories that the town has not yet, by their names; return how many were added.

    Args:
        town: Named as the issuer.
        user: Who does it; None for the server.
        language: ``fr`` or ``en``; by default that of the screens.
    """
    require(user, "may_alert")
    language = (language or town.locale) if (language or town.locale) in SCENARIOS else "en"
    added = 0
    with serialised():
        known = set(Scenario.objects.values_list("name", flat=True))
        for each in SCENARIOS[language]:
            if each.name not in known:
                scenario = Scenario(
                    name=each.name, level=each.level, hazard=each.hazard, duration_min=each.minutes, title=each.title,
                    description=each.description, instruction=each.instruction, source=town.name,
                )  # fmt: skip
                save_scenario(scenario, Targets(everywhere=True), user=user, is_draft=True)
                added += 1
        if not Category.objects.exists():
            for name, days in CATEGORIES[language]:
                save_category(Category(name=name, default_days=days), user=user)
                added += 1
    return added


_FRENCH = (
    StarterScenario(
        "Inondation", AlertLevel.EMERGENCY, "flood", 180, "Risque d’inondation",
        "L’eau monte rapidement. Secteurs concernés : [à compléter].",
        "Éloignez-vous des cours d’eau et montez à l’étage. Ne prenez pas votre voiture. Vos enfants sont en "
        "sécurité à l’école : n’allez pas les chercher. Urgences : 112.",
    ),
    StarterScenario(
        "Tempête", AlertLevel.ALERT, "wind", 360, "Vents violents",
        "De fortes rafales sont attendues jusqu’à [heure à compléter].",
        "Restez chez vous. Rentrez ou attachez ce qui peut s’envoler. Ne passez pas sous les arbres. Ne touchez "
        "jamais un câble tombé à terre. Urgences : 112.",
    ),
    StarterScenario(
        "Canicule", AlertLevel.VIGILANCE, "heat", 720, "Forte chaleur",
        "Lieux frais ouverts à tous : [à compléter].",
        "Buvez de l’eau souvent et restez au frais aux heures chaudes. Prenez des nouvelles des personnes âgées ou "
        "isolées. En cas de malaise : 15.",
    ),
    StarterScenario(
        "Eau non potable", AlertLevel.ALERT, "water", 720, "Eau du robinet non potable",
        "Secteurs concernés : [à compléter]. Distribution d’eau : [lieu et heures à compléter].",
        "Ne buvez pas l’eau du robinet, même bouillie. Ne l’utilisez ni pour cuisiner, ni pour vous brosser les "
        "dents.",
    ),
    StarterScenario(
        "Personne disparue", AlertLevel.ALERT, "person", 240, "Avis de recherche",
        "[Nom, âge, taille, vêtements, lieu et heure de la disparition, à compléter].",
        "Si vous l’avez vue, n’intervenez pas seul : appelez le 17 ou le 112.",
    ),
    StarterScenario(
        "Fuite de gaz", AlertLevel.EMERGENCY, "evacuation", 120, "Fuite de gaz",
        "Secteur concerné : [rue à compléter].",
        "Éloignez-vous et n’entrez pas dans le secteur. Ni flamme, ni cigarette, ni interrupteur. Suivez les "
        "consignes des secours. Urgences : 112.",
    ),
    StarterScenario(
        "Coupure d’électricité", AlertLevel.VIGILANCE, "power", 240, "Coupure d’électricité",
        "Secteurs concernés : [à compléter]. Rétablissement prévu : [heure à compléter].",
        "Débranchez les appareils sensibles et gardez le congélateur fermé. Prenez des nouvelles de vos voisins. "
        "Appelez le 112 seulement en cas d’urgence.",
    ),
    StarterScenario(
        "Neige et verglas", AlertLevel.VIGILANCE, "snow", 360, "Neige et verglas",
        "Routes difficiles : [à compléter].",
        "Évitez de vous déplacer. À pied, prenez garde aux trottoirs gelés. Laissez passer les engins de salage.",
    ),
    StarterScenario(
        "Mise à l’abri", AlertLevel.EMERGENCY, "shelter", 120, "Mettez-vous à l’abri",
        "[Ce qui se passe, et où, à compléter].",
        "Entrez dans le bâtiment le plus proche. Fermez portes et fenêtres, arrêtez la ventilation. Ne téléphonez "
        "pas, sauf urgence. Écoutez la radio.",
    ),
    StarterScenario(
        "Essai des sirènes", AlertLevel.INFORMATION, GENERAL_HAZARD, 30, "Essai mensuel des sirènes",
        "Les sirènes sont essayées à midi, pendant moins de deux minutes.",
        "Il s’agit d’un essai : il n’y a rien à faire.",
    ),
)  # fmt: skip
_ENGLISH = (
    StarterScenario(
        "Flood", AlertLevel.EMERGENCY, "flood", 180, "Risk of flooding",
        "The water is rising quickly. Areas concerned: [to be completed].",
        "Keep away from rivers and go upstairs. Do not drive. Your children are safe at school: do not fetch them. "
        "Emergencies: 112.",
    ),
    StarterScenario(
        "Storm", AlertLevel.ALERT, "wind", 360, "Violent winds",
        "Strong gusts are expected until [time to be completed].",
        "Stay at home. Bring in or fasten what may fly away. Do not walk under trees. Never touch a cable that has "
        "fallen. Emergencies: 112.",
    ),
    StarterScenario(
        "Heat", AlertLevel.VIGILANCE, "heat", 720, "Great heat",
        "Cool places open to everyone: [to be completed].",
        "Drink water often and keep cool in the hot hours. Look after people who are old or alone. If somebody "
        "feels faint: 112.",
    ),
    StarterScenario(
        "Water not drinkable", AlertLevel.ALERT, "water", 720, "Do not drink tap water",
        "Areas concerned: [to be completed]. Water is handed out: [place and hours to be completed].",
        "Do not drink tap water, even boiled. Do not use it for cooking or for brushing your teeth.",
    ),
    StarterScenario(
        "Missing person", AlertLevel.ALERT, "person", 240, "Missing person",
        "[Name, age, height, clothes, place and time, to be completed].",
        "If you have seen this person, do not act alone: call 112.",
    ),
    StarterScenario(
        "Gas leak", AlertLevel.EMERGENCY, "evacuation", 120, "Gas leak",
        "Area concerned: [street to be completed].",
        "Move away and do not enter the area. No flame, no cigarette, no light switch. Follow the emergency "
        "services. Emergencies: 112.",
    ),
    StarterScenario(
        "Power cut", AlertLevel.VIGILANCE, "power", 240, "Power cut",
        "Areas concerned: [to be completed]. Expected to end: [time to be completed].",
        "Unplug sensitive devices and keep the freezer shut. Look after your neighbours. Call 112 only in an "
        "emergency.",
    ),
    StarterScenario(
        "Snow and ice", AlertLevel.VIGILANCE, "snow", 360, "Snow and ice",
        "Difficult roads: [to be completed].",
        "Avoid travelling. On foot, beware of frozen pavements. Let gritting lorries pass.",
    ),
    StarterScenario(
        "Take shelter", AlertLevel.EMERGENCY, "shelter", 120, "Take shelter",
        "[What is happening, and where, to be completed].",
        "Go into the nearest building. Close doors and windows, stop the ventilation. Do not phone unless it is "
        "urgent. Listen to the radio.",
    ),
    StarterScenario(
        "Test of the sirens", AlertLevel.INFORMATION, GENERAL_HAZARD, 30, "Monthly test of the sirens",
        "The sirens are tested at noon, for less than two minutes.",
        "This is a test: there is nothing to do.",
    ),
)  # fmt: skip
SCENARIOS = {"fr": _FRENCH, "en": _ENGLISH}
CATEGORIES = {
    "fr": (
        ("Vie municipale", None), ("Travaux", None), ("Culture", 30), ("Sport", 14), ("Enfance et jeunesse", None),
        ("Solidarité", None), ("Associations", 30), ("Environnement", None), ("Marchés et commerces", 14),
    ),
    "en": (
        ("Council", None), ("Works", None), ("Culture", 30), ("Sport", 14), ("Children and youth", None),
        ("Solidarity", None), ("Clubs", 30), ("Environment", None), ("Markets and shops", 14),
    ),
}  # fmt: skip
"""Names, and days on screen; None for the usual ones."""
