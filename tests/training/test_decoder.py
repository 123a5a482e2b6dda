"""Training of the picture decoder: its data, its losses, and a run of a few steps that can be resumed."""

import argparse
import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from humandiffusion.errors import InputError
from humandiffusion.training import decoder as training
from humandiffusion.training.data.photo_data import open_data
from humandiffusion.training.decoder_data import Pairs, load_photos, load_reconstructions
from humandiffusion.training.degrade import degrade
from humandiffusion.training.discriminator import ProjectedDiscriminator, discriminator_loss
from humandiffusion.training.perceptual import PooledMatch, VggFeatures, style_loss
from humandiffusion.training.photos import is_held_out

HEIGHT, WIDTH = 64, 48


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("set")
    for name in ("images", "parsing"):
        (root / name).mkdir()
    rng = np.random.default_rng(0)
    ids = [f"{number:04d}" for number in range(30)]
    for photo_id in ids:
        picture = rng.integers(0, 255, (HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
        Image.fromarray(picture).save(root / "images" / f"{photo_id}.jpg")
        labels = np.zeros((HEIGHT, WIDTH), np.uint8)
        labels[10:50, 12:36] = 1
        Image.fromarray(labels).save(root / "parsing" / f"{photo_id}.png")
    (root / "index.json").write_text(json.dumps({"records": [{"id": photo_id} for photo_id in ids]}))
    return root


def test_held_out_photos_are_not_trained_on(folder: Path, tmp_path: Path) -> None:
    found = open_data([folder], tmp_path / "cache")
    trained, held = load_photos(found.train), load_photos(found.held_out)
    assert held.ids and not any(is_held_out(photo_id) for photo_id in trained.ids)
    assert all(is_held_out(photo_id) for photo_id in held.ids)


def test_degraded_latents_have_half_the_size_and_keep_the_colour_of_the_person(folder: Path, tmp_path: Path) -> None:
    photos = load_photos(open_data([folder], tmp_path / "cache").train.first(1))
    picture, person = photos.images[0].float() / 255, (photos.labels[0] > 0).float()[None]
    rng = random.Random(0)
    for _ in range(20):
        latent = degrade(picture, person, rng)
        assert latent.shape == (3, HEIGHT // 2, WIDTH // 2)
        assert float(latent.min()) >= 0 and float(latent.max()) <= 1
        gap = (picture[:, 16:44, 16:32].mean((1, 2)) - latent[:, 8:22, 8:16].mean((1, 2))).abs().max()
        assert float(gap) < 0.15


def test_pairs_are_repeatable_and_show_photo_and_latent_the_same_way_round(folder: Path, tmp_path: Path) -> None:
    photos = load_photos(open_data([folder], tmp_path / "cache").train)
    drawn = []
    for _ in range(2):
        torch.manual_seed(0)
        pairs = iter(Pairs(photos, None, 0.0, seed=3))
        drawn.append([next(pairs) for _ in range(6)])
    for one, other in zip(*drawn, strict=True):
        assert all(torch.equal(one[name], other[name]) for name in one)
        small = torch.nn.functional.avg_pool2d(one["target"], 2)
        assert (small - one["latent"]).abs().mean() < (small.flip(2) - one["latent"]).abs().mean()


def test_reconstructions_are_matched_to_their_photos_by_id(folder: Path, tmp_path: Path) -> None:
    photos = load_photos(open_data([folder], tmp_path / "cache").train)
    latents = np.stack([np.full((HEIGHT // 2, WIDTH // 2, 3), shade, np.uint8) for shade in (10, 20, 30)])
    ids = np.array([photos.ids[4], "not there", photos.ids[2]])
    np.savez(tmp_path / "part1.npz", recon=latents, ids=ids)
    recon = load_reconstructions(tmp_path, photos)
    assert recon.rows.tolist() == [4, 2]
    assert recon.latents[:, 0, 0, 0].tolist() == [10, 30]
    drawn = next(iter(Pairs(photos, recon, 1.0, seed=0)))
    assert float(drawn["latent"].std()) < 1e-6


def test_a_folder_without_reconstructions_is_refused(folder: Path, tmp_path: Path) -> None:
    photos = load_photos(open_data([folder], tmp_path / "cache").train.first(2))
    with pytest.raises(InputError, match="no .npz file"):
        load_reconstructions(tmp_path, photos)
    np.savez(tmp_path / "wrong.npz", pictures=np.zeros(1))
    with pytest.raises(InputError, match="wanted arrays recon and ids"):
        load_reconstructions(tmp_path, photos)


def test_agreement_is_one_for_the_photo_made_smaller_and_small_for_another() -> None:
    target = torch.rand(1, 3, 32, 32) * 2 - 1
    small = torch.nn.functional.avg_pool2d(target, 2)
    assert torch.allclose(training.agreement(small, target), torch.ones(1, 1, 16, 16))
    assert float(training.agreement(small + 0.5, target).max()) < 0.01


def test_colour_loss_sees_a_shift_on_the_person_and_not_detail() -> None:
    latent = torch.zeros(1, 3, 32, 32)
    person = torch.ones(1, 1, 64, 64)
    flat, sign = torch.zeros(1, 3, 64, 64), torch.ones(64, 64)
    sign[::2] = -1
    assert float(training.colour_loss(flat + 0.5 * sign, latent, person)) < 1e-6
    assert float(training.colour_loss(flat + 0.1, latent, person)) > 0.1


def test_style_loss_ignores_where_things_are() -> None:
    features = torch.rand(2, 8, 12, 12)
    moved = features.roll((3, 5), (2, 3))
    weight = torch.ones(2, 1, 12, 12)
    assert float(style_loss(moved, features, weight)) < 1e-6
    assert float(style_loss(features * 2, features, weight)) > 0.5


def test_pooled_match_pulls_towards_the_real_features() -> None:
    torch.manual_seed(0)
    match, fake = PooledMatch(200), torch.zeros(8, 4, 2, 2, requires_grad=True)
    for _ in range(10):
        loss = match([fake], [torch.randn(8, 4, 2, 2) + 3])
    loss.backward()
    assert fake.grad is not None and float(fake.grad.mean()) < 0


def test_critic_tells_apart_after_a_few_steps() -> None:
    torch.manual_seed(0)
    critic = ProjectedDiscriminator({"near": "1_2"}, width=16)
    optimiser = torch.optim.Adam(critic.parameters(), 1e-2)
    losses = []
    for _ in range(30):
        real, fake = ({"near": torch.rand(4, 64, 8, 8) + shift} for shift in (0.5, 0.0))
        loss = discriminator_loss(critic(real), critic(fake))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]


def test_a_run_leaves_weights_a_sheet_and_a_state_to_resume_from(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "CUT", 32)
    # The real weights are in a package of their own; untrained ones show the same way through the loop.
    monkeypatch.setattr(training, "load_vgg_features", lambda dtype: VggFeatures().to(dtype))
    parser = argparse.ArgumentParser()
    training.add_arguments(parser)
    words = ["--data", str(folder), "--out", str(tmp_path), "--batch", "2", "--workers", "0", "--precision", "no"]
    training.run(parser.parse_args([*words, "--steps", "2"]))
    assert (tmp_path / "decoder.safetensors").is_file() and (tmp_path / "sheet-000002.png").is_file()
    training.run(parser.parse_args([*words, "--steps", "3", "--resume"]))
    assert json.loads((tmp_path / "decoder.json").read_text())["steps"] == 3
