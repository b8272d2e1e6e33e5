"""Boxes around countries and French departments, wide enough: what is outside of them is certainly elsewhere."""

from __future__ import annotations

from beffroi_server.cap.messages import Point

Box = tuple[float, float, float, float]
"""South, north, west and east in degrees."""
_BOXES: dict[str, Box] = {
    "AT": (46, 49.3, 9, 17.5), "AU": (-55, -9, 96, 168), "BE": (49, 52, 2, 7), "CA": (41, 84, -142, -52),
    "CH": (45.5, 48, 5.5, 11), "CN": (17, 54, 73, 136), "CZ": (48, 51.5, 12, 19), "DE": (47, 55.5, 5.5, 15.5),
    "DK": (54, 58.5, 7, 16), "FI": (59, 70.5, 19, 32), "GB": (49, 62, -14, 3), "GR": (34, 42, 19, 30),
    "HR": (42, 47, 13, 20), "HU": (45.5, 49, 16, 23), "IE": (51, 56, -12, -5), "IL": (29, 34, 34, 36),
    "IT": (35, 47.5, 6, 19), "KZ": (40, 56, 46, 88), "LU": (49, 50.5, 5.5, 7), "NL": (50.5, 54, 3, 7.5),
    "NO": (57, 81, -10, 35), "PL": (48.5, 55, 14, 24.5), "PT": (29, 42.5, -32, -6), "RO": (43, 48.5, 20, 30),
    "SE": (55, 69.5, 10, 25), "TW": (20, 27, 116, 124),
}  # fmt: skip
"""Countries with land all over the world (FR, US, ES) have none."""
_OVERSEAS = {
    "971": (15.5, 18.5, -63.5, -60.5), "972": (14, 15.2, -61.6, -60.5), "973": (1.5, 6.5, -55, -51),
    "974": (-21.8, -20.5, 54.8, 56.2), "976": (-13.3, -12.3, 44.7, 45.6),
}  # fmt: skip
_METROPOLE = (41, 51.5, -5.6, 9.8)


def box_around(country: str, department: str) -> Box | None:
    """Return a box in which a town of a country and department certainly is, or None where no box is known."""
    if department:
        return _OVERSEAS.get(department, None if department.startswith(("97", "98")) else _METROPOLE)
    return _BOXES.get(country)


def is_certainly_outside(country: str, point: Point | None) -> bool:
    """Return whether a point is in another country; False where that is not certain."""
    box = _BOXES.get(country)
    if box is None or point is None:
        return False
    south, north, west, east = box
    return not (south <= point[0] <= north and west <= point[1] <= east)
