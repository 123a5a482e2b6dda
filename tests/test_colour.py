import torch

from humandiffusion.colour import BASIC_COLOURS, lab_to_srgb, median_lab, nearest_names, srgb_to_lab


def test_lab_and_back_is_the_same_colour():
    rgb = torch.rand(500, 3, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(lab_to_srgb(srgb_to_lab(rgb)), rgb, atol=2e-4, rtol=0)


def test_known_colours_have_their_published_lab():
    lab = srgb_to_lab(torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 0.0, 0.0]]))
    expected = torch.tensor([[100.0, 0.0, 0.0], [0.0, 0.0, 0.0], [53.24, 80.09, 67.20]])
    torch.testing.assert_close(lab, expected, atol=0.02, rtol=0)


def test_the_nearest_name_of_a_basic_colour_is_itself():
    lab = srgb_to_lab(torch.tensor(list(BASIC_COLOURS.values())) / 255)
    assert [row[0] for row in nearest_names(lab, BASIC_COLOURS)] == list(BASIC_COLOURS)


def test_the_median_is_of_the_mask_alone():
    image = torch.zeros(3, 4, 4)
    image[:, 0, 0] = 1.0
    mask = torch.zeros(4, 4, dtype=torch.bool)
    mask[0, 0] = True
    torch.testing.assert_close(median_lab(image, mask), torch.tensor([100.0, 0.0, 0.0]), atol=0.02, rtol=0)
