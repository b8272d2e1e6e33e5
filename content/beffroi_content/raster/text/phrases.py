"""Phrases of alerts that no editor writes, in the languages in which alerts may be written.

Breton, Corsican and Alsatian have those of French, on pages of which the text is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass

from beffroi_content.languages import LANGUAGES
from beffroi_content.model import AlertLevel, AlertStatus
from beffroi_content.raster.text.typography import capital_letters


@dataclass(frozen=True, slots=True)
class AlertPhrases:
    """What a page of an alert says by itself in one language."""

    levels: str
    """Names of the levels, from the mildest, with ``/`` between them."""
    exercise: str
    """The word of an exercise and its sentence, with ``/`` between them."""
    test: str
    all_clear: str
    since: str
    rest: str
    """Where the rest is told."""
    follow: str
    over: str
    corrected: str
    open: str
    """What stands for the end of an alert that lasts until somebody ends it."""
    open_short: str
    until: str
    """The end on the day of issue."""
    until_day: str
    """The end on a later day. Where a language declines the day, a colon keeps it as it is."""


_PHRASES = {
    "fr": AlertPhrases(
        "Information/Attention/Alerte/Urgence",
        "EXERCICE/Ceci est un exercice, il n’y a aucun danger",
        "TEST/Ceci est un essai technique, il n’y a aucun danger",
        "Fin d’alerte", "depuis {time}", "La suite : {place}", "Suivez les consignes : {source}", "C’est terminé",
        "corrigé à {time}", "jusqu’à nouvel ordre", "→ nouvel ordre", "jusqu’à {time}", "jusqu’au {day} à {time}",
    ),
    "en": AlertPhrases(
        "Information/Caution/Alert/Emergency",
        "EXERCISE/This is an exercise, there is no danger",
        "TEST/This is a technical test, there is no danger",
        "End of alert", "since {time}", "The rest: {place}", "Follow the instructions of {source}", "It is over",
        "corrected {time}", "until further notice", "→ further notice", "until {time}", "until {day}, {time}",
    ),
    "de": AlertPhrases(
        "Information/Achtung/Warnung/Notfall",
        "ÜBUNG/Dies ist eine Übung, es besteht keine Gefahr",
        "TEST/Dies ist ein technischer Test, es besteht keine Gefahr",
        "Entwarnung", "seit {time}", "Mehr: {place}", "Folgen Sie den Anweisungen: {source}", "Es ist vorbei",
        "korrigiert {time}", "bis auf Weiteres", "→ auf Weiteres", "bis {time}", "bis {day}, {time}",
    ),
    "es": AlertPhrases(
        "Información/Atención/Alerta/Emergencia",
        "SIMULACRO/Esto es un simulacro, no hay ningún peligro",
        "PRUEBA/Esto es una prueba técnica, no hay ningún peligro",
        "Fin de alerta", "desde las {time}", "Más: {place}", "Siga las instrucciones: {source}", "Ha terminado",
        "corregido {time}", "hasta nuevo aviso", "→ nuevo aviso", "hasta las {time}", "hasta el {day}, {time}",
    ),
    "it": AlertPhrases(
        "Avviso/Attenzione/Allerta/Emergenza",
        "ESERCITAZIONE/Questa è un’esercitazione, non c’è alcun pericolo",
        "TEST/Questa è una prova tecnica, non c’è alcun pericolo",
        "Fine allerta", "dalle {time}", "Altro: {place}", "Seguite le istruzioni: {source}", "È finito",
        "corretto {time}", "fino a nuovo avviso", "→ nuovo avviso", "fino alle {time}", "fino a {day}, {time}",
    ),
    "nl": AlertPhrases(
        "Informatie/Let op/Alarm/Noodgeval",
        "OEFENING/Dit is een oefening, er is geen gevaar",
        "TEST/Dit is een technische test, er is geen gevaar",
        "Einde alarm", "sinds {time}", "Meer: {place}", "Volg de instructies: {source}", "Het is voorbij",
        "gecorrigeerd {time}", "tot nader order", "→ nader order", "tot {time}", "tot {day}, {time}",
    ),
    "pt": AlertPhrases(
        "Informação/Atenção/Alerta/Emergência",
        "EXERCÍCIO/Isto é um exercício, não há perigo",
        "TESTE/Isto é um teste técnico, não há perigo",
        "Fim do alerta", "desde as {time}", "Mais: {place}", "Siga as instruções: {source}", "Terminou",
        "corrigido {time}", "até nova ordem", "→ nova ordem", "até às {time}", "até {day}, {time}",
    ),
    "lb": AlertPhrases(
        "Informatioun/Opgepasst/Alarm/Noutfall",
        "ÜBUNG/Dëst ass eng Übung, et besteet keng Gefor",
        "TEST/Dëst ass en techneschen Test, et besteet keng Gefor",
        "Enn vum Alarm", "zënter {time}", "Méi: {place}", "Befollegt d’Uweisungen: {source}", "Et ass eriwwer",
        "korrigéiert {time}", "bis op Weideres", "→ op Weideres", "bis {time}", "bis {day}, {time}",
    ),
    "ar": AlertPhrases(
        "معلومات/تنبيه/إنذار/طوارئ",
        "تمرين/هذا تمرين، لا يوجد أي خطر",
        "اختبار/هذا اختبار تقني، لا يوجد أي خطر",
        "انتهاء الإنذار", "منذ {time}", "المزيد: {place}", "اتبعوا تعليمات {source}", "انتهى الأمر",
        "تصحيح {time}", "حتى إشعار آخر", "حتى إشعار آخر", "حتى {time}", "حتى {day}، {time}",
    ),
    "uk": AlertPhrases(
        "Інформація/Увага/Тривога/Небезпека",
        "НАВЧАННЯ/Це навчання, небезпеки немає",
        "ТЕСТ/Це технічна перевірка, небезпеки немає",
        "Відбій", "з {time}", "Докладніше: {place}", "Виконуйте вказівки: {source}", "Небезпека минула",
        "виправлено {time}", "до відбою", "до відбою", "до {time}", "до: {day}, {time}",
    ),
    "ru": AlertPhrases(
        "Информация/Внимание/Тревога/Опасность",
        "УЧЕНИЯ/Это учения, опасности нет",
        "ТЕСТ/Это техническая проверка, опасности нет",
        "Отбой", "с {time}", "Подробнее: {place}", "Следуйте указаниям: {source}", "Опасность миновала",
        "исправлено {time}", "до отбоя", "до отбоя", "до {time}", "до: {day}, {time}",
    ),
    "tr": AlertPhrases(
        "Bilgi/Dikkat/Alarm/Acil durum",
        "TATBİKAT/Bu bir tatbikattır, tehlike yoktur",
        "TEST/Bu bir teknik testtir, tehlike yoktur",
        "Alarm bitti", "{time} itibarıyla", "Devamı: {place}", "Talimatlara uyun: {source}", "Tehlike geçti",
        "düzeltildi {time}", "yeni duyuruya kadar", "→ yeni duyuru", "{time} saatine kadar",
        "{day}, {time} saatine kadar",
    ),
    "pl": AlertPhrases(
        "Informacja/Uwaga/Alarm/Zagrożenie",
        "ĆWICZENIA/To są ćwiczenia, nie ma zagrożenia",
        "TEST/To jest test techniczny, nie ma zagrożenia",
        "Koniec alarmu", "od {time}", "Więcej: {place}", "Stosuj się do poleceń: {source}", "Zagrożenie minęło",
        "poprawiono {time}", "do odwołania", "do odwołania", "do {time}", "do: {day}, {time}",
    ),
    "ro": AlertPhrases(
        "Informare/Atenție/Alertă/Urgență",
        "EXERCIȚIU/Acesta este un exercițiu, nu există niciun pericol",
        "TEST/Acesta este un test tehnic, nu există niciun pericol",
        "Sfârșit alertă", "de la {time}", "Mai mult: {place}", "Urmați instrucțiunile: {source}", "S-a încheiat",
        "corectat {time}", "până la noi dispoziții", "→ noi dispoziții", "până la {time}", "până {day}, {time}",
    ),
    "sq": AlertPhrases(
        "Informacion/Kujdes/Alarm/Emergjencë",
        "STËRVITJE/Kjo është stërvitje, nuk ka rrezik",
        "PROVË/Kjo është provë teknike, nuk ka rrezik",
        "Fund alarmi", "që nga ora {time}", "Më shumë: {place}", "Ndiqni udhëzimet: {source}", "Rreziku kaloi",
        "korrigjuar {time}", "deri në njoftim tjetër", "→ njoftim tjetër", "deri në orën {time}",
        "deri {day}, {time}",
    ),
    "el": AlertPhrases(
        "Ενημέρωση/Προσοχή/Συναγερμός/Επείγον",
        "ΑΣΚΗΣΗ/Αυτό είναι άσκηση, δεν υπάρχει κίνδυνος",
        "ΔΟΚΙΜΗ/Αυτή είναι τεχνική δοκιμή, δεν υπάρχει κίνδυνος",
        "Λήξη κινδύνου", "από τις {time}", "Περισσότερα: {place}", "Ακολουθήστε τις οδηγίες: {source}",
        "Ο κίνδυνος πέρασε", "διορθώθηκε {time}", "μέχρι νεωτέρας", "→ νεωτέρας", "έως {time}", "έως {day}, {time}",
    ),
    "cs": AlertPhrases(
        "Informace/Pozor/Výstraha/Nebezpečí",
        "CVIČENÍ/Toto je cvičení, nehrozí žádné nebezpečí",
        "TEST/Toto je technická zkouška, nehrozí žádné nebezpečí",
        "Konec výstrahy", "od {time}", "Více: {place}", "Řiďte se pokyny: {source}", "Nebezpečí pominulo",
        "opraveno {time}", "do odvolání", "do odvolání", "do {time}", "do: {day}, {time}",
    ),
    "da": AlertPhrases(
        "Information/Pas på/Advarsel/Akut fare",
        "ØVELSE/Dette er en øvelse, der er ingen fare",
        "PRØVE/Dette er en teknisk prøve, der er ingen fare",
        "Faren er ovre", "siden {time}", "Mere: {place}", "Følg anvisningerne: {source}", "Det er slut",
        "rettet {time}", "indtil videre", "indtil videre", "indtil {time}", "indtil {day}, {time}",
    ),
    "sv": AlertPhrases(
        "Information/Se upp/Varning/Akut fara",
        "ÖVNING/Detta är en övning, det är ingen fara",
        "TEST/Detta är ett tekniskt test, det är ingen fara",
        "Faran över", "sedan {time}", "Mer: {place}", "Följ anvisningarna: {source}", "Det är över",
        "rättad {time}", "tills vidare", "tills vidare", "till {time}", "till {day}, {time}",
    ),
    "he": AlertPhrases(
        "מידע/זהירות/התרעה/חירום",
        "תרגיל/זהו תרגיל, אין כל סכנה",
        "בדיקה/זוהי בדיקה טכנית, אין כל סכנה",
        "סוף ההתרעה", "מאז {time}", "המשך: {place}", "פעלו לפי ההנחיות: {source}", "האירוע הסתיים",
        "תוקן {time}", "עד להודעה חדשה", "עד להודעה חדשה", "עד {time}", "עד {day}, {time}",
    ),
    "vi": AlertPhrases(
        "Thông tin/Chú ý/Cảnh báo/Khẩn cấp",
        "DIỄN TẬP/Đây là diễn tập, không có nguy hiểm",
        "THỬ NGHIỆM/Đây là thử nghiệm kỹ thuật, không có nguy hiểm",
        "Hết cảnh báo", "từ {time}", "Xem thêm: {place}", "Làm theo hướng dẫn: {source}", "Đã kết thúc",
        "đã sửa {time}", "đến khi có tin mới", "→ tin mới", "đến {time}", "đến {day}, {time}",
    ),
    "oc": AlertPhrases(
        "Informacion/Atencion/Alèrta/Urgéncia",
        "EXERCICI/Aquò’s un exercici, i a pas cap de dangièr",
        "ASSAG/Aquò’s un assag tecnic, i a pas cap de dangièr",
        "Fin d’alèrta", "dempuèi {time}", "Mai: {place}", "Seguissètz las consignas: {source}", "Es acabat",
        "corregit {time}", "fins a novèl òrdre", "→ novèl òrdre", "fins a {time}", "fins a {day}, {time}",
    ),
    "eu": AlertPhrases(
        "Informazioa/Kontuz/Alerta/Larrialdia",
        "SIMULAKROA/Simulakro bat da, ez dago arriskurik",
        "PROBA/Proba tekniko bat da, ez dago arriskurik",
        "Alerta amaia", "noiztik: {time}", "Gehiago: {place}", "Bete jarraibideak: {source}", "Amaitu da",
        "zuzenduta {time}", "jakinarazi arte", "jakinarazi arte", "{time} arte", "{day}, {time} arte",
    ),
    "ca": AlertPhrases(
        "Informació/Atenció/Alerta/Emergència",
        "SIMULACRE/Això és un simulacre, no hi ha cap perill",
        "PROVA/Això és una prova tècnica, no hi ha cap perill",
        "Fi de l’alerta", "des de les {time}", "Més: {place}", "Seguiu les instruccions: {source}", "S’ha acabat",
        "corregit {time}", "fins a nou avís", "→ nou avís", "fins a les {time}", "fins {day}, {time}",
    ),
}  # fmt: skip


_ONE_O_CLOCK = {"ca": ("les 1:", "la 1:"), "es": ("las 1:", "la 1:"), "it": ("lle 1:", "ll’1:"), "pt": ("s 1:", " 1:")}
"""Article of the hours from two on, and that of one o'clock."""


def phrase_at(form: str, time: str, locale: str) -> str:
    """Return a phrase with its time: ``hasta las 18:30``, ``hasta la 1:30``."""
    return form.format(time=time).replace(*_ONE_O_CLOCK.get(locale, ("", "")))


def level_name(level: AlertLevel, locale: str) -> str:
    """Return the name of a level, such as “ALERTE”."""
    return capital_letters(phrases_of(locale).levels.split("/")[level.rank], locale)


def status_phrases(status: AlertStatus, locale: str) -> tuple[str, str]:
    """Return the word of an exercise or a test and its sentence; two empty texts for an actual alert."""
    if status is AlertStatus.ACTUAL:
        return "", ""
    known = phrases_of(locale)
    word, sentence = (known.exercise if status is AlertStatus.EXERCISE else known.test).split("/")
    return word, sentence


def phrases_of(locale: str) -> AlertPhrases:
    """Return the phrases of a language; those of French for a regional one without its own, of English for others."""
    known = LANGUAGES.get(locale)
    return _PHRASES.get(locale) or _PHRASES["fr" if known is not None and known.is_regional else "en"]
