"""Signs that a message is a test although its status says ``Actual``, or an end although it says so nowhere: words."""

from __future__ import annotations

import re
import unicodedata

from beffroi_server.cap.messages import CapAlert, CapInfo
from beffroi_server.cap.names import folded_name

_TEST_CODES = frozenset({"RWT", "RMT", "NPT", "DMO", "NMN", "TXF", "TXO", "TXB", "TXP"})
"""Required weekly and monthly test, national periodic test, practice or demonstration, and administrative messages of
the Emergency Alert System (47 CFR 11.31)."""
_TEST_EVENTS = frozenset(
    folded_name(name) for name in (
        "Required Weekly Test", "Required Monthly Test", "National Periodic Test", "Practice/Demo Warning",
        "Practice Warning", "Demo Warning", "Test", "Test message", "Test alert", "Testing", "Alert test", "Siren test",
        "Exercice", "Exercise", "Drill", "Essai",
        "Message d’essai", "Test de sirène", "Essai des sirènes", "Probealarm", "Probewarnung", "Testwarnung",
        "Sirenentest", "Sirenenprobe", "Übung", "Simulacro", "Mensaje de prueba", "Esercitazione", "Oefening",
        "Warntag", "Bundesweiter Warntag",
    )
)  # fmt: skip
"""Events that are nothing but a test, whole."""
_WORDS = re.compile(
    r"\btests?\b|\btesting\b|\bdrills?\b|\bexercices?\b|\bdummy\b|\bpractice/demo\b|"
    # Noun, not verb: “exercise caution”, “avoid outdoor exercise”.
    r"(?<!outdoor )(?<!physical )(?<!strenuous )"
    r"\bexercise\b(?! (?:\w+ )?(?:caution|care|vigilance|patience|restraint|judge?ment|outdoors?)\b)|"
    # La Teste-de-Buch is a commune.
    r"(?<!\bla )\bteste\b|"
    r"\bessais?\b|\bsimulation\b|probealarm|probewarnung|testwarnung|testalarm|testmeldung|"
    r"warntag|sirenentest|sirenenprobe|probebetrieb|\bubung|ubungs|\bsimulacro|\bprueba\b|\bsimulado\b|"
    r"\besercitazione\b|\bprova\b|proefalarm|testbericht|controlebericht|\boefening\b|sirenetest|\bovning|\bovelse|"
    r"\bcwiczenia\b|\bproba syren\b|\bgyakorlat\b|\bcviceni\b|\bpraznen|\bejercicio\b|\bexercicio\b|"
    r"\bprøvealarm|\bvarningstest|\bharjoitus|\blatihan\b|учебн\w+ тревог|\bучения\b|тренировк|\bтест\b|δοκιμ|ασκηση|"
    r"測試|测试|演習|演习|演練|演练|訓練|テスト|اختبار|تمرين|תרגיל"
)
"""In an event, a headline, an identifier or a note."""
_SENTENCES = re.compile(
    r"this is (?:only )?(?:a|an) (?:\w+ )?(?:test|drill|exercise)\b|\bonly a test\b|"
    r"for test(?:ing)? (?:and \w+ )?purposes|"
    r"test message|message (?:de test|d.essai|d.exercice)\b|(?:cadre|occasion) d.un exercice\b|scenario fictif|"
    r"fictional scenario|as part of (?:a|an) (?:\w+ )?(?:exercise|drill)\b|"
    r"ceci est un (?:test|exercice|essai)|c.est (?:l.epreuve|un exercice|un test)|a titre d.exercice|"
    r"pour (?:les|des) buts? d.essai|exercice seulement|"
    r"dies ist (?:nur )?(?:ein|eine) (?:test|probe|ubung)|probealarm|probewarnung|sirenentest|warntag|"
    r"esto es (?:una prueba|un simulacro)|isto e um (?:teste|simulado)|questo e un test|dit is een (?:test|oefening)|"
    r"\bexercise exercise\b|no action is required.{0,40}\btest\b"
)  # fmt: skip
"""In a description or instruction, where the bare words mean other things: “exercise caution”, “water tests”."""


_LABEL = re.compile(
    r"^\W{0,9}(?:test|essai|exercice|exercise|drill|simulacro|ubung)\s?[\])*:.!/–—-]|"
    r"[\[(*]\s?(?:test|essai|exercice|exercise|drill|simulacro|ubung)\s?[\])*]"
)
"""At the beginning of a description or instruction, or between brackets in it: “[TEST] …”, “Exercice : …”."""
_CAPITALS = re.compile(r"\b(?:TEST|ESSAI|EXERCICE|EXERCISE|SIMULACRO|ÜBUNG)\b")
"""In a description or instruction that is not all in capitals."""
_NAME = re.compile(r"(?:^|[^a-z])(?:tests?|testing|exercise|exercice|essai|drill|uebung|simulacro)(?:[^a-z]|$)")
"""In an identifier, a code, or the name of a sender, source or incident."""
_END = re.compile(
    r"\bfin (?:de l.|d.)alerte\b|\bfin de (?:la )?(?:vigilance|mise en garde)\b|\b(?:levee|fin) du confinement\b|"
    r"\balerte levee\b|\bfin d.evenement\b|"
    r"\ball.?clear\b|\bcancell?ed\b|\bcancellation\b|\bno longer in (?:effect|force)\b|\bhas (?:ended|expired)\b|"
    r"\bentwarnung\b|\baufgehoben\b|\beinde (?:alarm|waarschuwing)|\bcessat[oa] (?:allarme|allerta)|"
    r"\bfin de (?:la )?alerta\b|\bfaran ar over\b|\bfare over\b"
)
"""Words of an end, in an event or headline; of descriptions they are often a part that is over."""
_TEST_PRODUCT = re.compile(r"/T\.[A-Z]{3}\.[A-Z]{4}\.[A-Z]{2}\.")
"""The class of a test product in the event codes (VTEC) of the American weather service."""


def is_proven_test(info: CapInfo) -> bool:
    """Return whether an info says by its event or an event code that it is a test."""
    return (
        folded_name(info.event or "") in _TEST_EVENTS
        or any(
            code.value.strip().upper() in _TEST_CODES or folded_name(code.value) in ("test", "testmessage")
            for code in info.event_codes
        )
        or any(_TEST_PRODUCT.search(each.value) for each in info.parameters)
    )


def looks_like_test(alert: CapAlert, info: CapInfo) -> bool:
    """Return whether the words of a message are those of a test: a person has to look at it then."""
    short = (info.event, info.headline, alert.note)
    if is_proven_test(info) or any(_WORDS.search(_plain(text)) for text in short if text):
        return True
    names = (alert.identifier, alert.sender, info.sender_name, alert.source, alert.incidents, *alert.codes)
    if any(_NAME.search((name or "").lower()) for name in names):
        return True
    long = [text[:5_000] for text in (info.description, info.instruction) if text]
    if any(_CAPITALS.search(text) and sum(map(str.islower, text)) > sum(map(str.isupper, text)) for text in long):
        return True
    return any(_SENTENCES.search(text) or _LABEL.search(text) for text in map(_plain, long))


def looks_like_end(info: CapInfo) -> bool:
    """Return whether an event or headline says that a warning is over: it may be no warning, or one that goes on."""
    return any(_END.search(_plain(text)) for text in (info.event, info.headline) if text)


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text[:5_000].replace("’", "'")).casefold()
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())
