"""What a warning warns of: event codes and words to our hazards."""

from __future__ import annotations

import re
import unicodedata

from beffroi_content.model.alert import GENERAL_HAZARD
from beffroi_server.cap.messages import CapInfo
from beffroi_server.cap.names import folded_name, values_named

_AWARENESS_TYPES = {
    "1": "wind", "2": "snow", "5": "heat", "7": "flood", "8": "fire", "10": "flood", "12": "flood", "13": "flood",
}  # fmt: skip
"""First field of MeteoAlarm's ``awareness_type``. Thunderstorm, fog, cold and avalanches have no pictogram yet."""
_SAME_CODES = {
    "TOR": "wind", "TOA": "wind", "HUW": "wind", "HUA": "wind", "TRW": "wind", "TRA": "wind", "HWW": "wind",
    "EWW": "wind", "FFW": "flood", "FFA": "flood", "FFS": "flood", "FLW": "flood", "FLA": "flood", "FLS": "flood",
    "CFW": "flood", "CFA": "flood", "SSW": "flood", "SSA": "flood", "BZW": "snow", "WSW": "snow", "WSA": "snow",
    "FRW": "fire", "WFW": "fire", "WFA": "fire",
    "HMW": "air", "CHW": "air", "NUW": "air", "RHW": "air", "CAE": "person",
    "MEP": "person", "POS": "power", "EVI": "evacuation", "EVA": "evacuation", "SPW": "shelter", "CDW": "shelter",
}  # fmt: skip
"""Codes of the Emergency Alert System of the United States (47 CFR 11.31)."""
_WORDS = {
    "person": r"child abduct, enlevement, amber alert, missing (?:person|child|endangered), personne disparue, "
    r"disparition (?:inquietante|d.enfant|de mineur), desaparecid",
    "evacuation": r"evacu, evakuier",
    "shelter": r"shelter in place, mise a l.abri, mettez-vous a l.abri, \bconfinement\b",
    "power": r"power (?:outage|cut), blackout, (?:panne|coupure) (?:d.electricite|electrique|de courant), "
    r"delestage, stromausfall, apagon",
    "water": r"(?:drinking|tap|boil) water, water (?:shortage|supply|contaminat|quality), "
    r"eau (?:non )?potable, eau du robinet, coupure d.eau, eau impropre, trinkwasser, agua potable, acqua potabile",
    "fire": r"\b(?:wild|bush|grass|forest )?fires?\b, incendi, feux? de (?:foret|veget), \bfeux\b, waldbrand, "
    r"bosbrand, skogbrann, gron[ng]brann",
    "flood": r"flood, inondation, \bcrues?\b, submersion, storm surge, rupture de (?:barrage|digue), "
    r"coulees? de boue, hochwasser, uberschwemmung, uberflutung, "
    r"inundaci, inundac, alluvion, esondazion, overstroming, oversvamning, flom\b, flaum, povodn, enchente, alagamento",
    "heat": r"\bheat, canicule, forte chaleur, extreme high temperature, high-temperature, hitze, ola de calor, "
    r"altas temperaturas, ondata di calore, onda de calor, calor extremo, hitte",
    "snow": r"\bsnow, \bice\b, \bicing\b, \bicy\b, freezing rain, blizzard, winter (?:storm|weather), neige, verglas, "
    r"pluies? verglacant, schnee, glatteis, \bnieve\b, \bnevadas\b, \bneve\b, ghiaccio, sneeuw, gladheid, snjo",
    "wind": r"\bwinds?\b, \bgale, hurricane, tropical storm, typhoon, tornad, cyclone, tempete, \bvents?\b, ouragan, "
    r"sturm, orkan, viento, huracan, tormenta tropical, \bvento, vendaval, ciclone, \bvind\b, kuling, ветер, ураган",
    "air": r"air quality, qualite de l.air, air pollution, pollution de l.air, pollution atmospherique, \bozone\b, "
    r"smoke, fumee, ammoniac, chemical, chimique, gas leak, "
    r"fuite de gaz, toxic (?:cloud|gas|fume), nuclear, nucleaire, "
    r"radiolog, nuage toxique",
    "road": r"road (?:clos|accident|traffic), route (?:coupee|barree), \bmva\b, motor vehicle accident",
}
"""Patterns of words in small letters without accents, by hazard; the first that fits counts."""
_PATTERNS = [(hazard, re.compile("|".join(words.split(", ")))) for hazard, words in _WORDS.items()]


def hazard_of(info: CapInfo) -> str:
    """Return the name of the hazard that an info is about, or ``general`` where that is not clear.

    Codes count before words, the event before the headline. A hazard that we have no pictogram for is ``general``:
    a wrong pictogram would be worse than none.
    """
    for value in values_named(info.parameters, "awarenesstype"):
        if hazard := _AWARENESS_TYPES.get(re.split(r"[;\s]", value.strip())[0]):
            return hazard
    for code in info.event_codes:
        if folded_name(code.name) in ("same", "nwsevent", "") and code.value.strip().upper() in _SAME_CODES:
            return _SAME_CODES[code.value.strip().upper()]
    for text in (info.event, info.headline):
        if hazard := _hazard_in_words(text or ""):
            return hazard
    return GENERAL_HAZARD


def _hazard_in_words(text: str) -> str | None:
    plain = unicodedata.normalize("NFKD", text[:300]).casefold()
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return next((hazard for hazard, pattern in _PATTERNS if pattern.search(plain)), None)
