import torch
import torch.nn.functional as F

from humandiffusion.training.perceptual import VggFeatures
from humandiffusion.training.perceptual_term import PerceptualTerm

BACKGROUND = torch.zeros(4, 1, 8, 8)


def _term() -> PerceptualTerm:
    torch.manual_seed(0)
    return PerceptualTerm(VggFeatures())


def _pictures() -> torch.Tensor:
    return torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_the_picture_itself_costs_nothing_and_a_blur_of_it_more_than_a_little_noise():
    term, clean = _term(), _pictures()
    blur = F.interpolate(F.avg_pool2d(clean, 4), scale_factor=4, mode="bilinear")
    near = clean + 0.02 * torch.randn(clean.shape, generator=torch.Generator().manual_seed(2))
    assert float(term(clean, clean, BACKGROUND)) == 0
    assert float(term(blur, clean, BACKGROUND)) > 3 * float(term(near, clean, BACKGROUND)) > 0


def test_half_of_a_batch_is_looked_at_and_one_picture_is_enough():
    term, clean = _term(), _pictures()
    guess = torch.zeros_like(clean).requires_grad_()
    term(guess, clean, BACKGROUND).backward()
    assert guess.grad is not None
    assert guess.grad[:2].abs().amax((1, 2, 3)).min() > 0
    assert guess.grad[2:].abs().max() == 0
    assert float(term(guess[:1].detach(), clean[:1], BACKGROUND[:1])) > 0


def test_a_difference_on_the_person_counts_twice():
    term, clean = _term(), _pictures()[:1]
    left = clean.clone()
    left[..., :16] = 0
    person_left = torch.ones(1, 1, 8, 8)
    person_left[..., :4] = 0
    person_right = 1 - person_left
    there, elsewhere = (float(term(left, clean, behind)) for behind in (person_left, person_right))
    assert 1.7 < there / elsewhere < 2.1
