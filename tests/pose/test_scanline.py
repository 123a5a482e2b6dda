"""The rule by which the figure is filled, and the arithmetic under it."""

import math

import numpy as np
import pytest

from humandiffusion.errors import InputError
from humandiffusion.pose.drawing.angles import sine_cosine, sine_cosine_of_degrees, sines_cosines
from humandiffusion.pose.drawing.canvas import DETAIL, Canvas
from humandiffusion.pose.drawing.scanline import STEPS, outline_runs, tube_runs
from humandiffusion.pose.garments import Garment, cut, cut_names, garment_of

ROWS, COLUMNS = 40, 50


def filled(runs) -> np.ndarray:
    cells = np.zeros(ROWS * COLUMNS, bool)
    for start, end in zip(*runs, strict=True):
        cells[start:end] = True
    return cells.reshape(ROWS, COLUMNS)


def outline(*points: tuple[float, float]) -> np.ndarray:
    return filled(outline_runs(np.array(points) * STEPS, ROWS, COLUMNS))


def test_a_cell_is_filled_where_its_centre_is_inside() -> None:
    cells = outline((3.5, 2.5), (10.5, 2.5), (10.5, 7.5), (3.5, 7.5))
    wanted = np.zeros_like(cells)
    wanted[2:7, 3:10] = True
    assert np.array_equal(cells, wanted)


@pytest.mark.parametrize("seed", range(5))
def test_of_two_shapes_that_share_an_edge_each_cell_belongs_to_one(seed: int) -> None:
    middle = tuple(np.random.default_rng(seed).integers(0, 40 * int(STEPS), 2) / STEPS)
    corners = [(-5.0, -5.0), (60.0, -5.0), (60.0, 60.0), (-5.0, 60.0)]
    pieces = [outline(a, b, middle) for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)]
    assert np.array_equal(np.sum(pieces, 0), np.ones((ROWS, COLUMNS)))


@pytest.mark.parametrize("seed", range(8))
def test_an_outline_fills_what_it_winds_around(seed: int) -> None:
    points = np.random.default_rng(seed).integers(-8 * 1024, 60 * 1024, (9, 2)) / STEPS
    cells = outline(*map(tuple, points))
    for row in range(0, ROWS, 3):
        for column in range(0, COLUMNS, 3):
            assert cells[row, column] == (_winding(points, column + 0.5, row + 0.5) != 0)


def test_pieces_of_a_tube_are_one_and_are_cut_off_at_the_edges() -> None:
    square = np.array([[[-9.0, 5.0], [70.0, 5.0], [70.0, 9.0], [-9.0, 9.0]]]) * STEPS
    centres, radii = np.array([[25.0, 7.0], [25.0, -3.0]]) * STEPS, np.array([6.0, 2.0]) * STEPS
    cells = filled(tube_runs(square, centres, radii, ROWS, COLUMNS))
    y, x = np.mgrid[:ROWS, :COLUMNS] + 0.5
    wanted = ((y >= 5) & (y < 9)) | ((x - 25) ** 2 + (y - 7) ** 2 < 36)
    assert np.array_equal(cells, wanted)


def test_nothing_is_drawn_of_what_is_outside_or_empty() -> None:
    assert not outline((-9.0, 1.0), (-3.0, 1.0), (-3.0, 30.0)).any()
    assert not outline((4.0, 5.0), (9.0, 5.0), (30.0, 5.0)).any()
    canvas = Canvas((8, 8))
    canvas.disc((4.0, 4.0), -1.0, 3)
    canvas.tube([(90.0, 90.0), (99.0, 99.0)], [1.0, 2.0], 3)
    assert int(canvas.labels(0.4).max()) == 0


def test_the_canvas_has_a_cell_on_each_pixels_centre() -> None:
    canvas = Canvas((6, 6))
    canvas.disc((2.5, 3.5), 0.2, 7)
    labels = canvas.labels()
    assert DETAIL % 2 == 1 and labels[3, 2] == 7 and int((labels > 0).sum()) == 1


def test_sines_are_right_and_the_same_alone_and_together() -> None:
    angles = np.linspace(-40.0, 40.0, 997)
    sines, cosines = sines_cosines(angles)
    assert np.abs(sines - np.sin(angles)).max() < 1e-14 and np.abs(cosines - np.cos(angles)).max() < 1e-14
    alone = np.array([sine_cosine(float(angle)) for angle in angles])
    assert np.array_equal(alone, np.stack([sines, cosines], 1))
    assert sine_cosine_of_degrees(30.0)[0] == pytest.approx(0.5, abs=1e-15)


@pytest.mark.parametrize("name", cut_names())
def test_a_garment_of_json_is_the_cut_with_its_changes(name: str) -> None:
    assert garment_of({"cut": name}) == cut(name)
    assert garment_of({"cut": name, "ease": 0.01, "part": "rompers"}) == cut(name, ease=0.01, part="rompers")
    whole = cut(name)
    assert garment_of({"cut": name, **{f: getattr(whole, f) for f in Garment.__dataclass_fields__}}) == whole


@pytest.mark.parametrize(
    "wrong",
    [
        *({"cut": value} for value in ("toga", None, 3, ["dress"])),
        *({"cut": "dress", "hem": value} for value in ("low", None, True, math.nan, math.inf, 99, [1])),
        *({"cut": "dress", "part": value} for value in ("hovercraft", 0, 24, True, 1.5, [])),
        *({"cut": "hair-bob", "style": value} for value in ("mohawk", 3)),
        {"cut": "dress", "lenght": 2},
        {},
    ],
)
def test_a_damaged_garment_is_refused(wrong) -> None:
    with pytest.raises(InputError):
        garment_of(wrong)


def _winding(points: np.ndarray, x: float, y: float) -> int:
    turns = 0
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if (y0 <= y) != (y1 <= y) and x0 + (x1 - x0) * (y - y0) / (y1 - y0) <= x:
            turns += 1 if y1 > y0 else -1
    return turns
