import pytest
import torch

from humandiffusion.encoders.load import load_encoder
from humandiffusion.errors import InputError
from humandiffusion.evaluation.measuring import memorised
from humandiffusion.evaluation.nearest import looks_of, nearest
from humandiffusion.evaluation.networks import inception_weights, load_network
from humandiffusion.evaluation.ruler import Ruler


def pictures(count: int, seed: int) -> list[torch.Tensor]:
    """Smooth ones, as different as can be."""
    rough = torch.rand(count, 3, 6, 4, generator=torch.Generator().manual_seed(seed))
    return list(torch.nn.functional.interpolate(rough, (96, 64), mode="bilinear"))


def test_a_copied_photo_is_found_also_if_it_is_mirrored() -> None:
    network = load_network("encoder", load_encoder())
    photos = pictures(5, 0)
    trained = looks_of(photos, network)
    asked = looks_of([pictures(1, 1)[0], photos[3], photos[2].flip(2)], network)
    found = nearest(asked, trained)
    assert found.which.tolist()[1:] == [3, 2]
    assert float(found.pixels[1:].max()) < 1e-6 < 0.02 < float(found.pixels[0])
    assert float(found.features[1]) < 1e-5 < float(found.features[2]) < 0.5 * float(found.features[0])
    figures = memorised(asked, Ruler(trained, trained))
    assert figures["nearest_pixels_p5"].value < 1e-3 and figures["nearest_pixels_median"].value < 1e-6


def test_the_network_is_named_and_one_that_is_not_here_says_how_to_get_it() -> None:
    encoder = load_encoder()
    network = load_network("encoder", encoder)
    assert encoder.encoder_id in network.name and not network.inception
    assert network(pictures(3, 0)).shape == (3, encoder.dim)
    if inception_weights() is None:
        assert not load_network("auto", encoder).inception
        with pytest.raises(InputError, match="pip install torch-fidelity"):
            load_network("inception", encoder)


def test_inception_is_fid_s_own_where_its_package_and_weights_are_here(tmp_path, monkeypatch) -> None:
    module = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(module, "load_state_dict_from_url", lambda *_, **__: pytest.fail("it went to the network"))
    assert inception_weights() is None
    # The true layout with random weights: what the constructor wants to find.
    monkeypatch.setattr(module.FeatureExtractorInceptionV3, "load_state_dict", lambda self, state: None)
    monkeypatch.setattr(torch, "load", lambda *_, **__: {})
    empty = module.FeatureExtractorInceptionV3("empty", ["2048"], feature_extractor_weights_path="none")
    monkeypatch.undo()
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    torch.save(empty.state_dict(), tmp_path / "checkpoints" / "weights-inception-2015-12-05-6726825d.pth")
    network = load_network("auto", load_encoder())
    assert network.inception and "Inception" in network.name
    features = network(pictures(2, 0))
    assert features.shape == (2, 2048) and bool(torch.isfinite(features).all())
