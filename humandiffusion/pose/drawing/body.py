"""The body under the clothes: torso, limbs, hands, neck and face."""

import numpy as np

from ...parts import FACE, SKIN
from ..garments import figure_data
from .canvas import Canvas, Points, smooth
from .frame import Frame, table

STEPS = 14


def draw_torso(canvas: Canvas, frame: Frame) -> None:
    outline = torso_outline(frame, -0.11, 1.1, 0.0)
    canvas.polygon(smooth(outline, closed=True, corners=(0, len(outline) - 1)), SKIN)


def draw_neck(canvas: Canvas, frame: Frame) -> None:
    half = figure_data()["neck_half"] * frame.build["limbs"]
    path = np.stack([frame.head(0.0, 0.03), frame.spine(-0.08), frame.spine(-0.03)])
    canvas.tube(path, [w * frame.unit for w in (half * 0.95, half, half)], SKIN)


def draw_face(canvas: Canvas, frame: Frame) -> None:
    """The face reaches down the throat, as it does in maps of parsed photos."""
    data = figure_data()
    half, turn = data["neck_half"] * 0.93 * frame.build["limbs"], frame.head_turn
    throat = [frame.head(0.0, 0.03), frame.head(0.0, data["throat"])]
    canvas.tube(np.stack(throat), [half * frame.unit, half * 0.85 * frame.unit], FACE)
    canvas.polygon(head_outline(frame, data["face"], 0.007 * turn), FACE)


def draw_leg(canvas: Canvas, frame: Frame, side: int) -> None:
    leg_tube(canvas, frame, side, 1.0, 3.0, SKIN)


def draw_arm(canvas: Canvas, frame: Frame, side: int) -> None:
    arm_tube(canvas, frame, side, 0.0, 1.0, 0.0, SKIN, end=True)


def draw_hand(canvas: Canvas, frame: Frame, side: int, bend: float, ease: float = 0.0, label: int = SKIN) -> None:
    """`bend`: degrees that the hand turns from the forearm's line, outwards from the body positive."""
    data = figure_data()["hand"]
    wrist, elbow = frame.arm(side, 1.0), frame.arm(side, 0.5)
    sign = frame.sign(side)
    along = turned(wrist - elbow, -bend * sign)
    rows = np.array(data["halves"])
    path = wrist + np.outer(rows[:, 0] * data["length"] * frame.unit, along)
    canvas.tube(path, [(w + ease) * frame.unit * frame.build["limbs"] for w in rows[:, 1]], label, end=True)
    thumb = turned(along, 38 * sign)
    root = wrist + along * (0.012 * frame.unit)
    tip = root + thumb * (data["thumb"] * frame.unit)
    canvas.tube(np.stack([root, tip]), [(0.008 + ease) * frame.unit, (0.0055 + ease) * frame.unit], label, end=True)


def draw_foot(canvas: Canvas, frame: Frame, side: int, angle: float, ease: float, label: int) -> None:
    """`angle`: degrees that the toes point outwards from straight at the viewer (drawn downwards); 80 is sideways."""
    data = figure_data()["foot"]
    ankle, sign = frame.leg(side, 3.0), frame.sign(side)
    share = min(abs(angle) / 80.0, 1.0)
    length = data["front"] + (data["side"] - data["front"]) * share
    # Seen from the side, the sole lies lower than the ankle by the foot's height; from the front the toes do that.
    down = frame.leg(side, 3.0) - frame.leg(side, 2.6)
    down = down / max(float(np.linalg.norm(down)), 1e-9) * 0.35 + np.array([0.0, 0.65])
    heel = ankle + down * (0.026 * share * frame.unit)
    tilt = angle * 0.9
    along = np.array([sign * np.sin(np.radians(tilt)), np.cos(np.radians(tilt))])
    rows = np.array(data["halves"])
    widths = [(w * (1 - 0.28 * share) + ease) * frame.unit for w in rows[:, 1]]
    canvas.tube(heel + np.outer(rows[:, 0] * length * frame.unit, along), widths, label, end=True)
    if share > 0.4:
        canvas.tube(np.stack([ankle, heel]), [widths[0], widths[0]], label, end=True)


def torso_outline(frame: Frame, top: float, bottom: float, ease: float) -> Points:
    """From body length `top` to `bottom`, `ease` wider than the body: up the left of the picture, down the right."""
    rows = torso_rows(top, bottom)
    left = [frame.side(u, -(frame.torso_half(u) + ease)) for u in reversed(rows)]
    right = [frame.side(u, frame.torso_half(u) + ease) for u in rows]
    return np.stack([*left, *right])


def torso_rows(top: float, bottom: float) -> list[float]:
    """Body lengths at which figure.json measures the torso, between the two given and with them."""
    inner = [row[0] for row in figure_data()["torso"] if top + 0.02 < row[0] < bottom - 0.02]
    return [top, *inner, bottom]


def head_outline(frame: Frame, half: list[list[float]], shift: float) -> Points:
    """The right half of an outline around the head, mirrored and closed."""
    right = [frame.head(x + shift, y) for x, y in half]
    left = [frame.head(-x + shift, y) for x, y in reversed(half) if x > 0]
    return smooth(np.stack([*right, *left]), closed=True)


def arm_tube(
    canvas: Canvas, frame: Frame, side: int, start: float, end_at: float, ease: float, label: int, *, end: bool = False
) -> None:
    stops = np.linspace(start, end_at, STEPS)
    path = _rounded([frame.arm(side, float(t)) for t in stops])
    # Cloth lies on the shoulder and stands off further down.
    halves = [
        (table("arm", t) * frame.build["limbs"] + ease * min(1.0, 0.25 + 4 * float(t))) * frame.unit for t in stops
    ]
    canvas.tube(path, halves, label, start=start <= 0, end=end)


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
    stops = np.linspace(start, end_at, 2 * STEPS)
    path = _rounded([frame.leg(side, float(t)) for t in stops])
    halves = [leg_half(frame, float(t), ease, flare, drape) * frame.unit for t in stops]
    canvas.tube(path, halves, label, start=start <= 1.0)


def leg_half(frame: Frame, length: float, ease: float, flare: float, drape: float = 0.0) -> float:
    """Half the width of a leg with cloth `ease` around it, `flare` wider for each unit of length below the hips; with
    `drape` 1 the cloth does not follow calf and ankle."""
    bare = table("leg", length)
    if length > 2.0:
        bare += drape * (figure_data()["cloth_below_knee"] - bare)
    return bare * frame.build["limbs"] + ease + flare * max(length - 1.0, 0.0)


def turned(vector: Points, degrees: float) -> Points:
    """The unit vector along `vector`, turned clockwise as seen."""
    angle = np.radians(degrees)
    x, y = vector / max(float(np.linalg.norm(vector)), 1e-9)
    return np.array([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)])


def _rounded(path: list[Points]) -> Points:
    """The joint between two bones, a little less sharp."""
    points = np.stack(path)
    points[1:-1] = (points[:-2] + 2 * points[1:-1] + points[2:]) / 4
    return points
