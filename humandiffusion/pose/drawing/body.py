"""The body under the clothes: torso, limbs, hands, neck and face."""

from collections.abc import Sequence

from ...parts import FACE, SKIN
from ..garments import figure_data
from .angles import sine_cosine_of_degrees
from .canvas import Canvas
from .curves import rounded, smooth
from .frame import Frame, table
from .plane import Point, along, interpolate, spread, subtract, unit

STEPS = 14


def draw_torso(canvas: Canvas, frame: Frame) -> None:
    outline = torso_outline(frame, -0.11, 1.1, 0.0)
    canvas.polygon(smooth(outline, closed=True, corners=(0, len(outline) - 1)), SKIN)


def draw_neck(canvas: Canvas, frame: Frame) -> None:
    half = figure_data()["neck_half"] * frame.build["limbs"]
    path = [frame.head(0.0, 0.03), frame.spine(-0.08), frame.spine(-0.03)]
    canvas.tube(path, [half * 0.95 * frame.unit, half * frame.unit, half * frame.unit], SKIN)


def draw_face(canvas: Canvas, frame: Frame) -> None:
    """The face reaches down the throat, as it does in maps of parsed photos."""
    data = figure_data()
    half, turn = data["neck_half"] * 0.93 * frame.build["limbs"], frame.head_turn
    throat = [frame.head(0.0, 0.03), frame.head(0.0, data["throat"])]
    canvas.tube(throat, [half * frame.unit, half * 0.85 * frame.unit], FACE)
    canvas.polygon(head_outline(frame, data["face"], 0.007 * turn), FACE)


def draw_leg(canvas: Canvas, frame: Frame, side: int) -> None:
    leg_tube(canvas, frame, side, 1.0, 3.0, SKIN)


def draw_arm(canvas: Canvas, frame: Frame, side: int) -> None:
    arm_tube(canvas, frame, side, 1.0, 0.0, SKIN, end=True)


def draw_hand(canvas: Canvas, frame: Frame, side: int, bend: float, ease: float = 0.0, label: int = SKIN) -> None:
    """`bend`: degrees that the hand turns from the forearm's line, outwards from the body positive."""
    data, sign = figure_data()["hand"], frame.sign(side)
    wrist, elbow = frame.arm(side, 1.0), frame.arm(side, 0.5)
    pointing = turned(subtract(wrist, elbow), -bend * sign)
    path = [along(wrist, pointing, at * data["length"] * frame.unit) for at, _ in data["halves"]]
    halves = [(half + ease) * frame.unit * frame.build["limbs"] for _, half in data["halves"]]
    canvas.tube(path, halves, label, end=True)
    root = along(wrist, pointing, 0.012 * frame.unit)
    tip = along(root, turned(pointing, 38.0 * sign), data["thumb"] * frame.unit)
    canvas.tube([root, tip], [(0.008 + ease) * frame.unit, (0.0055 + ease) * frame.unit], label, end=True)


def draw_foot(
    canvas: Canvas, frame: Frame, side: int, angle: float, ease: float, label: int, *, begin: float | None = None
) -> None:
    """`angle`: degrees that the toes point outwards from straight at the viewer (drawn downwards); 80 is sideways.
    `begin`: the share of the foot's length from which on a shoe covers it; None draws a foot with its round heel."""
    data = figure_data()["foot"]
    ankle = frame.leg(side, 3.0)
    share = min(abs(angle) / 80.0, 1.0)
    reach = data["front"] + (data["side"] - data["front"]) * share
    # Seen from the side, the sole lies lower than the ankle by the foot's height; from the front the toes do that.
    shin = unit(subtract(ankle, frame.leg(side, 2.6)))
    down = (shin[0] * 0.35, shin[1] * 0.35 + 0.65)
    heel = along(ankle, down, 0.026 * share * frame.unit)
    sine, cosine = sine_cosine_of_degrees(angle * 0.9)
    pointing = (frame.sign(side) * sine, cosine)
    first = begin or 0.0
    rows = [(first, _foot_half(first)), *(row for row in data["halves"] if row[0] > first)]
    path = [along(heel, pointing, at * reach * frame.unit) for at, _ in rows]
    widths = [(half * (1 - 0.28 * share) + ease) * frame.unit for _, half in rows]
    canvas.tube(path, widths, label, start=begin is None, end=True)
    if share > 0.4 and first < 0.3:
        canvas.tube([ankle, heel], [widths[0], widths[0]], label, start=begin is None, end=True)


def _foot_half(at: float) -> float:
    """Half the width of a foot at a share of its length from the heel."""
    rows = figure_data()["foot"]["halves"]
    return interpolate(at, [row[0] for row in rows], [row[1] for row in rows])


def torso_outline(frame: Frame, top: float, bottom: float, ease: float) -> list[Point]:
    """From body length `top` to `bottom`, `ease` wider than the body: up the left of the picture, down the right."""
    rows = torso_rows(top, bottom)
    left = [frame.side(u, -(frame.torso_half(u) + ease)) for u in reversed(rows)]
    return [*left, *(frame.side(u, frame.torso_half(u) + ease) for u in rows)]


def torso_rows(top: float, bottom: float) -> list[float]:
    """Body lengths at which figure.json measures the torso, between the two given and with them."""
    inner = [row[0] for row in figure_data()["torso"] if top + 0.02 < row[0] < bottom - 0.02]
    return [top, *inner, bottom]


def head_outline(frame: Frame, half: Sequence[Sequence[float]], shift: float) -> list[Point]:
    """The right half of an outline around the head, mirrored and closed."""
    right = [frame.head(x + shift, y) for x, y in half]
    left = [frame.head(-x + shift, y) for x, y in reversed(half) if x > 0]
    return smooth([*right, *left], closed=True)


def arm_tube(
    canvas: Canvas, frame: Frame, side: int, end_at: float, ease: float, label: int, *, end: bool = False
) -> None:
    """From the shoulder down an arm."""
    stops = spread(0.0, end_at, STEPS)
    path = rounded([frame.arm(side, t) for t in stops])
    # Cloth lies on the shoulder and stands off further down.
    halves = [(table("arm", t) * frame.build["limbs"] + ease * min(1.0, 0.25 + 4 * t)) * frame.unit for t in stops]
    canvas.tube(path, halves, label, end=end)


def leg_tube(
    canvas: Canvas,
    frame: Frame,
    side: int,
    start: float,
    end_at: float,
    label: int,
    *,
    ease: float = 0.0,
    flare: float = 0.0,
    drape: float = 0.0,
) -> None:
    stops = spread(start, end_at, 2 * STEPS)
    path = rounded([frame.leg(side, at) for at in stops])
    halves = [leg_half(frame, at, ease, flare, drape) * frame.unit for at in stops]
    canvas.tube(path, halves, label, start=start <= 1.0)


def leg_half(frame: Frame, at: float, ease: float, flare: float, drape: float = 0.0) -> float:
    """Half the width of a leg with cloth `ease` around it, `flare` wider for each unit of length below the hips; with
    `drape` 1 the cloth does not follow calf and ankle."""
    bare = table("leg", at)
    if at > 2.0:
        bare += drape * (figure_data()["cloth_below_knee"] - bare)
    return bare * frame.build["limbs"] + ease + flare * max(at - 1.0, 0.0)


def turned(vector: Point, degrees: float) -> Point:
    """The unit vector along `vector`, turned clockwise as seen."""
    sine, cosine = sine_cosine_of_degrees(degrees)
    x, y = unit(vector)
    return x * cosine - y * sine, x * sine + y * cosine
