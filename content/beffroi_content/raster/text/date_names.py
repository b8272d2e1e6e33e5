"""Names of months and weekdays, and the forms of dates, in the languages of announcements.

They follow the Unicode CLDR: months as they stand in a date, such as “grudnia”; a test compares them, and says where
they differ on purpose. A table of our own: the locale of the machine decides nothing, so that server and player draw
the same.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DateNames:
    """How a language writes a day."""

    weekdays: tuple[str, ...]
    """From Monday."""
    months: tuple[str, ...]
    short_weekdays: tuple[str, ...] = ()
    numeric: str = "{day}/{month}"
    """A day and its month in numbers, for where there is little room."""
    form: str = "{weekday} {number}\N{NO-BREAK SPACE}{month}"
    number: str = "{day}"
    """The number of the day within a date."""

    def month_phrase(self, month: int) -> str:
        """Return a month, from 1, as it stands within a date: “d’abril” in Catalan, where a date has “de” before it."""
        return self.months[month - 1]


@dataclass(frozen=True, slots=True)
class ElidedDateNames(DateNames):
    """How a language writes a day that says “12 de març” and “12 d’abril”."""

    preposition: str = "de"

    def month_phrase(self, month: int) -> str:
        """Return “de març” and “d’abril”."""
        name = self.months[month - 1]
        return f"d’{name}" if name[0] in "aeiou" else f"{self.preposition}\N{NO-BREAK SPACE}{name}"


def _names(
    weekdays: str, months: str, short_weekdays: str, kind: type[DateNames] = DateNames, **forms: str
) -> DateNames:
    return kind(_list(weekdays), _list(months), _list(short_weekdays), **forms)


def _list(words: str) -> tuple[str, ...]:
    # An underscore stands for the space within a name.
    return tuple(word.replace("_", " ") for word in words.split())


_POINT = "{day}.{month}."
_OF = "{weekday}, {number} de\N{NO-BREAK SPACE}{month}"
_COMMA = "{weekday}, {number}\N{NO-BREAK SPACE}{month}"

DATE_NAMES = {
    "fr": _names(
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "lun. mar. mer. jeu. ven. sam. dim.",
    ),
    "en": _names(
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        "January February March April May June July August September October November December",
        "Mon Tue Wed Thu Fri Sat Sun",
    ),
    "de": _names(
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "Mo. Di. Mi. Do. Fr. Sa. So.",
        numeric=_POINT, form=_COMMA, number="{day}.",
    ),
    "es": _names(
        "lunes martes miércoles jueves viernes sábado domingo",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "lun mar mié jue vie sáb dom",
        form=_OF,
    ),
    "it": _names(
        "lunedì martedì mercoledì giovedì venerdì sabato domenica",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
        "lun mar mer gio ven sab dom",
    ),
    "nl": _names(
        "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
        "januari februari maart april mei juni juli augustus september oktober november december",
        "ma di wo do vr za zo",
        numeric="{day}-{month}",
    ),
    "pt": _names(
        "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
        "seg. ter. qua. qui. sex. sáb. dom.",
        form=_OF,
    ),
    "lb": _names(
        "Méindeg Dënschdeg Mëttwoch Donneschdeg Freideg Samschdeg Sonndeg",
        "Januar Februar Mäerz Abrëll Mee Juni Juli August September Oktober November Dezember",
        "Méi. Dën. Mët. Don. Fre. Sam. Son.",
        numeric=_POINT, form=_COMMA, number="{day}.",
    ),
    "ar": _names(
        "الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد",
        "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
        "الاثنين الثلاثاء الأربعاء الخميس الجمعة السبت الأحد",
        form="{weekday}، {number}\N{NO-BREAK SPACE}{month}",
    ),
    "uk": _names(
        "понеділок вівторок середа четвер п’ятниця субота неділя",
        "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
        "пн вт ср чт пт сб нд",
        numeric="{day}.{month:02}", form=_COMMA,
    ),
    "ru": _names(
        "понедельник вторник среда четверг пятница суббота воскресенье",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "пн вт ср чт пт сб вс",
        numeric="{day}.{month:02}", form=_COMMA,
    ),
    "tr": _names(
        "Pazartesi Salı Çarşamba Perşembe Cuma Cumartesi Pazar",
        "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
        "Pzt Sal Çar Per Cum Cmt Paz",
        numeric="{day}.{month:02}", form="{number}\N{NO-BREAK SPACE}{month} {weekday}",
    ),
    "pl": _names(
        "poniedziałek wtorek środa czwartek piątek sobota niedziela",
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
        "pon. wt. śr. czw. pt. sob. niedz.",
        numeric="{day}.{month:02}", form=_COMMA,
    ),
    "ro": _names(
        "luni marți miercuri joi vineri sâmbătă duminică",
        "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
        "lun. mar. mie. joi vin. sâm. dum.",
        numeric="{day}.{month:02}", form=_COMMA,
    ),
    "sq": _names(
        "e_hënë e_martë e_mërkurë e_enjte e_premte e_shtunë e_diel",
        "janar shkurt mars prill maj qershor korrik gusht shtator tetor nëntor dhjetor",
        "hën mar mër enj pre sht die",
        numeric="{day}.{month}", form=_COMMA,
    ),
    "el": _names(
        "Δευτέρα Τρίτη Τετάρτη Πέμπτη Παρασκευή Σάββατο Κυριακή",
        "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου"
        " Δεκεμβρίου",
        "Δευ Τρί Τετ Πέμ Παρ Σάβ Κυρ",
    ),
    "cs": _names(
        "pondělí úterý středa čtvrtek pátek sobota neděle",
        "ledna února března dubna května června července srpna září října listopadu prosince",
        "po út st čt pá so ne",
        numeric="{day}.\N{NO-BREAK SPACE}{month}.", number="{day}.",
    ),
    "da": _names(
        "mandag tirsdag onsdag torsdag fredag lørdag søndag",
        "januar februar marts april maj juni juli august september oktober november december",
        "man. tirs. ons. tors. fre. lør. søn.",
        numeric="{day}.{month}", form="{weekday} den {number}\N{NO-BREAK SPACE}{month}", number="{day}.",
    ),
    "sv": _names(
        "måndag tisdag onsdag torsdag fredag lördag söndag",
        "januari februari mars april maj juni juli augusti september oktober november december",
        "mån tis ons tors fre lör sön",
    ),
    "he": _names(
        "יום_שני יום_שלישי יום_רביעי יום_חמישי יום_שישי יום_שבת יום_ראשון",
        "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר",
        "יום_ב׳ יום_ג׳ יום_ד׳ יום_ה׳ יום_ו׳ שבת יום_א׳",
        numeric="{day}.{month}", form="{weekday}, {number}\N{NO-BREAK SPACE}ב{month}",
    ),
    "vi": _names(
        "Thứ_Hai Thứ_Ba Thứ_Tư Thứ_Năm Thứ_Sáu Thứ_Bảy Chủ_Nhật",
        "tháng_1 tháng_2 tháng_3 tháng_4 tháng_5 tháng_6 tháng_7 tháng_8 tháng_9 tháng_10 tháng_11 tháng_12",
        "Th_2 Th_3 Th_4 Th_5 Th_6 Th_7 CN",
        form=_COMMA,
    ),
    "br": _names(
        "Lun Meurzh Merc’her Yaou Gwener Sadorn Sul",
        "Genver C’hwevrer Meurzh Ebrel Mae Mezheven Gouere Eost Gwengolo Here Du Kerzu",
        "Lun Meu. Mer. Yaou Gwe. Sad. Sul",
        form="{weekday} {number} a\N{NO-BREAK SPACE}viz {month}",
    ),
    "oc": _names(
        "diluns dimars dimècres dijòus divendres dissabte dimenge",
        "genièr febrièr març abril mai junh julhet agost setembre octòbre novembre decembre",
        "dl. dm. dc. dj. dv. ds. dg.",
        ElidedDateNames,
    ),
    "eu": _names(
        "astelehena asteartea asteazkena osteguna ostirala larunbata igandea",
        "urtarrilak otsailak martxoak apirilak maiatzak ekainak uztailak abuztuak irailak urriak azaroak abenduak",
        "al. ar. az. og. or. lr. ig.",
        numeric="{month}/{day}", form="{month}\N{NO-BREAK SPACE}{number}, {weekday}",
    ),
    "ca": _names(
        "dilluns dimarts dimecres dijous divendres dissabte diumenge",
        "gener febrer març abril maig juny juliol agost setembre octubre novembre desembre",
        "dl. dt. dc. dj. dv. ds. dg.",
        ElidedDateNames, form="{weekday}, {number} {month}",
    ),
    "co": _names(
        "luni marti mercuri ghjovi venneri sabbatu dumenica",
        "ghjennaghju ferraghju marzu aprile maghju ghjugnu lugliu aostu sittembre ottobre nuvembre dicembre",
        "lun. mar. mer. ghj. ven. sab. dum.",
        ElidedDateNames, preposition="di",
    ),
    "gsw": _names(
        "Mandi Zischdi Mittwuch Dunnerschdi Fridi Samschdi Sunndi",
        "Jänner Hornung März April Mai Juni Juli Auguscht Septamber Oktower Novamber Dezamber",
        "Ma. Zi. Mi. Du. Fr. Sa. Su.",
        numeric=_POINT, form=_COMMA, number="{day}.",
    ),
}  # fmt: skip
"""By code of language: all languages of :mod:`beffroi_content.languages`."""
