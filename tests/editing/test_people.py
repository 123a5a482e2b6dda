"""One of several people is edited, and the others keep every bit."""

from dataclasses import replace

import pytest
import torch

from humandiffusion.editing.mask import part_mask, part_shape
from humandiffusion.editing.plan import plan_edit
from humandiffusion.errors import InputError
from humandiffusion.parts import BACKGROUND, HEADWEAR, PANTS, TOP
from humandiffusion.pose.people import owners
from humandiffusion.pose.presets import load_preset
from humandiffusion.pose.semantic_pose import SemanticPose
from humandiffusion.pose.transform import merge, move

STANDING = load_preset("standing-trousers")
LEFT, RIGHT = (move(STANDING, step, 0, 0.6) for step in (-60, 60))
TWO = merge(LEFT, RIGHT)
PICTURE = torch.rand(1, 384, 256, 3, generator=torch.Generator().manual_seed(4))


def test_the_mask_of_one_person_is_that_of_their_own_map() -> None:
    for person, alone in ((1, LEFT), (2, RIGHT)):
        assert torch.equal(part_mask(TWO, TOP, person=person), part_mask(alone, TOP))
    apart = [part_mask(TWO, TOP, person=person) for person in (1, 2)]
    assert not (apart[0] * apart[1]).any() and torch.equal(torch.maximum(*apart), part_mask(TWO, TOP))


def test_an_edit_of_one_leaves_the_other_as_they_were() -> None:
    plan = plan_edit(PICTURE, TWO, TOP, person=2)
    done = plan.finish(torch.zeros(1, *plan.crop.size, 3))
    changed = (done != PICTURE).any(-1)
    assert changed[RIGHT.labels == TOP].all() and not changed[LEFT.labels != BACKGROUND].any()


def test_a_map_without_ids_gives_each_pixel_to_the_nearest_skeleton() -> None:
    told = replace(TWO, person=None)
    for person in (1, 2):
        assert torch.equal(part_shape(told, TOP, person), part_shape(TWO, TOP, person))


def test_what_was_drawn_over_a_map_belongs_to_who_is_nearest() -> None:
    """A hat of the second person, as an editor draws it: the map's ids know nothing of it."""
    labels = TWO.labels.clone()
    rows, columns = (RIGHT.labels[0] == TOP).nonzero().unbind(1)
    above = slice(int(rows.min()) - 60, int(rows.min()) - 45), slice(int(columns.min()), int(columns.max()))
    labels[0][above] = HEADWEAR
    hatted = replace(TWO, labels=labels)
    plan = plan_edit(PICTURE, TWO, HEADWEAR, new_pose=hatted, person=2)
    assert torch.equal(plan.after.labels, labels) and (owners(plan.after)[labels == HEADWEAR] == 2).all()
    assert (plan.mask[labels == HEADWEAR] == 1).all()
    with pytest.raises(InputError, match="headwear of person 1, which is not in either map"):
        plan_edit(PICTURE, TWO, HEADWEAR, new_pose=hatted, person=1)


def test_a_new_map_that_tells_nobody_apart_has_everybody_where_they_were() -> None:
    """As of a file without ids, or of a painter of maps."""
    longer = SemanticPose(torch.where(TWO.labels == PANTS, TOP, TWO.labels))
    after = plan_edit(PICTURE, TWO, TOP, new_pose=longer, person=2).after
    assert torch.equal(after.labels, torch.where(RIGHT.labels == PANTS, TOP, TWO.labels))
    assert torch.equal(owners(after), owners(TWO))
    alone = SemanticPose(STANDING.labels)
    assert plan_edit(PICTURE, alone, TOP, new_pose=SemanticPose(STANDING.labels.flip(-1))).after.person is None


def test_without_skeletons_what_was_drawn_belongs_to_whose_pixel_is_nearest() -> None:
    bare = replace(TWO, keypoints=None)
    for person, alone in ((1, LEFT), (2, RIGHT)):
        labels = TWO.labels.clone()
        rows, columns = (alone.labels[0] != BACKGROUND).nonzero().unbind(1)
        labels[0, int(rows.min()) - 9 : int(rows.min()) - 3, int(columns.min()) : int(columns.max())] = HEADWEAR
        hatted = replace(bare, labels=labels)
        assert torch.equal(part_shape(hatted, HEADWEAR, person), labels == HEADWEAR)


def test_a_new_shape_of_one_is_no_other_s() -> None:
    """Both tops are gone from the new map; only that of the person who is asked for counts."""
    bare = replace(TWO, labels=torch.where(TWO.labels == TOP, HEADWEAR, TWO.labels))
    after = plan_edit(PICTURE, TWO, HEADWEAR, new_pose=bare, person=1).after
    assert torch.equal(after.labels == HEADWEAR, LEFT.labels == TOP)
    assert torch.equal(after.labels == TOP, RIGHT.labels == TOP)


def test_in_a_new_shape_they_keep_their_own_look() -> None:
    longer = replace(TWO, labels=torch.where(RIGHT.labels == PANTS, TOP, TWO.labels))
    wanted, around = plan_edit(PICTURE, TWO, TOP, new_pose=longer, person=2).wishes("")
    assert wanted.mask is not None and torch.equal(wanted.mask > 0, RIGHT.labels[0] == TOP)
    assert any(look is wanted for look in around), "exactly as the picture shows it, not through the memory"


def test_nobody_of_that_number_is_told_who_there_is() -> None:
    for nobody in (3, 257, -1):
        with pytest.raises(InputError, match=f"person: got {nobody}, and the map has 1, 2; wanted one of these"):
            plan_edit(PICTURE, TWO, TOP, person=nobody)
    second = replace(TWO, labels=TWO.labels * (TWO.person == 2), person=TWO.person * (TWO.person == 2))
    with pytest.raises(InputError, match="person: got 1, and the map has 2; wanted one of these"):
        plan_edit(PICTURE, second, TOP, person=1)
    with pytest.raises(InputError, match="top of person 1, which is not in the map; wanted one of background"):
        plan_edit(PICTURE, SemanticPose(torch.zeros_like(TWO.labels)), TOP, person=1)
    with pytest.raises(InputError, match="person: got 2, and the map has 1"):
        plan_edit(PICTURE, SemanticPose(STANDING.labels), TOP, person=2)
