"""Laws of parsers inside ComfyUI: inside_parse.py COMFYUI PACK FOLDER. Nets have random weights, in files in FOLDER."""

from pathlib import Path
from typing import Any

from boot import MORE, NODES, part, refused, report

# isort: split
import comfy.model_management
import folder_paths
import torch
import transformers
from torch.utils._python_dispatch import TorchDispatchMode

FOLDER = Path(MORE[0])
net, files = part("humandiffusion.parsing.net"), part("humandiffusion.parsing.io")
parsers, atr = part("nodes.bridge.parsers"), part("humandiffusion.pose.crosswalks").crosswalk("atr")
folder_paths.add_model_folder_path("humandiffusion_parsers", str(FOLDER))
PHOTOS = torch.rand(2, 50, 30, 3, generator=torch.Generator().manual_seed(0))


def own(name: str, seed: int = 0) -> str:
    torch.manual_seed(seed)
    config = net.ParserConfig(widths=(8, 16), blocks=1)
    files.save_parser(FOLDER / name, config, net.ParserNet(config).state_dict(), area=128 * 192)
    return name


def segformer(name: str) -> str:
    torch.manual_seed(1)
    sizes = {"depths": [1] * 4, "hidden_sizes": [8, 16, 16, 16], "num_attention_heads": [1, 2, 2, 2]}
    names = dict(enumerate(atr.labels))
    config = transformers.SegformerConfig(**sizes, decoder_hidden_size=16, num_labels=len(names), id2label=names)
    with torch.inference_mode(False):
        transformers.SegformerForSemanticSegmentation(config).save_pretrained(FOLDER / name)
    return name


def load(name: str) -> Any:
    return NODES["LoadParser"].execute(name).result[0]


def from_image(image: Any = PHOTOS, keypoints: str = "none", soft_edges: bool = True, parser: Any = None) -> Any:
    return NODES["PoseFromImage"].execute(image, keypoints, soft_edges, parser).result


def law_every_photo_of_a_batch_gets_its_map() -> None:
    for name in (own("mine.safetensors"), segformer("clothes")):
        parser, before = load(name), PHOTOS.clone()
        pose, person, preview = from_image(parser=parser)
        assert pose.labels.shape == person.shape == (2, 50, 30) and preview.shape == (2, 50, 30, 3)
        assert pose.soft.shape == (2, 24, 50, 30) and torch.equal(PHOTOS, before)
        assert torch.allclose(person, 1 - pose.soft[:, 0])
        for i in range(2):
            assert torch.allclose(from_image(PHOTOS[i : i + 1], parser=parser)[0].soft, pose.soft[i : i + 1], atol=1e-4)
        hard, person, _ = from_image(parser=parser, soft_edges=False)
        assert hard.soft is None and torch.equal(person, (pose.labels != 0).float())


def law_unconnected_the_builtin_parser_is_used() -> None:
    assert torch.equal(from_image()[0].labels, from_image(parser=load("builtin"))[0].labels)


def law_transparency_is_left_out() -> None:
    parser = load(own("mine.safetensors"))
    clear = torch.cat((PHOTOS, torch.rand(2, 50, 30, 1)), 3)
    assert torch.equal(from_image(clear, parser=parser)[0].labels, from_image(parser=parser)[0].labels)


def law_nets_are_moved_and_unloaded_by_comfyui() -> None:
    for name in (own("mine.safetensors"), segformer("clothes")):
        parser = load(name)
        first = from_image(parser=parser)[0].labels
        loaded = [model.model for model in comfy.model_management.current_loaded_models]
        assert any(one is parser.patcher for one in loaded)
        comfy.model_management.unload_all_models()
        assert torch.equal(from_image(parser=parser)[0].labels, first)


def law_a_film_goes_through_in_groups() -> None:
    parser = load(own("mine.safetensors"))
    film = torch.rand(19, 16, 12, 3, generator=torch.Generator().manual_seed(2))
    pose = from_image(film, parser=parser)[0]
    assert torch.allclose(pose.soft[17:18], from_image(film[17:18], parser=parser)[0].soft, atol=1e-4)


def law_without_soft_edges_a_film_takes_no_shares_of_all_its_frames() -> None:
    parser = load(own("mine.safetensors"))
    film = torch.rand(19, 200, 150, 3, generator=torch.Generator().manual_seed(3))
    with Largest() as largest:
        hard = from_image(film, parser=parser, soft_edges=False)[0]
    assert hard.soft is None and largest.bytes < film[..., 0].numel() * 24 * 4 / 2
    assert torch.equal(hard.labels, from_image(film, parser=parser)[0].labels)


class Largest(TorchDispatchMode):
    """How many bytes the largest tensor has that is made within."""

    bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for one in made if isinstance(made, (tuple, list)) else [made]:
            if isinstance(one, torch.Tensor):
                self.bytes = max(self.bytes, one.untyped_storage().nbytes())
        return made


def law_a_cancel_stops_a_film_at_the_next_group() -> None:
    parser, asked = load(own("mine.safetensors")), []
    shares = parser.parser.shares

    def cancelled_meanwhile(images: Any) -> Any:
        asked.append(len(images))
        found = shares(images)
        comfy.model_management.interrupt_current_processing(True)
        return found

    parser.parser.shares = cancelled_meanwhile
    try:
        from_image(torch.rand(40, 16, 12, 3), parser=parser)
    except comfy.model_management.InterruptProcessingException:
        assert len(asked) == 1
        return
    finally:
        comfy.model_management.interrupt_current_processing(False)
    raise AssertionError("not stopped")


def law_files_and_folders_are_listed_and_others_are_not() -> None:
    own("mine.safetensors"), segformer("clothes")
    (FOLDER / "old.bin").write_bytes(b"pickled")
    options = NODES["LoadParser"].define_schema().inputs[0].options
    assert options[0] == "builtin" and {"mine.safetensors", "clothes"} <= set(options)
    assert not {"old.bin", "clothes/model.safetensors"} & set(options)
    node = NODES["LoadParser"]
    assert node.validate_inputs("clothes") is True and node.validate_inputs("builtin") is True
    for name in ("old.bin", "../clothes", "/etc"):
        assert "model.safetensors" in node.validate_inputs(name)
    before = [node.fingerprint_inputs(name) for name in ("mine.safetensors", "clothes")]
    own("mine.safetensors", seed=5)
    (FOLDER / "clothes" / "preprocessor_config.json").write_text('{"size": 256}')
    after = [node.fingerprint_inputs(name) for name in ("mine.safetensors", "clothes")]
    assert before[0] != after[0] and before[1] != after[1]


def law_torn_files_are_refused_by_name() -> None:
    whole = (FOLDER / own("mine.safetensors")).read_bytes()
    (FOLDER / "torn.safetensors").write_bytes(whole[:3000])
    refused(lambda: load("torn.safetensors"), "torn.safetensors")


def law_keypoints_want_a_package_and_say_so() -> None:
    (FOLDER / "joints").mkdir(exist_ok=True)
    (FOLDER / "joints" / "body_pose_model.pth").write_bytes(b"")
    assert "joints" in parsers.list_annotators() and "clothes" not in parsers.list_annotators()
    assert NODES["PoseFromImage"].validate_inputs("joints") is True
    assert "body_pose_model.pth" in NODES["PoseFromImage"].validate_inputs("gone")
    parser = load(own("mine.safetensors"))
    refused(lambda: from_image(keypoints=str(FOLDER / "joints"), parser=parser), "is not there")
    refused(lambda: from_image(keypoints="joints", parser=parser), "controlnet_aux", "keypoints")


def law_a_file_put_beside_the_joints_is_noticed() -> None:
    (FOLDER / "joints").mkdir(exist_ok=True)
    (FOLDER / "joints" / "body_pose_model.pth").write_bytes(b"")
    node, told = NODES["PoseFromImage"], {"image": None, "soft_edges": True, "keypoints": "joints"}
    before = node.fingerprint_inputs(**told)
    assert node.fingerprint_inputs(**told) == before
    (FOLDER / "joints" / "hand_pose_model.pth").write_bytes(b"hands")
    assert node.fingerprint_inputs(**told) != before, "hands are looked for once their file is there"
    assert node.fingerprint_inputs(image=None, soft_edges=True, keypoints="none") == "none"


report(globals())
