"""The weight of a moment of the noise schedule is min-SNR's, and a number at both of the schedule's ends."""

from types import SimpleNamespace

import pytest
import torch

pytest.importorskip("diffusers")
from diffusers import DDPMScheduler  # noqa: E402

from humandiffusion.training.sd_student import Schedule  # noqa: E402

MOST = 5.0


def mixed(schedule: Schedule) -> SimpleNamespace:
    """Every moment once."""
    count = len(schedule.kept)
    x0, noise = torch.rand(2, count, 4, 2, 2, generator=torch.Generator().manual_seed(1)).unbind()
    parts = schedule.mix(x0, noise, (torch.arange(count) + 0.5) / count)
    return SimpleNamespace(**dict(zip(("moment", "x", "target", "weight"), parts, strict=True)), noise=noise)


@pytest.mark.parametrize("predicts", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("zero_snr", [False, True])
def test_every_moment_has_a_finite_weight_of_min_snr(predicts: str, zero_snr: bool) -> None:
    config = DDPMScheduler(prediction_type=predicts, rescale_betas_zero_snr=zero_snr).config
    schedule = Schedule(config, torch.device("cpu"))
    # diffusers leaves a crumb of signal at the end; whoever writes a schedule down exactly leaves none.
    schedule.kept[-1] = 0.0 if zero_snr else schedule.kept[-1]
    told = mixed(schedule)
    assert torch.equal(told.moment, torch.arange(len(schedule.kept)))
    assert all(values.isfinite().all() for values in (told.x, told.target, told.weight))
    snr = schedule.kept[:-1].double() / (1 - schedule.kept[:-1].double())
    wanted = snr.clamp_max(MOST) / (snr if predicts == "epsilon" else snr + 1)
    assert torch.allclose(told.weight[:-1].double(), wanted, rtol=1e-4)
    if zero_snr:
        assert torch.equal(told.x[-1], told.noise[-1])
        assert told.weight[-1] == (1 if predicts == "epsilon" else 0)


@pytest.mark.parametrize("predicts", ["epsilon", "v_prediction"])
def test_a_moment_without_noise_teaches_nothing_and_is_a_number(predicts: str) -> None:
    schedule = Schedule(DDPMScheduler(prediction_type=predicts).config, torch.device("cpu"))
    schedule.kept[0] = 1.0
    assert mixed(schedule).weight[0] == 0
