"""Hair, hats, glasses, jewellery, ties, scarves, belts, gloves and bags."""

from collections.abc import Sequence

from ..garments import Garment, figure_data
from .body import draw_hand, head_outline, torso_outline
from .canvas import Canvas
from .clothes import neck_curve
from .curves import smooth
from .frame import Frame, table
from .plane import Point, along, interpolate, spread, subtract, unit


def draw_hair(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    """All of the hair; from the front, face and neck are painted over it."""
    style = figure_data()["hair"][garment.style]
    shift = -0.006 * frame.head_turn
    outline = head_outline(frame, style["outline"], shift)
    canvas.polygon(outline, garment.part)
    if "bun" in style:
        x, y, radius = style["bun"]
        canvas.disc(frame.head(x - 0.03 * frame.head_turn, y), radius * frame.unit, garment.part)
    if frame.back:
        edge = max(x for x, _ in style["outline"][-3:])
        path = [frame.head(0.0, 0.0), frame.head(0.0, style["nape"])]
        canvas.tube(path, [0.04 * frame.unit, edge * 0.8 * frame.unit], garment.part)


def draw_locks(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    """Locks that fall over the shoulders; the face stays free."""
    for sign, (x, half, end) in zip((-1, 1), figure_data()["hair"][garment.style].get("locks", ()), strict=False):
        places = [(x + 0.012, -0.02), (x + 0.014, 0.03), (x + 0.012, 0.09), (x + 0.018, end)]
        path = smooth([frame.head(sign * px, y) for px, y in places])
        swell = [interpolate(t, (0.0, 0.4, 0.8, 1.0), (0.4, 0.9, 1.25, 0.5)) for t in spread(0.0, 1.0, len(path))]
        canvas.tube(path, [share * half * frame.unit for share in swell], garment.part, end=True)


def draw_hat(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    """A crown down to `hem` (on the head's scale) and a brim `flare` wide."""
    half, hem = 0.049 + garment.ease, garment.hem
    crown = [[0.0, -0.1], [half * 0.6, -0.097], [half * 0.93, -0.078], [half, hem - 0.01], [half * 0.96, hem + 0.004]]
    canvas.polygon(head_outline(frame, crown, 0.0), garment.part)
    if garment.flare > 0:
        wide = half + garment.flare
        brim = [[0.0, hem - 0.008], [half, hem - 0.008], [wide, hem + 0.004], [half, hem + 0.011], [0.0, hem + 0.013]]
        canvas.polygon(head_outline(frame, brim, 0.0), garment.part)


def draw_glasses(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    shift, w, y = 0.012 * frame.head_turn, garment.ease, -0.004
    for x in (-0.0165, 0.0165):
        top = [[x - w, y - 0.007], [x + w, y - 0.008]]
        lens = [*top, [x + w * 0.9, y + 0.006], [x, y + 0.011], [x - w * 0.9, y + 0.006]]
        canvas.polygon(smooth([frame.head(px + shift, py) for px, py in lens], closed=True), garment.part)
    bar = [frame.head(-0.034 + shift, y - 0.004), frame.head(0.034 + shift, y - 0.004)]
    canvas.tube(bar, [0.0022 * frame.unit] * 2, garment.part)


def draw_earrings(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    for sign in (-1, 1):
        canvas.disc(frame.head(sign * 0.0375, 0.024), garment.ease * frame.unit, garment.part)


def draw_necklace(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    path = neck_curve(frame, garment.neck_width, garment.neck_depth, 0.25)
    canvas.tube(path, [garment.ease * frame.unit] * len(path), garment.part, end=True)


def draw_tie(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    path = [frame.spine(u) for u in (-0.03, 0.02, 0.05, garment.hem - 0.07, garment.hem)]
    halves = [garment.ease * share * frame.unit for share in (0.9, 0.7, 0.6, 1.3, 0.15)]
    canvas.tube(path, halves, garment.part, start=False)


def draw_scarf(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    """A loop around the neck and, from the front, an end that hangs to `hem`."""
    loop = [(-0.15, 0.03), (-0.1, 0.043), (-0.01, 0.06), (0.08, 0.048), (0.13, 0.018)]
    right = [frame.side(u, x) for u, x in loop]
    left = [frame.side(u, -x) for u, x in reversed(loop)]
    canvas.polygon(smooth([*right, *left], closed=True), garment.part)
    if not frame.back and garment.hem > 0.13:
        path = [frame.side(u, x) for u, x in ((0.05, 0.0), (0.2, 0.012), (garment.hem, 0.02))]
        canvas.tube(path, [share * garment.ease * frame.unit for share in (0.7, 0.9, 1.15)], garment.part)


def draw_belt(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    canvas.polygon(torso_outline(frame, garment.waist, garment.hem, garment.ease), garment.part)


def draw_glove(canvas: Canvas, frame: Frame, garment: Garment, side: int, bend: float) -> None:
    draw_hand(canvas, frame, side, bend, garment.ease, garment.part)
    _cuff(canvas, frame, garment, side, garment.sleeve, 1.02)


def draw_watch(canvas: Canvas, frame: Frame, garment: Garment, side: int) -> None:
    _cuff(canvas, frame, garment, side, garment.sleeve, garment.sleeve + 0.045)


def draw_handbag(canvas: Canvas, frame: Frame, garment: Garment, side: int) -> None:
    """Held in the hand, or in the crook of a raised arm: two handles and a bag that hangs from them; `ease` is half its
    width, `hem` its height."""
    wrist, elbow = frame.arm(side, 1.0), frame.arm(side, 0.5)
    held = along(wrist, unit(subtract(wrist, elbow)), 0.045 * frame.unit)
    grip = elbow if wrist[1] < elbow[1] else held
    w, h, drop = garment.ease * frame.unit, garment.hem * frame.unit, 0.035 * frame.unit
    top = (grip[0], grip[1] + drop)
    path = smooth(_placed(top, ((-0.55, h * 0.1), (-0.3, -drop), (0.3, -drop), (0.55, h * 0.1)), w, 1.0))
    canvas.tube(path, [0.0032 * frame.unit] * len(path), garment.part)
    outline = ((-0.8, 0.06), (0.0, 0.0), (0.8, 0.05), (1.0, 0.82), (0.8, 1.0), (-0.78, 1.0), (-1.0, 0.85))
    canvas.polygon(smooth(_placed(top, outline, w, h), closed=True), garment.part)


def draw_shoulder_bag(canvas: Canvas, frame: Frame, garment: Garment, sign: int) -> None:
    """At the hip, its strap across the chest from the other shoulder. `sign` +1: on the right of the picture."""
    strap = ((-0.04, 0.055), (0.4, -0.01), (garment.hem, -0.095))
    path = smooth([frame.side(u, -sign * x) for u, x in strap])
    canvas.tube(path, [garment.flare * frame.unit] * len(path), garment.part)
    centre, w = frame.side(garment.hem + 0.08, sign * 0.1), garment.ease * frame.unit
    outline = ((-0.85, -0.75), (0.0, -0.85), (0.85, -0.72), (1.0, 0.55), (0.7, 0.85), (-0.7, 0.85), (-1.0, 0.6))
    canvas.polygon(smooth(_placed(centre, outline, w, w), closed=True), garment.part)


def _cuff(canvas: Canvas, frame: Frame, garment: Garment, side: int, start: float, end: float) -> None:
    stops = (start, (start + end) / 2, end)
    path = [frame.arm(side, t) for t in stops]
    canvas.tube(path, [(table("arm", t) + garment.ease) * frame.unit for t in stops], garment.part, start=False)


def _placed(origin: Point, outline: Sequence[Point], width: float, height: float) -> list[Point]:
    """An outline of shares, as wide and high as said, around a place."""
    return [(origin[0] + width * x, origin[1] + height * y) for x, y in outline]
