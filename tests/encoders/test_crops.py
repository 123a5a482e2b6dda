import torch

from humandiffusion.encoders.crops import cut_mask, cut_parts


def scene() -> tuple[torch.Tensor, torch.Tensor]:
    labels = torch.zeros(40, 30, dtype=torch.uint8)
    labels[5:15, 8:20] = 1
    labels[20:38, 10:14] = 5
    image = torch.rand(3, 40, 30, generator=torch.Generator().manual_seed(0)) * 0.5
    return image, labels


def test_every_part_of_the_map_gives_one_crop():
    image, labels = scene()
    crops = cut_parts(image, labels, size=32)
    assert crops.parts.tolist() == [0, 1, 5]
    assert crops.images.shape == (3, 3, 32, 32) and crops.masks.shape == (3, 1, 32, 32)


def test_only_the_part_is_kept_and_the_rest_is_white():
    image, labels = scene()
    picture, mask = cut_mask(image, labels == 5, size=48)
    outside = mask[0] < 0.01
    assert outside.any() and torch.all(picture[:, outside] > 0.98)
    inside = mask[0] > 0.99
    assert torch.all(picture[:, inside] <= 0.5 + 1e-3)


def test_a_crop_is_square_and_does_not_squash():
    image = torch.zeros(3, 60, 60)
    mask = torch.zeros(60, 60, dtype=torch.bool)
    mask[10:50, 20:30] = True
    _, share = cut_mask(image, mask, size=64)
    filled = share[0] > 0.5
    height, width = filled.any(1).sum(), filled.any(0).sum()
    assert abs(float(height) / float(width) - 4.0) < 0.6


def test_parts_that_are_not_there_are_left_out():
    image, labels = scene()
    assert cut_parts(image, labels, parts=[1, 2]).parts.tolist() == [1]
    assert cut_parts(image, labels, parts=[2]).images.shape == (0, 3, 64, 64)
