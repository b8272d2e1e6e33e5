"""Days as people write them: “lundi 23 novembre”, “1er décembre”, “23/11/26”, “du 23 au 27 novembre”.

The names of months and weekdays are those of the languages of the European Union (and of Basque and Catalan) in the
Unicode CLDR, short and long, without accents. Names that mean different months in different languages are left out.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator

MAX_LENGTH = 80
"""Characters of a text that is looked at: no date is longer."""
_MONTH_NAMES = (
    "ene enero gen gener gennaio ian ianuarie jaan jaanuar jan janeiro januar januara januari january janv "
    "janvaris janvier led leden ledna saus sausio sausis sij sijecanj sijecnja sty styczen stycznia tammi "
    "tammikuu tammikuuta urt urtarrila ιαν ιανουαριοσ ιανουαριου яну януари | feb febbraio febr febrer febrero "
    "februar februara februari februarie februaris february fev fevereiro fevr fevrier helmi helmikuu helmikuuta "
    "lut lutego luty ots otsaila uno unor unora vas vasario vasaris veebr veebruar velj veljaca veljace φεβ "
    "φεβρουαριοσ φεβρουαριου фев февруари | bre brezen brezna kov kovas kovo maalis maaliskuu maaliskuuta maart "
    "mar marc march marca marcius marco marec mars martie marts martxoa marz marzec marzo mrt ozu ozujak ozujka "
    "μαρ μαρτιοσ μαρτιου март | abr abril api apirila apr april aprila aprile aprilie aprilis aprill avr avril "
    "bal balandis balandzio dub duben dubna huhti huhtikuu huhtikuuta kwi kwiecien kwietnia tra travanj travnja "
    "απρ απριλιοσ απριλιου апр април | geg geguze geguzes kve kveten kvetna mag maggio mai maiatza maig maijs "
    "maio maj maja majus may mayo mei mej svi svibanj svibnja touko toukokuu toukokuuta μαι μαιοσ μαιου маи | "
    "birz birzelio birzelis cerven cervna cvn cze czerwca czerwiec eka ekaina giu giugno iun iunie juin jun juna "
    "june junho juni junij junijs junio junius juny juuni kesa kesakuu kesakuuta lipanj lipnja ιουν ιουνιοσ "
    "ιουνιου юни | cervence cervenec cvc heina heinakuu heinakuuta iul iulie juil juill juillet jul jula julho "
    "juli julij julijs julio juliol julius july juuli liep liepa liepos lipca lipiec lug luglio srpanj srpnja uzt "
    "uztaila ιουλ ιουλιοσ ιουλιου юли | abu abuztua ag ago agost agosto aou aout aug august augusta augusti "
    "augusts augustus augusztus avg avgust elo elokuu elokuuta kol kolovoz kolovoza rugp rugpjucio rugpjutis sie "
    "sierpien sierpnia srpen srpna αυγ αυγουστοσ αυγουστου авг август | ira iraila rugs rugsejis rugsejo ruj "
    "rujan rujna sep sept september septembra septembre septembrie septembris septiembre set setembre setembro "
    "settembre syys syyskuu syyskuuta szept szeptember wrz wrzesien wrzesnia zar zari σεπ σεπτεμβριοσ σεπτεμβριου "
    "сеп септември | loka lokakuu lokakuuta oct october octobre octombrie octubre okt oktober oktobra oktobris "
    "oktoober ott ottobre out outubro paz pazdziernik pazdziernika rij rijen rijna spal spalio spalis urr urria "
    "οκτ οκτωβριοσ οκτωβριου окт октомври | aza azaroa lapkr lapkricio lapkritis listopadu marras marraskuu "
    "marraskuuta noiembrie nov november novembra novembre novembris novembro noviembre stu studeni studenoga νοε "
    "νοεμβριοσ νοεμβριου ное ноември | abe abendua dec december decembra decembre decembrie decembris des "
    "desembre dets detsember dez dezember dezembro dic dicembre diciembre gru grudnia grudzien gruod gruodis "
    "gruodzio joulu joulukuu joulukuuta pro prosinac prosinca prosince prosinec δεκ δεκεμβριοσ δεκεμβριου дек "
    "декември"
)
_WEEKDAY_NAMES = (
    "dilluns hetfo lu lun lundi lunedi lunes luni maandag mandag mo mon monday montag pondeli poniedziałek | "
    "dienstag dimarts dinsdag mar mardi martedi martes marti ti tirsdag tisdag tue tues tuesday | dimecres me mer "
    "mercoledi mercredi mi mie miercoles miercuri mittwoch onsdag wed wednesday woensdag | dijous donderdag "
    "donnerstag gio giovedi je jeu jeudi joi jue jueves thu thur thurs thursday torsdag | divendres fr fre fredag "
    "freitag fri friday ve ven vendredi venerdi vie viernes vineri vrijdag | dissabte lordag sa sab sabado sabato "
    "sam samedi samstag sambata sat saturday zaterdag | di dim dimanche diumenge dom domenica domingo duminica "
    "son sondag sonntag su sun sunday zondag"
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES.split("|"), 1) for name in names.split()}
_WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAY_NAMES.split("|")) for name in names.split()}
_NUMERIC = r"(?P<d>\d{1,2}) ?(?P<sep>[/.-]) ?(?P<m>\d{1,2})(?: ?(?P=sep) ?(?P<y>\d{4}|\d{2}))?(?P<dot>\.)?"
_WORDED = (
    r"(?P<d>\d{1,2})(?:er|e|st|nd|rd|th|o|\.)?[ -]?(?:de |d')?(?P<name>[^\W\d_]{2,12})\.?"
    r"(?:,? ?-?(?:de )?(?P<y>\d{4}|'?\d{2}))?"
)
_TIME = (
    r"(?:[,;]| -| a| at| um)? ?"
    r"(?:\d{1,2} ?[:h.] ?\d{0,2}(?::\d{2})?(?: ?(?:min|h|uhr|am|pm))?(?: ?(?:-|a|et|/) ?)?){0,2}"
)
_FORMS = tuple(
    re.compile(form + _TIME)
    for form in (
        r"(?P<y>\d{4})(?P<sep>[-/.])(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})(?:t[\d:.]+(?:z|[+-]\d\d:?\d\d)?)?",
        _NUMERIC,
        _WORDED,
        r"(?P<name>[^\W\d_]{3,12})\.? (?P<d>\d{1,2})(?:st|nd|rd|th)?(?:,? (?P<y>\d{4}))?",
    )
)
_LEAD = re.compile(r"(?:(?:le|the|semaine|week|du|of) )*(?P<weekday>[^\W\d_]{2,12})?\.?,? ?(?P<rest>.*)")
_RANGE = re.compile(r"(?P<first>.{1,40}?)(?: ?(?:-|\u2013|\u2014) ?| (?:au|et|a|to|bis|and) (?:le )?)(?P<last>.{3,40})")


def fold_text(text: str) -> str:
    """Return a text for comparison: without case, accents and special forms of letters and spaces."""
    flat = unicodedata.normalize("NFKD", text[:MAX_LENGTH].replace("\u2019", "'"))
    return " ".join("".join(letter for letter in flat if not unicodedata.combining(letter)).casefold().split())


def month_number(name: str) -> int | None:
    """Return the month from 1 that a word names, long or short and with or without a point; None: it names none."""
    return _MONTHS.get(fold_text(name).rstrip("."))


def weekday_number(name: str) -> int | None:
    """Return the weekday from 0, Monday, that a word names; None: it names none."""
    return _WEEKDAYS.get(fold_text(name).strip(" .,"))


def parse_days(text: str, today: dt.date) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day that a text names, or None if it is no date.

    A date may have a weekday before it and a time after it. Numbers are day, month, year; two figures of a year are
    of this century up to 69. Without a year the one that brings the day nearest to today is meant, and of those the one
    in which the weekday fits.

    Args:
        text: The whole text is the date: what only contains one is no date.
        today: The day on which it is read.
    """
    plain = fold_text(text.replace("(", " ").replace(")", " ")).rstrip(" :;,") if len(text) <= MAX_LENGTH else ""
    if day := _parse_day(plain, today):
        return day, day
    for found in _range_ends(plain):
        last = _parse_day(found[1], today)
        first = last and _first_of_range(found[0], last)
        if first and last and first <= last:
            return first, last
    return None


def _range_ends(plain: str) -> Iterator[tuple[str, str]]:
    found = _RANGE.fullmatch(plain)
    if found:
        yield found["first"], found["last"]


def _first_of_range(text: str, last: dt.date) -> dt.date | None:
    """Return the first day of a range: its month and year may be those of the last one (“du 23 au 27 novembre”)."""
    lead = _LEAD.fullmatch(text)
    number = lead["rest"].removesuffix("er").strip() if lead and _is_lead(lead) else ""
    if number.isdecimal() and len(number) <= 2:
        return _day_of(last.year, last.month, int(number))
    first = _parse_day(text, last)
    return first.replace(year=first.year - 1) if first and first > last and first.day < 29 else first


def _parse_day(plain: str, today: dt.date) -> dt.date | None:
    lead = _LEAD.fullmatch(plain)
    candidates: list[tuple[str, int | None]] = [(plain, None)]
    if lead and lead["weekday"] and _is_lead(lead):
        candidates.append((lead["rest"], _WEEKDAYS[lead["weekday"]]))
    elif lead and not lead["weekday"]:
        candidates.append((lead["rest"], None))
    for rest, weekday in candidates:
        number = rest.removesuffix("er")
        if weekday is not None and number.isdecimal() and len(number) <= 2:
            return _numbered_weekday(int(number), weekday, today)
        for form in _FORMS:
            found = form.fullmatch(rest)
            if found and (day := _day_of_match(found, weekday, today)):
                return day
    return None


def _is_lead(lead: re.Match[str]) -> bool:
    return lead["weekday"] is None or lead["weekday"] in _WEEKDAYS


def _day_of_match(found: re.Match[str], weekday: int | None, today: dt.date) -> dt.date | None:
    parts = found.groupdict()
    month = _MONTHS.get(parts["name"]) if parts.get("name") else int(parts["m"])
    if month is None:
        return None
    day, year = int(parts["d"]), parts["y"]
    if year is not None:
        number = int(year.lstrip("'"))
        return _day_of(number if len(year) == 4 else number + (2000 if number < 70 else 1900), month, day)
    if "name" not in parts or parts["name"] is None:
        # “10-12” may be hours or ages, “9.30” a time: without a year only what cannot be anything else is a date.
        is_plain = weekday is None and not (parts["sep"] == "/" and len(parts["d"]) == len(parts["m"]) == 2)
        if is_plain and not (parts["sep"] == "." and parts["dot"]):
            return None
    return _nearest_day(month, day, weekday, today)


def _nearest_day(month: int, day: int, weekday: int | None, today: dt.date) -> dt.date | None:
    years = (today.year - 1, today.year, today.year + 1)
    known = [found for year in years if (found := _day_of(year, month, day))]
    fitting = [found for found in known if weekday is None or found.weekday() == weekday] or known
    return min(fitting, key=lambda found: abs(found - today), default=None)


def _numbered_weekday(day: int, weekday: int, today: dt.date) -> dt.date | None:
    """Return the day nearest to today that has a number in its month and a weekday (“lundi 23”)."""
    if not 1 < today.year < 9999:
        return None
    days = (today + dt.timedelta(away) for away in sorted(range(-45, 46), key=abs))
    return next((found for found in days if (found.day, found.weekday()) == (day, weekday)), None)


def _day_of(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
