"""What an edit is, before anything is painted: the new map, the mask, and the crop in which to paint."""

import math
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import InputError
from ..parts import PART_NAMES
from ..pose.people import owners, with_people_of
from ..pose.semantic_pose import SemanticPose
from ..pose.transform import shares_of
from ..prompts import PartPrompt
from ..sampling import GRID
from .crop import (
    CONTEXT,
    RESOLUTION,
    Crop,
    at_size_of,
    check_image,
    crop_around,
    crop_mask,
    crop_picture,
    crop_pose,
    uncrop,
)
from .mask import FEATHER, GROW, part_mask, part_shape, require_part
from .wishes import looks_of, wish


@dataclass(frozen=True, eq=False)
class EditPlan:
    """One part of pictures, about to change.

    `picture` [B, H, W, C] sRGB 0..1 and `mask` [B, H, W] are whole; `before` is the map as it was, `after` as it is to
    be, both of the picture's size. What is painted is the `crop`: its `area` [B, h, w, 3], `hole` [B, h, w] in 0..1 and
    `map`. `person` is whose part changes, 0 for everybody's.
    """

    part: int
    picture: Tensor
    before: SemanticPose
    after: SemanticPose
    mask: Tensor
    crop: Crop
    area: Tensor
    hole: Tensor
    map: SemanticPose
    person: int = 0

    def latent_hole(self, size: tuple[int, int]) -> Tensor:
        """The hole [B, 1, *size] for a latent of `size`: 1 wherever any of the picture's mask is above 0.

        All that can be seen is painted anew; how much of it is seen, the mask says when the patch is laid in.
        """
        return F.adaptive_max_pool2d((self.hole > 0).float()[:, None], size)

    def wishes(
        self, phrase: str, reference: Tensor | None = None, reference_mask: Tensor | None = None
    ) -> tuple[PartPrompt, tuple[PartPrompt, ...]]:
        """The prompt of the part as it is to be, and those that show how all parts of the first picture look. Raises
        InputError if nothing is said of the part and its shape stays.
        """
        around = looks_of(self.picture[0], self.before.labels[0])
        reshaped = not torch.equal(self.before.labels, self.after.labels)
        own = next((look for look in around if look.part == self.part), None) if reshaped else None
        if own is not None and self.person:
            worn = part_shape(self.before.select(0), self.part, self.person)[0]
            own = replace(own, mask=worn.float()) if bool(worn.any()) else None
            around = tuple(own if own and look.part == self.part else look for look in around)
        return wish(self.part, phrase, reference=reference, reference_mask=reference_mask, own=own), around

    def finish(self, patch: Tensor) -> Tensor:
        """The pictures with the painted `patch` [B, h, w, 3] laid in by the mask; all else bit-identical."""
        return uncrop(self.picture, self.crop, patch, self.mask)


def plan_edit(
    picture: Tensor,
    pose: SemanticPose,
    part: int,
    *,
    new_pose: SemanticPose | None = None,
    grow: float = GROW,
    feather: float = FEATHER,
    context: float = CONTEXT,
    resolution: int = RESOLUTION,
    grid: int = GRID,
    largest: float = math.inf,
    person: int = 0,
) -> EditPlan:
    """Plan the change of a part of `picture` [B, H, W, C]; of one `person`, counted from 1 as in the map, or of all.

    `new_pose` is the map with the part in another shape, or with a part that was not there; only where one of the two
    maps has the part it counts. Where it tells nobody apart, everybody is where they were in `pose`. The mask reaches
    `grow + feather` (as `part_mask` has them) around both shapes. The crop's settings are those of `crop_around`.
    Raises InputError.
    """
    check_image(picture)
    size = (picture.shape[1], picture.shape[2])
    before = at_size_of(pose, size)
    after = before if new_pose is None else reshaped(before, at_size_of(new_pose, size), part, person)
    had, has = (bool(part_shape(one, part, person).any()) for one in (before, after))
    if new_pose is not None and had and not has:
        raise InputError(
            f"part: got {PART_NAMES[part]}, which new_pose takes away; choose the part that new_pose has in its place "
            "(skin, another garment): that is painted where it was"
        )
    require_part(after, part, "the map" if new_pose is None else "either map", person)
    if after.batch not in (1, len(picture)) and len(picture) != 1:
        raise InputError(f"pose: got {after.batch} maps for {len(picture)} images, wanted as many, or one for all")
    mask = part_mask(after, part, grow=grow, feather=feather, person=person)
    if new_pose is not None:
        mask = torch.maximum(mask, part_mask(before, part, grow=grow, feather=feather, person=person))
    crop = crop_around(mask, context=context, resolution=resolution, grid=grid, largest=largest)
    return EditPlan(
        part=part,
        picture=picture,
        before=before,
        after=after,
        mask=mask,
        crop=crop,
        area=crop_picture(picture[..., :3], crop),
        hole=crop_mask(mask, crop),
        map=crop_pose(after, crop),
        person=person,
    )


def reshaped(before: SemanticPose, new: SemanticPose, part: int, person: int = 0) -> SemanticPose:
    """`before` as it is in `new` wherever either of them, of one size, has the part, or the person has it. Raises
    InputError.
    """
    if before.batch != new.batch and 1 not in (before.batch, new.batch):
        raise InputError(f"new_pose: got {new.batch} maps beside {before.batch}, wanted as many, or one for all")
    frames = max(before.batch, new.batch)
    before, new = (one if one.batch == frames else SemanticPose.stack([one] * frames) for one in (before, new))
    new = with_people_of(new, before)
    changed = part_shape(before, part, person) | part_shape(new, part, person)
    soft = None
    if before.soft is not None or new.soft is not None:
        soft = torch.where(changed[:, None], shares_of(new), shares_of(before))
    whose = before.person
    if before.person is not None or new.person is not None:
        whose = torch.where(changed, owners(new), owners(before))
    return replace(before, labels=torch.where(changed, new.labels, before.labels), soft=soft, person=whose)
