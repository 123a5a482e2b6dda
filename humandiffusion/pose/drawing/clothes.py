"""Clothes that follow the body: bodices from tops to long coats, sleeves, skirts, trousers, shoes."""

import math
from dataclasses import replace
from functools import cache

from ..garments import Garment, figure_data
from .angles import sine_cosine
from .body import arm_tube, draw_foot, leg_half, leg_tube, torso_outline, torso_rows
from .canvas import Canvas
from .curves import smooth
from .frame import Frame
from .plane import Point, along, between, dot, interpolate, length, middle, spread, subtract, unit

# Body length from which cloth hangs from the hips instead of following the torso.
HANGS = 1.02


def draw_bodice(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    """Shoulders to hem; with an open front (not from behind) as two panels. A jumpsuit's ends where its legs begin."""
    if garment.shape == "jumpsuit":
        garment = replace(garment, hem=HANGS)
    left, right = flank(frame, garment, -1), flank(frame, garment, 1)
    if garment.gap_hem > 0 and not frame.back:
        for edge, sign in ((left, -1), (right, 1)):
            canvas.polygon([*edge, *reversed(_front_edge(frame, garment, sign))], garment.part)
    else:
        hem = _sagging(frame, right[-1], left[-1])
        canvas.polygon([*_neckline(frame, garment), *right, *hem, *reversed(left)], garment.part)
    if garment.collar > 0:
        _draw_collar(canvas, frame, garment)


def draw_sleeve(canvas: Canvas, frame: Frame, garment: Garment, side: int) -> None:
    if garment.sleeve > 0:
        arm_tube(canvas, frame, side, garment.sleeve, garment.sleeve_ease, garment.part)


def draw_skirt(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    left, right = (_hanging(frame, garment, sign) for sign in (-1, 1))
    hem = _sagging(frame, right[-1], left[-1])
    canvas.polygon([*right, *hem, *reversed(left)], garment.part)


def draw_trousers(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    outline = torso_outline(frame, garment.waist, figure_data()["crotch"], garment.ease)
    half = len(outline) // 2
    canvas.polygon(smooth(outline, corners=(half - 1, half)), garment.part)
    for side in (0, 1):
        if frame.has_leg(side):
            fall = {"ease": garment.ease, "flare": garment.flare, "drape": garment.drape}
            leg_tube(canvas, frame, side, 1.0, garment.hem, garment.part, **fall)


def draw_footwear(canvas: Canvas, frame: Frame, garment: Garment, feet: tuple[float, float]) -> None:
    """Shoes, boots and socks: from `waist` on the leg down over the foot; past 3, a share of the foot stays free."""
    free = max(garment.waist - 3.0, 0.0)
    for side in (0, 1):
        if frame.has_leg(side):
            draw_foot(canvas, frame, side, feet[side], garment.ease, garment.part, begin=min(free, 0.9))
            if free <= 0:
                leg_tube(canvas, frame, side, garment.waist, 3.06, garment.part, ease=garment.ease)


def shoulder_height(half: float) -> float:
    """The body length at which the slope of the shoulder is `half` away from the spine."""
    return interpolate(half, *_slope())


def neck_curve(frame: Frame, half: float, depth: float, point: float) -> list[Point]:
    """From the left of the picture to the right, `depth` down at the middle; `point` 0 round to 1 V."""
    top = shoulder_height(half)
    places = []
    for sine, cosine in _half_circle():
        drop = (1 - point) * sine + point * (1 - abs(cosine))
        places.append(frame.side(top + (depth - top) * drop, half * cosine))
    return places


def hem_centre(frame: Frame, at: float) -> Point:
    """The middle of the body at a body length, past the hips between the legs."""
    legs = [frame.leg(side, at) for side in (0, 1) if frame.has_leg(side)] if at > 1 else []
    return middle(legs[0], legs[-1]) if legs else frame.spine(at)


def flank(frame: Frame, garment: Garment, sign: int) -> list[Point]:
    """One side from the neck over the shoulder down to the hem. `sign` +1 is the right of the picture."""
    neck = shoulder_height(garment.neck_width)
    up = unit(subtract(frame.spine(-1.0), frame.spine(0.0)))
    # Cloth lies on the shoulder; it stands off less there than at the waist.
    lift = 0.5 * garment.ease * frame.unit
    places = [frame.side(neck, sign * garment.neck_width)]
    for u in torso_rows(neck, min(garment.hem, HANGS))[1:]:
        half = frame.torso_half(u) + garment.ease * min(1.0, 0.4 + max(u, 0.0) * 3)
        if garment.sleeve <= 0 and u < 0.2:
            half = min(half, 0.074)
        place = frame.side(u, sign * half)
        places.append(along(place, up, lift) if u < 0.1 else place)
    if garment.hem > HANGS:
        places.extend(_hang_points(frame, garment, sign))
    return smooth(places, corners=(0,))


def _hanging(frame: Frame, garment: Garment, sign: int) -> list[Point]:
    rows = torso_rows(garment.waist, min(HANGS, garment.hem))
    places = [frame.side(u, sign * (frame.torso_half(u) + garment.ease)) for u in rows]
    if garment.hem > HANGS:
        places.extend(_hang_points(frame, garment, sign))
    return smooth(places)


def _hang_points(frame: Frame, garment: Garment, sign: int) -> list[Point]:
    """The outermost places of both legs, and of the cloth around them, from below the hips to the hem."""
    across, count = frame.across(1.0), max(2, math.floor((garment.hem - HANGS) * 4 + 0.5))
    places = []
    for at in spread(HANGS, garment.hem, count + 1)[1:]:
        half = sign * leg_half(frame, at, garment.ease, garment.flare) * frame.unit
        reach = [along(frame.leg(side, at), across, half) for side in (0, 1) if frame.has_leg(side)]
        if reach:
            places.append(max(reach, key=lambda place: sign * dot(place, across)))
        else:
            wide = frame.torso_half(1.0) + garment.ease + garment.flare * (at - 1)
            places.append(frame.side(at, sign * wide))
    return places


def _front_edge(frame: Frame, garment: Garment, sign: int) -> list[Point]:
    """The inner edge of an open front, from the neck to the hem."""
    places = [frame.side(shoulder_height(garment.neck_width), sign * garment.neck_width)]
    places.append(frame.side(garment.neck_depth, sign * garment.gap))
    if garment.hem > HANGS:
        places.append(frame.side(0.9, sign * (garment.gap + garment.gap_hem) / 2))
    places.append(along(hem_centre(frame, garment.hem), frame.across(1.0), sign * garment.gap_hem * frame.unit))
    return smooth(places, corners=(1,))


def _neckline(frame: Frame, garment: Garment) -> list[Point]:
    depth = min(garment.neck_depth, -0.03) if frame.back else garment.neck_depth
    return neck_curve(frame, garment.neck_width, depth, garment.neck_point)


def _draw_collar(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    """A band from the collar bone up the neck."""
    half = figure_data()["neck_half"] + 0.004
    foot, chin = frame.spine(0.0), frame.head(0.0, 0.04)
    share = min(garment.collar * frame.unit / max(length(subtract(chin, foot)), 1e-9), 1.0)
    path = [foot, between(foot, chin, share)]
    canvas.tube(path, [half * 1.25 * frame.unit, half * frame.unit], garment.part, start=False)


def _sagging(frame: Frame, start: Point, end: Point) -> list[Point]:
    """A hem hangs a little lower in the middle."""
    down = unit(subtract(frame.spine(1.0), frame.spine(0.0)))
    return [
        along(between(start, end, t), down, 0.007 * frame.unit * (1 - (2 * t - 1) * (2 * t - 1)))
        for t in (0.15, 0.35, 0.5, 0.65, 0.85)
    ]


@cache
def _slope() -> tuple[list[float], list[float]]:
    """The shoulder of figure.json: half-widths and the body lengths at which they are."""
    rows = [row for row in figure_data()["torso"] if row[0] <= 0.06]
    return [row[1] for row in rows], [row[0] for row in rows]


@cache
def _half_circle() -> list[tuple[float, float]]:
    """Sine and cosine from pi to 0."""
    return [sine_cosine(angle) for angle in spread(math.pi, 0.0, 17)]
