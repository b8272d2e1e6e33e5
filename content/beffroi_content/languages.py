"""Languages in which announcements may be written, and what is to be known of each: names, direction, status.

The letters of all of them are in the bundled fonts. The names of months and weekdays are in
:mod:`beffroi_content.raster.text.date_names`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Language:
    """A language: its name in itself, in English and in French."""

    own: str
    en: str
    fr: str
    is_right_to_left: bool = False
    is_regional: bool = False
    """True for a regional language of France (article 75-1 of the constitution): the law of 4 August 1994 on the French
    language leaves their use free (article 21), so the charter counts no translation into one of them."""

    def in_language(self, language: str) -> str:
        """Return the name for a language code of the operators' pages, such as ``fr``; English for any other."""
        return self.fr if language.split("-", maxsplit=1)[0] == "fr" else self.en


LANGUAGES = {
    "fr": Language("français", "French", "français"),
    "en": Language("English", "English", "anglais"),
    "de": Language("Deutsch", "German", "allemand"),
    "es": Language("español", "Spanish", "espagnol"),
    "it": Language("italiano", "Italian", "italien"),
    "nl": Language("Nederlands", "Dutch", "néerlandais"),
    "pt": Language("português", "Portuguese", "portugais"),
    "lb": Language("Lëtzebuergesch", "Luxembourgish", "luxembourgeois"),
    "ar": Language("العربية", "Arabic", "arabe", is_right_to_left=True),
    "uk": Language("українська", "Ukrainian", "ukrainien"),
    "ru": Language("русский", "Russian", "russe"),
    "tr": Language("Türkçe", "Turkish", "turc"),
    "pl": Language("polski", "Polish", "polonais"),
    "ro": Language("română", "Romanian", "roumain"),
    "sq": Language("shqip", "Albanian", "albanais"),
    "el": Language("ελληνικά", "Greek", "grec"),
    "cs": Language("čeština", "Czech", "tchèque"),
    "da": Language("dansk", "Danish", "danois"),
    "sv": Language("svenska", "Swedish", "suédois"),
    "he": Language("עברית", "Hebrew", "hébreu", is_right_to_left=True),
    "vi": Language("Tiếng Việt", "Vietnamese", "vietnamien"),
    "br": Language("brezhoneg", "Breton", "breton", is_regional=True),
    "oc": Language("occitan", "Occitan", "occitan", is_regional=True),
    "eu": Language("euskara", "Basque", "basque", is_regional=True),
    "ca": Language("català", "Catalan", "catalan", is_regional=True),
    "co": Language("corsu", "Corsican", "corse", is_regional=True),
    "gsw": Language("Elsässisch", "Alsatian", "alsacien", is_regional=True),
}
"""The languages by their codes of ISO 639, in the order in which forms offer them."""


def is_right_to_left(code: str) -> bool:
    """Tell whether a language is written from right to left; False for one that is not known."""
    return code in LANGUAGES and LANGUAGES[code].is_right_to_left
