"""Sine and cosine of our own: those of the system's library differ in the last digit from machine to machine."""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Of the Taylor series, from the last to the first; exact to float64 between -pi/4 and pi/4.
SINE = (-1 / 1307674368000, 1 / 6227020800, -1 / 39916800, 1 / 362880, -1 / 5040, 1 / 120, -1 / 6)
COSINE = (1 / 20922789888000, -1 / 87178291200, 1 / 479001600, -1 / 3628800, 1 / 40320, -1 / 720, 1 / 24, -1 / 2)
QUARTER = math.pi / 2


def sine_cosine(angle: float) -> tuple[float, float]:
    """Of an angle in radians."""
    quarters = math.floor(angle / QUARTER + 0.5)
    rest = angle - quarters * QUARTER
    square = rest * rest
    sine = cosine = 0.0
    for factor in SINE:
        sine = (sine + factor) * square
    for factor in COSINE:
        cosine = (cosine + factor) * square
    sine, cosine = rest + rest * sine, 1 + cosine
    return ((sine, cosine), (cosine, -sine), (-sine, -cosine), (-cosine, sine))[quarters % 4]


def sine_cosine_of_degrees(degrees: float) -> tuple[float, float]:
    return sine_cosine(degrees * (math.pi / 180))


def sines_cosines(angles: Floats) -> tuple[Floats, Floats]:
    """Of many angles in radians, the same numbers as of each alone."""
    quarters = np.floor(angles / QUARTER + 0.5)
    rest = angles - quarters * QUARTER
    square = rest * rest
    sine, cosine = np.zeros_like(rest), np.zeros_like(rest)
    for factor in SINE:
        sine = (sine + factor) * square
    for factor in COSINE:
        cosine = (cosine + factor) * square
    sine, cosine = rest + rest * sine, 1 + cosine
    turn = quarters.astype(np.int64) % 4
    return np.choose(turn, [sine, cosine, -sine, -cosine]), np.choose(turn, [cosine, -sine, -cosine, sine])
