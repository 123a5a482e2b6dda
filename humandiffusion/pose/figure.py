"""A dressed parametric figure: keypoints and garments become a label map like those parsed from photos.

All measures are in figure.json. Things are painted from back to front; what covers what follows from the garments.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..parts import LEGGINGS, OUTER, PANTS, ROMPERS, SKIN, TOP
from .drawing import accessories, body, clothes
from .drawing.canvas import Canvas
from .drawing.frame import Frame, frame_of
from .garments import Garment, figure_data
from .semantic_pose import Keypoints, SemanticPose

# Boots that reach this high are worn over trousers, lower ones under them.
OVER_TROUSERS = 2.4
ARM_LAYERS = ("front", "behind", "pocket")


@dataclass(frozen=True)
class Stance:
    """What OpenPose's 18 points do not say; right side first.

    `feet`: degrees that the toes point outwards, 80 is a side view. `hands`: degrees that the hand bends outwards from
    the forearm's line. `arms`: in `front` of the body, `behind` it, or with the hand in a `pocket`.
    """

    feet: tuple[float, float] = (14.0, 14.0)
    hands: tuple[float, float] = (0.0, 0.0)
    arms: tuple[str, str] = ("front", "front")

    def __post_init__(self) -> None:
        for layer in self.arms:
            if layer not in ARM_LAYERS:
                raise InputError(f"stance: got arm {layer!r}, wanted one of {', '.join(ARM_LAYERS)}")


def draw_figure(
    keypoints: Keypoints,
    garments: Sequence[Garment],
    size: tuple[int, int],
    *,
    stance: Stance | None = None,
    build: str = "average",
) -> SemanticPose:
    """Draw one person at `size` = (height, width); `keypoints` are in pixels of that map and ride along.

    A limb whose points are missing is left out. Raises InputError if a shoulder or hip is missing, for an unknown
    build, or for a size that is not positive.
    """
    if min(size) < 1:
        raise InputError(f"size: got {size[1]}x{size[0]}, wanted at least 1x1")
    stance = stance or Stance()
    frame = frame_of(keypoints.body.float().tolist(), build)
    canvas = Canvas(size)
    _paint(canvas, frame, garments, stance)
    labels = canvas.labels(figure_data()["wobble"] * frame.unit)
    return SemanticPose(labels[None], keypoints=((keypoints,),))


def _paint(canvas: Canvas, frame: Frame, garments: Sequence[Garment], stance: Stance) -> None:
    worn = _Wardrobe(garments)
    if not frame.back:
        for hair in worn.of("hair"):
            accessories.draw_hair(canvas, frame, hair)
    _paint_arms(canvas, frame, worn, stance, "behind")
    body.draw_torso(canvas, frame)
    _paint_legs(canvas, frame, worn, stance)
    body.draw_neck(canvas, frame)
    if not frame.back:
        body.draw_face(canvas, frame)
    _paint_bodices(canvas, frame, worn, stance)
    _paint_head(canvas, frame, worn)
    _paint_arms(canvas, frame, worn, stance, "front")
    _paint_bags(canvas, frame, worn, stance)


def _paint_legs(canvas: Canvas, frame: Frame, worn: "_Wardrobe", stance: Stance) -> None:
    """Legs and feet, what is on them, and the tops that are tucked in."""
    for side in (0, 1):
        if frame.has_leg(side):
            body.draw_leg(canvas, frame, side)
            body.draw_foot(canvas, frame, side, stance.feet[side], 0.0, SKIN)
    for garment in worn.lower(LEGGINGS):
        clothes.draw_trousers(canvas, frame, garment)
    for garment in (*worn.of("socks"), *worn.of("shoes")):
        clothes.draw_footwear(canvas, frame, garment, stance.feet)
    for garment in worn.tops(tucked=True):
        clothes.draw_bodice(canvas, frame, garment)
    for garment in worn.lower(PANTS, ROMPERS):
        clothes.draw_trousers(canvas, frame, garment)
    for garment in worn.of("shoes"):
        if garment.waist < OVER_TROUSERS:
            clothes.draw_footwear(canvas, frame, garment, stance.feet)
    for garment in worn.of("skirt"):
        clothes.draw_skirt(canvas, frame, garment)


def _paint_bodices(canvas: Canvas, frame: Frame, worn: "_Wardrobe", stance: Stance) -> None:
    """From the inner to the outer. A hand in a pocket lies under the coat."""
    for garment in worn.tops(tucked=False):
        clothes.draw_bodice(canvas, frame, garment)
    for garment in worn.of("belt"):
        accessories.draw_belt(canvas, frame, garment)
    if not frame.back:
        for garment in worn.of("necklace"):
            accessories.draw_necklace(canvas, frame, garment)
        for garment in worn.of("tie"):
            accessories.draw_tie(canvas, frame, garment)
    _paint_arms(canvas, frame, worn, stance, "pocket")
    for garment in worn.outers:
        clothes.draw_bodice(canvas, frame, garment)
    for garment in worn.of("scarf"):
        accessories.draw_scarf(canvas, frame, garment)


def _paint_head(canvas: Canvas, frame: Frame, worn: "_Wardrobe") -> None:
    for garment in worn.of("hair"):
        if frame.back:
            accessories.draw_hair(canvas, frame, garment)
        else:
            accessories.draw_locks(canvas, frame, garment)
    if not frame.back:
        for garment in worn.of("earrings"):
            accessories.draw_earrings(canvas, frame, garment)
        for garment in worn.of("glasses"):
            accessories.draw_glasses(canvas, frame, garment)
    for garment in worn.of("hat"):
        accessories.draw_hat(canvas, frame, garment)


def _paint_arms(canvas: Canvas, frame: Frame, worn: "_Wardrobe", stance: Stance, layer: str) -> None:
    for side in (0, 1):
        if stance.arms[side] != layer or not frame.has_arm(side):
            continue
        body.draw_arm(canvas, frame, side)
        if layer != "pocket":
            body.draw_hand(canvas, frame, side, stance.hands[side])
            for garment in worn.of("gloves"):
                accessories.draw_glove(canvas, frame, garment, side, stance.hands[side])
        for garment in worn.of("watch"):
            if side_of(garment) == side:
                accessories.draw_watch(canvas, frame, garment, side)
        for garment in worn.sleeved:
            clothes.draw_sleeve(canvas, frame, garment, side)


def _paint_bags(canvas: Canvas, frame: Frame, worn: "_Wardrobe", stance: Stance) -> None:
    for garment in worn.of("handbag"):
        side = side_of(garment)
        if frame.has_arm(side):
            accessories.draw_handbag(canvas, frame, garment, side)
            hand = next((glove.part for glove in worn.of("gloves")), SKIN)
            body.draw_hand(canvas, frame, side, stance.hands[side], label=hand)
    for garment in worn.of("shoulder-bag"):
        accessories.draw_shoulder_bag(canvas, frame, garment, frame.sign(side_of(garment)))


def side_of(garment: Garment) -> int:
    """The side on which a bag or a watch is: 0 the person's right, 1 the left."""
    return 0 if garment.style == "right" else 1


class _Wardrobe:
    """The garments by what they are; of equals, in the order given."""

    def __init__(self, garments: Sequence[Garment]) -> None:
        self._all = tuple(garments)
        bodices = (*self.of("bodice"), *self.of("jumpsuit"))
        self.outers = [g for g in bodices if g.part == OUTER]
        # A dress goes over a top.
        self._inner = sorted((g for g in bodices if g.part != OUTER), key=lambda g: g.part != TOP)
        self.sleeved = [*self._inner, *self.outers]

    def of(self, shape: str) -> list[Garment]:
        return [g for g in self._all if g.shape == shape]

    def lower(self, *parts: int) -> list[Garment]:
        return [g for g in (*self.of("trousers"), *self.of("jumpsuit")) if g.part in parts]

    def tops(self, tucked: bool) -> list[Garment]:
        """A top that ends above the hips goes under what begins at the waist."""
        return [g for g in self._inner if (g.part == TOP and g.hem < 1.0) == tucked]
