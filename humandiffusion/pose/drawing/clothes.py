"""Clothes that follow the body: bodices from tops to long coats, sleeves, skirts, trousers, shoes."""

from dataclasses import replace

import numpy as np

from ..garments import Garment, figure_data
from .body import arm_tube, draw_foot, leg_half, leg_tube, torso_rows
from .canvas import Canvas, Points, smooth
from .frame import Frame

# Body length from which cloth hangs from the hips instead of following the torso.
HANGS = 1.02


def draw_bodice(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    """Shoulders to hem; with an open front (not from behind) as two panels. A jumpsuit's ends where its legs begin."""
    if garment.shape == "jumpsuit":
        garment = replace(garment, hem=HANGS)
    left, right = _flank(frame, garment, -1), _flank(frame, garment, 1)
    if garment.gap_hem > 0 and not frame.back:
        for flank, sign in ((left, -1), (right, 1)):
            canvas.polygon(np.concatenate([flank, _front_edge(frame, garment, sign)[::-1]]), garment.part)
    else:
        hem = _sagging(frame, right[-1], left[-1])
        outline = np.concatenate([_neckline(frame, garment), right, hem, left[::-1]])
        canvas.polygon(outline, garment.part)
    if garment.collar > 0:
        _draw_collar(canvas, frame, garment)


def draw_sleeve(canvas: Canvas, frame: Frame, garment: Garment, side: int) -> None:
    if garment.sleeve > 0:
        arm_tube(canvas, frame, side, 0.0, garment.sleeve, garment.sleeve_ease, garment.part)


def draw_skirt(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    left, right = (_hanging(frame, garment, sign, garment.waist) for sign in (-1, 1))
    hem = _sagging(frame, right[-1], left[-1])
    canvas.polygon(np.concatenate([right, hem, left[::-1]]), garment.part)


def draw_trousers(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    rows = torso_rows(garment.waist, figure_data()["crotch"])
    left = [frame.side(u, -frame.torso_half(u) - garment.ease) for u in reversed(rows)]
    right = [frame.side(u, frame.torso_half(u) + garment.ease) for u in rows]
    outline = smooth(np.stack([*left, *right]), corners=(len(left) - 1, len(left)))
    canvas.polygon(outline, garment.part)
    for side in (0, 1):
        if frame.has_leg(side):
            fall = {"ease": garment.ease, "flare": garment.flare, "drape": garment.drape}
            leg_tube(canvas, frame, side, 1.0, garment.hem, garment.part, **fall)


def draw_footwear(canvas: Canvas, frame: Frame, garment: Garment, feet: tuple[float, float]) -> None:
    """Shoes, boots and socks: from `waist` on the leg down over the foot."""
    for side in (0, 1):
        if frame.has_leg(side):
            draw_foot(canvas, frame, side, feet[side], garment.ease, garment.part)
            leg_tube(canvas, frame, side, garment.waist, 3.06, garment.part, ease=garment.ease)


def shoulder_height(half: float) -> float:
    """The body length at which the slope of the shoulder is `half` away from the spine."""
    slope = [row for row in figure_data()["torso"] if row[0] <= 0.06]
    return float(np.interp(half, [row[1] for row in slope], [row[0] for row in slope]))


def neck_curve(frame: Frame, half: float, depth: float, point: float) -> Points:
    """From the left of the picture to the right, `depth` down at the middle; `point` 0 round to 1 V."""
    top = shoulder_height(half)
    places = []
    for angle in np.linspace(np.pi, 0.0, 17):
        across = float(np.cos(angle))
        drop = (1 - point) * float(np.sin(angle)) + point * (1 - abs(across))
        places.append(frame.side(top + (depth - top) * drop, half * across))
    return np.stack(places)


def hem_centre(frame: Frame, length: float) -> Points:
    """The middle of the body at a body length, past the hips between the legs."""
    if length <= 1:
        return frame.spine(length)
    legs = [frame.leg(side, length) for side in (0, 1) if frame.has_leg(side)]
    return np.mean(legs, 0) if legs else frame.spine(length)


def _draw_collar(canvas: Canvas, frame: Frame, garment: Garment) -> None:
    """A band from the collar bone up the neck."""
    half = figure_data()["neck_half"] + 0.004
    foot, chin = frame.spine(0.0), frame.head(0.0, 0.04)
    top = foot + (chin - foot) * min(garment.collar * frame.unit / max(float(np.linalg.norm(chin - foot)), 1e-9), 1.0)
    canvas.tube(np.stack([foot, top]), [half * 1.25 * frame.unit, half * frame.unit], garment.part, start=False)


def _neckline(frame: Frame, garment: Garment) -> Points:
    depth = min(garment.neck_depth, -0.03) if frame.back else garment.neck_depth
    return neck_curve(frame, garment.neck_width, depth, garment.neck_point)


def _flank(frame: Frame, garment: Garment, sign: int) -> Points:
    """One side from the neck over the shoulder down to the hem. `sign` +1 is the right of the picture."""
    neck = shoulder_height(garment.neck_width)
    # Cloth lies on the shoulder; it stands off less there than at the waist.
    lift = 0.5 * garment.ease
    places = [frame.side(neck, sign * garment.neck_width)]
    bottom = min(garment.hem, HANGS)
    for u in torso_rows(neck, bottom)[1:]:
        half = frame.torso_half(u) + garment.ease * min(1.0, 0.4 + max(u, 0.0) * 3)
        if garment.sleeve <= 0 and u < 0.2:
            half = min(half, 0.074)
        if u < 0.1:
            up = frame.spine(-1.0) - frame.spine(0.0)
            places.append(frame.side(u, sign * half) + up / np.linalg.norm(up) * (lift * frame.unit))
        else:
            places.append(frame.side(u, sign * half))
    if garment.hem > HANGS:
        places.extend(_hang_points(frame, garment, sign, HANGS))
    return smooth(np.stack(places), corners=(0,))


def _hanging(frame: Frame, garment: Garment, sign: int, waist: float) -> Points:
    rows = torso_rows(waist, min(HANGS, garment.hem))
    places = [frame.side(u, sign * (frame.torso_half(u) + garment.ease)) for u in rows]
    if garment.hem > HANGS:
        places.extend(_hang_points(frame, garment, sign, HANGS))
    return smooth(np.stack(places))


def _hang_points(frame: Frame, garment: Garment, sign: int, start: float) -> list[Points]:
    """The outermost places of both legs, and of the cloth around them, from below `start` to the hem."""
    across, count = frame.across(1.0), max(2, round((garment.hem - start) * 4))
    places = []
    for length in np.linspace(start, garment.hem, count + 1)[1:]:
        reach = [
            frame.leg(side, float(length))
            + across * (sign * leg_half(frame, float(length), garment.ease, garment.flare) * frame.unit)
            for side in (0, 1)
            if frame.has_leg(side)
        ]
        if reach:
            places.append(max(reach, key=lambda place: sign * float(place @ across)))
        else:
            half = frame.torso_half(1.0) + garment.ease + garment.flare * (float(length) - 1)
            places.append(frame.side(float(length), sign * half))
    return places


def _front_edge(frame: Frame, garment: Garment, sign: int) -> Points:
    """The inner edge of an open front, from the neck to the hem."""
    places = [frame.side(shoulder_height(garment.neck_width), sign * garment.neck_width)]
    places.append(frame.side(garment.neck_depth, sign * garment.gap))
    if garment.hem > HANGS:
        places.append(frame.side(0.9, sign * (garment.gap + garment.gap_hem) / 2))
    across = frame.across(1.0)
    places.append(hem_centre(frame, garment.hem) + across * (sign * garment.gap_hem * frame.unit))
    return smooth(np.stack(places), corners=(1,))


def _sagging(frame: Frame, start: Points, end: Points) -> Points:
    """A hem hangs a little lower in the middle."""
    down = frame.spine(1.0) - frame.spine(0.0)
    drop = down / max(float(np.linalg.norm(down)), 1e-9) * (0.007 * frame.unit)
    middle = [start + (end - start) * t + drop * (1 - (2 * t - 1) ** 2) for t in (0.15, 0.35, 0.5, 0.65, 0.85)]
    return np.stack(middle)
