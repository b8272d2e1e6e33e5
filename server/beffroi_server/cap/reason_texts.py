"""Sentences for reasons, notes and errors, in English and French."""

from __future__ import annotations

import re
from collections.abc import Iterable
from string import Template

from beffroi_server.cap.messages import ReadNote
from beffroi_server.cap.reasons import Reason

_VERDICTS: dict[str, tuple[str, str]] = {
    "status": ("status is $status: not for the public", "le statut est $status : pas destiné au public"),
    "test-status": ("status is $status: not a real warning", "le statut est $status : pas une véritable alerte"),
    "test-event": ("a test, says its event ($event)", "un essai, d’après son événement ($event)"),
    "message-type": ("type is $type: nothing to show", "le type est $type : rien à afficher"),
    "private": ("scope is Private", "diffusion « Private »"),
    "restricted": ("scope is Restricted (to $to)", "diffusion restreinte (à $to)"),
    "cancel": ("cancels earlier messages ($count); never shown itself",
               "annule des messages antérieurs ($count) ; jamais affiché lui-même"),
    "cancel-of-nothing": ("a cancellation that does not say of what: it ends nothing but earlier versions of itself",
                          "une annulation qui ne dit pas de quoi : elle ne termine que ses propres versions"),
    "nothing-said": ("has no information in it", "ne contient aucune information"),
    "replaced": ("replaced by $by", "remplacé par $by"),
    "replaced-mutually": ("replaced by $by, which it says to replace itself; of the two, the later one counts",
                          "remplacé par $by, qu’il dit lui-même remplacer ; des deux, le plus récent compte"),
    "newer-version": ("a newer version of it is known", "une version plus récente est connue"),
    "cancelled": ("cancelled by $by", "annulé par $by"),
    "given-all-clear": ("ended by the all-clear $by", "terminé par la fin d’alerte $by"),
    "gone-from-feed": ("no longer in the feed", "n’est plus dans le flux"),
    "signature-changed": ("the signature shows that the message was changed",
                          "la signature montre que le message a été modifié"),
    "all-clear": ("an all-clear: the danger is over", "une fin d’alerte : le danger est passé"),
    "elsewhere": ("for another area", "pour un autre secteur"),
    "over": ("over since $at", "terminé ($at)"),
    "over-default": ("says no end; over since $at, as the policy has it",
                     "sans fin indiquée ; terminé ($at) d’après les règles"),
    "over-capped": ("over since $at: the policy lets no warning go on longer without renewal",
                    "terminé ($at) : les règles ne laissent pas durer plus longtemps sans renouvellement"),
    "green": ("green: no warning", "vert : pas de vigilance"),
    "past": ("urgency is Past: nothing has to be done any more", "urgence « Past » : plus rien à faire"),
    "announced": ("announced for $at", "annoncé ($at)"),
    "rule": ("rule $number of the policy", "règle $number de la politique"),
    "rule-unknown": ("rule $number of the policy may apply: the source does not say how urgent, grave or certain it is",
                     "la règle $number s’applique peut-être : urgence, gravité ou certitude non précisée"),
    "settings": ("asked for by the settings of its source", "demandé par les réglages de la source"),
    "settings-default": ("not asked for by the settings of its source", "non demandé par les réglages de la source"),
    "settings-unknown": ("perhaps asked for by the settings: the source does not say how urgent or grave it is",
                         "peut-être demandé par les réglages : urgence, gravité ou certitude non précisée"),
    "default": ("default of the policy", "réponse par défaut de la politique"),
    "policy-tests": ("the policy’s answer to exercises and tests", "réponse de la politique aux exercices et essais"),
    "policy-restricted": ("the policy’s answer to restricted messages",
                          "réponse de la politique aux messages restreints"),
    "policy-past": ("the policy’s answer to what is past", "réponse de la politique à ce qui est passé"),
    "policy-announced": ("the policy’s answer to what has not begun", "réponse de la politique à ce qui est annoncé"),
    "area-unknown": ("area unknown: whether the town is meant cannot be told ($areas)",
                     "secteur inconnu : impossible de dire si la commune est concernée ($areas)"),
    "field-unknown": ("$field is missing or unknown ($value)", "$field manque ou est inconnu ($value)"),
    "field-missing": ("has no $field", "sans $field"),
    "no-time": ("does not say when it was sent", "ne dit pas quand il a été envoyé"),
    "sent-later": ("says that it was sent at $at, which is to come: the clock or time zone of its sender is wrong",
                   "se dit envoyé à une date à venir ($at) : l’horloge ou le fuseau de son émetteur est faux"),
    "looks-like-test": ("looks like a test", "ressemble à un essai"),
    "looks-like-end": ("looks like the end of a warning", "ressemble à une fin d’alerte"),
    "summary": ("only the summary of a feed: the message itself is behind its link",
                "seulement le résumé d’un flux : le message lui-même est derrière son lien"),
    "damaged": ("the document is broken: more may have been said",
                "le document est abîmé : il en disait peut-être plus"),
    "green-but-severe": ("green, but severity is $severity", "vert, mais la gravité est $severity"),
    "severity-unknown": ("severity unknown: shown as given", "gravité inconnue : affichée telle quelle"),
    "signature-needed": ("signature: $outcome", "signature : $outcome"),
}  # fmt: skip
_NOTES: dict[str, tuple[str, str]] = {
    "damaged": ("the document is broken; read as far as it can be understood",
                "le document est abîmé ; lu aussi loin que possible"),
    "too-many-alerts": ("more messages than are read at once; the others are left out",
                        "plus de messages qu’on n’en lit à la fois ; les autres sont laissés"),
    "too-many-infos": ("more info blocks than are read", "plus de blocs « info » qu’on n’en lit"),
    "too-many-areas": ("more areas than are read", "plus de secteurs qu’on n’en lit"),
    "too-many-files": ("more files in the archive than are read; the others are left out",
                       "plus de fichiers dans l’archive qu’on n’en lit ; les autres sont laissés"),
    "file-unreadable": ("left out", "laissé"),
    "carried-unreadable": ("a message within an envelope cannot be read",
                           "un message dans une enveloppe est illisible"),
    "entries-without-cap": ("entries without a CAP message or a link to one",
                            "des entrées sans message CAP ni lien vers un message"),
    "bad-link": ("a link that leads nowhere, or is relative to an address that is not known",
                 "un lien qui ne mène nulle part, ou relatif à une adresse inconnue"),
    "bad-instant": ("no instant with an offset", "pas une date avec décalage horaire"),
    "bad-reference": ("a reference without an instant that can be read; it names a message all the same",
                      "une référence sans date lisible ; elle désigne tout de même un message"),
    "long-text": ("a text of more than 100,000 characters; the rest is left out",
                  "un texte de plus de 100\u202f000 caractères ; le reste est laissé"),
    "bad-pair": ("an outline with a pair that is no latitude,longitude; the outline is left out",
                 "un contour avec une paire qui n’est pas latitude,longitude ; le contour est laissé"),
    "out-of-range": ("coordinates that are nowhere on earth (longitude first?); left out",
                     "des coordonnées hors du globe (longitude en premier ?) ; laissées"),
    "no-outline": ("an outline without points; left out", "un contour sans points ; laissé"),
    "too-many-points": ("an outline of too many points; left out", "un contour de trop de points ; laissé"),
    "bad-circle": ("no circle of latitude,longitude and kilometres; left out",
                   "pas un cercle (latitude,longitude et kilomètres) ; laissé"),
}  # fmt: skip
_ERRORS: dict[str, tuple[str, str]] = {
    "too-large": ("the document is larger than 16 MB", "le document dépasse 16 Mo"),
    "empty": ("the document is empty", "le document est vide"),
    "archive": ("compressed: unpack it first", "compressé : le décompresser d’abord"),
    "bad-archive": ("a zip archive that is broken", "une archive zip abîmée"),
    "archive-too-large": (
        "a zip archive from which more comes out than is read",
        "une archive zip dont il sort plus qu’on n’en lit",
    ),
    "packed-otherwise": (
        "encrypted, or compressed in another way than is usual",
        "chiffré, ou compressé d’une manière inhabituelle",
    ),
    "web-page": ("a web page, not a CAP document", "une page web, pas un document CAP"),
    "no-xml": ("not XML", "pas du XML"),
    "entities": ("the document declares entities, which are refused", "le document déclare des entités, refusées"),
    "no-cap": ("no CAP message in it", "aucun message CAP"),
}


def _sentence(table: dict[str, tuple[str, str]], code: str, language: str, values: dict[str, str]) -> str:
    english, french = table.get(code, (code, code))
    # No line begins with a colon.
    text = re.sub(" ([:;?!])", "\u202f\\1", french) if language == "fr" else english
    return Template(text).safe_substitute(values)


def reason_sentence(reasons: Iterable[Reason], language: str = "en") -> str:
    """Return the reasons of a verdict in words."""
    return ("\u202f; " if language == "fr" else "; ").join(
        _sentence(_VERDICTS, each.code, language, dict(each.values)) for each in reasons
    )


def note_sentence(note: ReadNote, language: str = "en") -> str:
    """Return a note of the reader in words, with its place and what was written there."""
    quoted, colon = ("«\u202f{}\u202f»", "\u202f: ") if language == "fr" else ("“{}”", ": ")
    if note.code in ("carried-unreadable", "file-unreadable"):
        value = error_sentence(note.value, language)
    else:
        value = quoted.format(note.value) if note.value else ""
    return colon.join(part for part in (note.where, _sentence(_NOTES, note.code, language, {}), value) if part)


def error_sentence(code: str, language: str = "en") -> str:
    """Return why a document cannot be read."""
    return _sentence(_ERRORS, code, language, {})
