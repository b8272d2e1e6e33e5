"""What a warning made of a chart says: charts have colours and hours, and no sentences.

In French, as their authorities speak. The advice is that of the vigilance and of georisques.gouv.fr in few words, what
to do first in the first sentence.
"""

from __future__ import annotations

from beffroi_server.cap.levels import Colour

_FLOOD = (
    "Éloignez-vous des cours d’eau et des points bas. Ne vous engagez pas sur une route inondée, ni à pied ni en "
    "voiture. Reportez vos déplacements."
)
_FLOOD_RED = (
    "Restez à l’abri, à l’étage si l’eau monte. Ne prenez pas votre voiture. N’allez pas chercher vos enfants à "
    "l’école\u202f: ils y sont en sécurité."
)
_ADVICE = {
    "1": (
        (
            "Limitez vos déplacements. Rangez ou attachez ce qui peut s’envoler. Évitez les forêts et le littoral. Ne "
            "touchez pas un câble tombé à terre."
        ),
        "Restez chez vous. Fermez portes et volets. Ne touchez pas un câble tombé à terre.",
    ),
    "2": (_FLOOD, _FLOOD_RED),
    "3": (
        (
            "Abritez-vous dans un bâtiment. Éloignez-vous des arbres et des cours d’eau. Reportez les activités de "
            "plein air."
        ),
        "Restez à l’abri dans un bâtiment. Éloignez-vous des fenêtres. Reportez vos déplacements.",
    ),
    "4": (_FLOOD, _FLOOD_RED),
    "5": (
        "Limitez vos déplacements et renseignez-vous sur l’état des routes. Couvrez-vous. Dégagez votre trottoir.",
        "Restez chez vous. Ne prenez pas la route. Laissez passer les secours et le déneigement.",
    ),
    "6": (
        (
            "Buvez de l’eau souvent et restez au frais. Fermez volets et fenêtres le jour. Prenez des nouvelles des "
            "personnes âgées ou isolées. En cas de malaise\u202f: 15."
        ),
        (
            "Restez au frais et buvez de l’eau souvent. Ne sortez pas aux heures chaudes. Prenez des nouvelles des "
            "personnes âgées ou isolées. En cas de malaise\u202f: 15."
        ),
    ),
    "7": (
        (
            "Limitez vos sorties et couvrez-vous. Ne bouchez pas les aérations. Prenez des nouvelles des personnes "
            "isolées. Pour une personne à la rue\u202f: 115."
        ),
        (
            "Restez au chaud. Ne bouchez pas les aérations. Prenez des nouvelles des personnes isolées. Pour une "
            "personne à la rue\u202f: 115."
        ),
    ),
    "8": (
        "Renoncez aux sorties hors des pistes ouvertes. Suivez les consignes des stations et de la mairie.",
        "N’allez pas en montagne. Évitez les routes exposées. Suivez les consignes de la mairie.",
    ),
    "9": (
        "Éloignez-vous du bord de l’eau et des jetées. Ne prenez pas la mer.",
        (
            "Éloignez-vous du bord de mer. Fermez portes et volets, et montez à l’étage si l’eau entre. Ne prenez pas "
            "la mer."
        ),
    ),
    "10": (
        "Préparez-vous à rester à l’abri. Suivez les consignes de la préfecture.",
        "Restez à l’abri dans un bâtiment solide. N’en sortez pas avant la levée de l’alerte par la préfecture.",
    ),
    "12": (_FLOOD, _FLOOD_RED),
    "river": (
        (
            "Éloignez-vous de la rivière. Ne descendez ni dans les sous-sols ni dans les parkings souterrains. Ne vous "
            "engagez pas sur une route inondée."
        ),
        _FLOOD_RED,
    ),
}
"""By the number of the phenomenon at Météo-France: for orange, and for red."""
_YELLOW = "Soyez prudent et tenez-vous informé."


def headline_of(name: str, colour: str, *, is_river: bool) -> str:
    """Return the title of a warning: “Vigilance orange : vent violent”."""
    if is_river:
        return f"Vigilance crues {colour}\u202f: {name}"
    return f"Vigilance {colour}\u202f: {name[:1].lower()}{name[1:]}"


def advice_of(code: str, colour: Colour) -> str:
    """Return what to do, what matters most first."""
    orange, red = _ADVICE.get(code, (_YELLOW, _YELLOW))
    return {Colour.RED: red, Colour.ORANGE: orange}.get(colour, _YELLOW)
