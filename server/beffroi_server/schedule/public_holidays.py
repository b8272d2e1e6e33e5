"""Public holidays of France, with those of its regions, as the State publishes them.

Source: the table of Etalab, https://github.com/etalab/jours-feries-france-data; the package ``holidays`` gives the days
of the whole country. Its own regions have days in excess of that table (Guadeloupe: three), so they are not asked.
"""

from __future__ import annotations

import datetime as dt

from dateutil.easter import easter

from beffroi_server.accounts.holiday_regions import HolidayRegion

_ABOLITION_OF_SLAVERY = {
    HolidayRegion.GUADELOUPE: (5, 27),
    HolidayRegion.GUYANE: (6, 10),
    HolidayRegion.REUNION: (12, 20),
    HolidayRegion.MARTINIQUE: (5, 22),
    HolidayRegion.MAYOTTE: (4, 27),
    HolidayRegion.SAINT_BARTHELEMY: (10, 9),
    HolidayRegion.SAINT_MARTIN: (5, 28),
}
"""Month and day (decree 83-1003)."""


def public_holidays(
    country: str, years: range, region: HolidayRegion = HolidayRegion.METROPOLE
) -> list[tuple[dt.date, dt.date]]:
    """Return the public holidays of a country in some years, as ranges of one day, in order.

    Args:
        country: ISO 3166-1, such as ``FR``.
        years: The years.
        region: Of France; other countries have none.
    """
    import holidays  # noqa: PLC0415 - its calendars are an eighth of what every command loads, and are asked once a year

    found = set(holidays.country_holidays(country, years=years))
    if country == "FR":
        for year in years:
            found.update(_days_of_region(region, year))
    return [(day, day) for day in sorted(found)]


def _days_of_region(region: HolidayRegion, year: int) -> list[dt.date]:
    if region is HolidayRegion.ALSACE_MOSELLE:
        return [easter(year) - dt.timedelta(days=2), dt.date(year, 12, 26)]
    return [dt.date(year, *_ABOLITION_OF_SLAVERY[region])] if region in _ABOLITION_OF_SLAVERY else []
