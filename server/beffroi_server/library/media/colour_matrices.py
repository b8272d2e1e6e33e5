"""Colour spaces by their chromaticities, and the matrices between them."""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float]
"""Chromaticity: x and y of CIE 1931."""
Matrix = Sequence[Sequence[float]]
_D65: Point = (0.3127, 0.3290)
PRIMARIES: dict[int, tuple[Point, Point, Point, Point]] = {
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), (0.310, 0.316)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
}
"""Chromaticities of red, green, blue and white by the number of ITU-T H.273, table 2; others are near those of sRGB."""
SRGB: tuple[Point, Point, Point, Point] = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65)
D50 = (0.9642, 1.0, 0.8249)
"""White of the space between profiles (ICC.1:2022, 7.2.16), as XYZ."""
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))


def to_xyz(points: Sequence[Point]) -> Matrix:
    """Return the matrix from values to XYZ under D50 (Bradford adaptation, ICC.1:2022, annex E)."""
    red, green, blue, white = (_xyz_of(point) for point in points)
    columns = tuple(zip(red, green, blue, strict=True))
    scale = apply(inverse(columns), white)
    matrix = [[value * factor for value, factor in zip(row, scale, strict=True)] for row in columns]
    sharp, wanted = apply(_BRADFORD, white), apply(_BRADFORD, D50)
    ratios = [[wanted[n] / sharp[n] if n == m else 0.0 for m in range(3)] for n in range(3)]
    return product(product(inverse(_BRADFORD), product(ratios, _BRADFORD)), matrix)


def _xyz_of(point: Point) -> tuple[float, float, float]:
    x, y = point
    return x / y, 1.0, (1 - x - y) / y


def apply(matrix: Matrix, vector: Sequence[float]) -> list[float]:
    """Return a matrix by a vector."""
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def product(left: Matrix, right: Matrix) -> list[list[float]]:
    """Return a matrix by a matrix."""
    columns = tuple(zip(*right, strict=True))
    return [[sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in left]


def inverse(m: Matrix) -> list[list[float]]:
    """Return the inverse of a matrix of three rows.

    Raises:
        ZeroDivisionError: it has none.
    """
    (a, b, c), (d, e, f), (g, h, i) = m
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    adjugate = ((e * i - f * h, c * h - b * i, b * f - c * e), (f * g - d * i, a * i - c * g, c * d - a * f),
                (d * h - e * g, b * g - a * h, a * e - b * d))  # fmt: skip
    return [[value / determinant for value in row] for row in adjugate]
