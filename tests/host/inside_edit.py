"""Laws of editing one part inside ComfyUI: inside_edit.py COMFYUI PACK TINY_MODELS SD_FILES, see boot.py."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import sd_files  # noqa: F401  (finds random_models)
from random_models import FEW_LAYERS

# isort: split
from boot import MORE, NODES, part, refused, report

# isort: split
import comfy.sd
import comfy_extras.nodes_differential_diffusion as differential
import torch

import nodes as core

TINY, SD = map(Path, MORE)
bridge = part("nodes.bridge.native_model")
MODEL, VAE = bridge.load_native_model(str(TINY / "denoisers" / "tiny.safetensors"))
ENCODER = part("humandiffusion.encoders.builtin").load_encoder(TINY / "encoders" / "tiny.safetensors")
MEMORY = part("humandiffusion.smr.io").load_memory(TINY / "memories" / "tiny.safetensors")
CHECKPOINT, CLIP, SD_VAE, _ = comfy.sd.load_checkpoint_guess_config(
    str(SD / "sd15.safetensors"), te_model_options=FEW_LAYERS
)
prompts = part("humandiffusion.prompts")
mask_of = part("humandiffusion.editing.mask").part_mask
STANDING, DRESSED = (
    part("humandiffusion.pose.presets").load_preset(name, (192, 128))
    for name in ("standing-trousers", "standing-dress")
)
TOP, DRESS, HEADWEAR, FOOTWEAR, SKIN = 1, 4, 7, 11, 15
PICTURE = torch.rand(1, 192, 128, 3, generator=torch.Generator().manual_seed(3))
NATIVE = {"model": MODEL, "vae": VAE, "encoder": ENCODER, "memory": MEMORY}
ALIGNED = {"strength": 1.0, "start": 0.0, "end": 1.0, "coarse": 1.0, "middle": 1.0, "fine": 1.0}
ALIGNED |= {"prompt_inside": 0.3, "regions": "soft", "feather": 8.0}
STABLE = {"model": CHECKPOINT, "vae": SD_VAE, "clip": CLIP, "resolution": 128, "cfg": 4.0}


def edit(**options: Any) -> tuple[Any, Any, Any]:
    given = {"image": PICTURE, "pose": STANDING, "part": "top", "phrase": "a green shirt", "seed": 1, "steps": 2}
    given |= {"cfg": 2.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0, "grow": 4.0, "feather": 8.0}
    return NODES["EditPart"].execute(**{**given, **options}).result


def law_no_bit_outside_the_mask_changes() -> None:
    kept = PICTURE.clone()
    for family in (NATIVE, STABLE):
        for name in ("top", "pants", "hair", "footwear", "background"):
            image, mask, _ = edit(**family, part=name, image=PICTURE)
            assert torch.equal(image[mask == 0], PICTURE[mask == 0]), name
            changed = (image != PICTURE).any(-1)
            assert changed[mask == 1].float().mean() > 0.9 and image.isfinite().all(), name
    assert torch.equal(PICTURE, kept)


def law_the_command_line_paints_the_same() -> None:
    """The library's own sampling is KSampler's with a noise mask."""
    guidance, native = part("humandiffusion.guidance"), part("humandiffusion.editing.native")
    sampling, wishes = part("humandiffusion.editing.masked_sampling"), part("humandiffusion.editing.wishes")
    for denoise in (1.0, 0.6):
        image, _, _ = edit(**NATIVE, steps=4, denoise=denoise)
        plan = part("humandiffusion.editing.plan").plan_edit(PICTURE, STANDING, TOP, largest=1.0)
        features = wishes.edit_features(ENCODER, MEMORY, *plan.wishes("a green shirt"))
        known = native.area_latent(plan.area)
        size = tuple(known.shape[2:])
        shares = part("humandiffusion.pose.occupancy").occupancy(plan.map, size)
        net = MODEL.model.diffusion_model.unet
        model = guidance.GuidedDenoiser(net, shares, [features], "region", False)
        noise = part("humandiffusion.sampling").starting_noise(1, tuple(known.shape))
        sigmas = sampling.masked_sigmas(4, denoise)
        latent = sampling.sample_masked(model, known, noise, plan.latent_hole(size), sigmas, 2.0)
        patch = ((VAE.first_stage_model.decoder(latent) + 1) / 2).clamp(0, 1).movedim(1, -1)
        assert torch.allclose(plan.finish(patch), image, atol=2 / 255), (plan.finish(patch) - image).abs().max()


def law_not_needed_is_exactly_the_picture_that_came_in() -> None:
    image, mask, pose = edit(**NATIVE, needed=False)
    assert image is PICTURE and not mask.any() and pose is STANDING


def law_a_batch_is_its_singles() -> None:
    two = torch.cat((PICTURE, PICTURE.flip(2)))
    poses = type(STANDING)(torch.cat((STANDING.labels, STANDING.labels.flip(2))))
    for family in (NATIVE, STABLE):
        image, mask, pose = edit(**family, image=two, pose=poses)
        for i in range(2):
            alone, own, _ = edit(**family, image=two[i : i + 1], pose=poses.select(i))
            assert torch.equal(image[i : i + 1], alone) and torch.equal(mask[i : i + 1], own)
        assert pose.batch == 2
    refused(lambda: edit(**NATIVE, image=torch.cat((two, PICTURE)), pose=poses), "2 maps for 3 images")


def law_words_pictures_and_shapes_count() -> None:
    plain = edit(**NATIVE)[0]
    cloth = torch.zeros(1, 20, 20, 3) + torch.tensor([0.1, 0.6, 0.2])
    half = torch.zeros(1, 20, 20)
    half[:, :10] = 1
    for other in ({"phrase": "a red coat"}, {"reference": cloth, "phrase": ""}, {"seed": 2}, {"denoise": 0.5}):
        assert not torch.equal(edit(**NATIVE, **other)[0], plain), other
    edit(**NATIVE, reference=cloth, reference_mask=half)
    image, mask, pose = edit(**NATIVE, phrase="a hat", part="headwear", new_pose=_with_hat())
    hat = pose.labels == HEADWEAR
    assert hat.any() and (mask[hat] == 1).all() and torch.equal(image[mask == 0], PICTURE[mask == 0])
    refused(lambda: edit(**NATIVE, part="headwear"), "headwear", "not in the map")
    refused(lambda: edit(**NATIVE, phrase=" "), "phrase")


def _with_hat() -> Any:
    labels = STANDING.labels.clone()
    rows, columns = (labels[0] == 13).nonzero().unbind(1)
    labels[:, max(0, int(rows.min()) - 4) : int(rows.min()) + 4, int(columns.min()) : int(columns.max())] = HEADWEAR
    return type(STANDING)(labels)


def law_without_a_map_the_parser_finds_one() -> None:
    image, mask, pose = edit(**NATIVE, pose=None, part="background")
    assert pose.labels.shape == (1, 192, 128) and torch.equal(image[mask == 0], PICTURE[mask == 0])


def law_each_family_says_what_it_lacks() -> None:
    cloth = torch.rand(1, 8, 8, 3)
    sd = {key: value for key, value in STABLE.items() if key != "clip"}
    refused(lambda: edit(**sd), "clip", "SD 1.5")
    refused(lambda: edit(**STABLE, reference=cloth), "adapter")
    encoded = core.CLIPTextEncode().encode(CLIP, "a man")[0]
    refused(lambda: edit(**NATIVE, positive=encoded), "positive", "HumanDiffusion's own")
    wide = type(STANDING)(STANDING.labels[:, :96])
    refused(lambda: edit(**NATIVE, pose=wide), "128x96 for a picture of 128x192")


def law_the_words_of_positive_and_of_other_parts_count_on_stable_diffusion() -> None:
    plain = edit(**STABLE)[0]
    encoded = core.CLIPTextEncode().encode(CLIP, "a man in the street")[0]
    said = prompts.PartPrompts(parts=(prompts.PartPrompt(5, "blue jeans"), prompts.PartPrompt(11, "boots")))
    for other in ({"positive": encoded}, {"negative": encoded}, {"prompts": said}):
        image, mask, _ = edit(**STABLE, **other)
        assert not torch.equal(image, plain) and torch.equal(image[mask == 0], PICTURE[mask == 0])


def law_single_nodes_do_an_edit_with_stock_nodes() -> None:
    """Crop Part, VAE Encode (for Inpainting) or Set Latent Noise Mask with Differential Diffusion, Uncrop Part."""
    cut = {"part": "top", "grow": 4.0, "feather": 8.0, "hull": False}
    area, pose, mask, crop = (
        NODES["CropPart"]
        .execute(image=PICTURE, pose=STANDING, context=0.5, resolution=128, multiple_of=64, **cut)
        .result
    )
    (whole,) = NODES["PartMask"].execute(pose=STANDING, image=PICTURE, **cut).result
    assert area.shape[1:3] == mask.shape[1:3] == pose.labels.shape[1:3] and torch.equal(crop.mask, whole)
    told = prompts.PartPrompts(parts=(prompts.PartPrompt(TOP, "a green shirt"),))
    positive, negative = (core.CLIPTextEncode().encode(CLIP, text)[0] for text in ("a man", ""))
    model, positive, negative = (
        NODES["ApplyMCA"].execute(CHECKPOINT, positive, negative, CLIP, told, pose, **ALIGNED).result
    )
    soft = differential.DifferentialDiffusion.execute(model).result[0]
    (masked,) = core.SetLatentNoiseMask().set_mask(core.VAEEncode().encode(SD_VAE, area)[0], mask)
    (filled,) = core.VAEEncodeForInpaint().encode(SD_VAE, area, mask)
    for painter, latent in ((soft, masked), (model, filled)):
        (done,) = core.common_ksampler(painter, 1, 2, 4.0, "euler", "normal", positive, negative, latent)
        (patch,) = core.VAEDecode().decode(SD_VAE, done)
        (image,) = NODES["UncropPart"].execute(PICTURE, crop, patch).result
        assert torch.equal(image[whole == 0], PICTURE[whole == 0]) and not torch.equal(image, PICTURE)


def law_a_frame_without_the_part_keeps_its_picture() -> None:
    bare = replace(STANDING, labels=torch.where(STANDING.labels == TOP, SKIN, STANDING.labels), soft=None)
    both = STANDING.stack([bare, replace(STANDING, soft=None)])
    image, mask, _ = edit(**NATIVE, image=torch.cat((PICTURE, PICTURE)), pose=both)
    assert torch.equal(image[0], PICTURE[0]) and not mask[0].any()
    assert not torch.equal(image[1], PICTURE[0]) and mask[1].any()
    refused(lambda: edit(**NATIVE, new_pose=bare), "takes away", "skin")


def law_a_conditioning_that_has_regions_already_is_refused_by_name() -> None:
    given = [core.CLIPTextEncode().encode(CLIP, text)[0] for text in ("a man", "")]
    told = prompts.PartPrompts(parts=(prompts.PartPrompt(TOP, "a green shirt"),))
    _, positive, negative = NODES["ApplyMCA"].execute(CHECKPOINT, *given, CLIP, told, STANDING, **ALIGNED).result
    refused(lambda: edit(**STABLE, positive=positive), "positive", "before Apply MCA")
    refused(lambda: edit(**STABLE, negative=negative), "negative", "before Apply MCA")


def law_of_two_people_one_is_edited() -> None:
    """And each single node knows whose part is meant; without `person`, as saved workflows are, it is everybody's."""
    change = part("humandiffusion.pose.transform")
    left, right = (change.move(STANDING, step, 0, 0.6) for step in (-30, 30))
    two = change.merge(left, right)
    image, mask, _ = edit(**NATIVE, pose=two, person=2)
    assert torch.equal(mask, mask_of(right, TOP)) and torch.equal(image[mask == 0], PICTURE[mask == 0])
    assert not torch.equal(image, PICTURE) and not mask[left.labels == TOP].any()
    cut = {"pose": two, "part": "top", "grow": 4.0, "feather": 8.0, "hull": False}
    for person, alone in ((0, two), (1, left), (2, right)):
        assert torch.equal(NODES["PartMask"].execute(**cut, person=person).result[0], mask_of(alone, TOP))
    assert torch.equal(NODES["PartMask"].execute(**cut).result[0], mask_of(two, TOP))
    sized = {"image": PICTURE, "context": 0.5, "resolution": 128, "multiple_of": 64}
    assert torch.equal(NODES["CropPart"].execute(**cut, **sized, person=1).result[3].mask, mask_of(left, TOP))
    refused(lambda: edit(**NATIVE, pose=two, person=3), "person: got 3", "has 1, 2")


def law_a_picture_without_colours_is_refused_by_the_name_of_the_input() -> None:
    grey = PICTURE[..., :1]
    cut = {"pose": STANDING, "part": "top", "grow": 4.0, "feather": 8.0, "hull": False, "context": 0.5}
    for map_ in (STANDING, None):
        refused(lambda map_=map_: edit(**NATIVE, image=grey, pose=map_), "image: got a picture of 1 channels, wanted")
    refused(lambda: NODES["CropPart"].execute(image=grey, **cut, resolution=128, multiple_of=64), "image: got")
    refused(lambda: NODES["CropTiles"].execute(grey, STANDING, 128, 128, 32, 1), "image: got")


def law_tiles_have_their_own_maps_and_come_together() -> None:
    tiles, poses, where = NODES["CropTiles"].execute(PICTURE, STANDING, 128, 128, 32, 1).result
    assert len(tiles) == len(poses) == len(where) == 2 and {len(one) for one in tiles} == {1}
    (whole,), (maps,), _ = NODES["CropTiles"].execute(PICTURE, STANDING, 128, 128, 32, 0).result
    assert torch.equal(whole, torch.cat(tiles)) and torch.equal(maps.labels, torch.cat([one.labels for one in poses]))
    assert torch.allclose(NODES["JoinTiles"].execute(tiles, [where]).result[0], PICTURE, atol=1e-5)
    refined = _refined(tiles, poses, "black boots")
    # Shoes are in the lower tile only: what is said of them is nothing to the upper one.
    assert [bool((pose.labels == FOOTWEAR).any()) for pose in poses] == [False, True]
    others = _refined(tiles, poses, "white sandals")
    assert torch.equal(others[0], refined[0]) and not torch.equal(others[1], refined[1])
    assert not torch.equal(_refined(tiles, poses[::-1], "white sandals")[0], refined[0]), "in the wrong order it is"
    (image,) = NODES["JoinTiles"].execute(refined, [where]).result
    assert image.shape == PICTURE.shape and image.isfinite().all()
    assert torch.equal(image[:, : where[1].top], refined[0][:, : where[1].top])


def _refined(tiles: list[Any], poses: list[Any], shoes: str) -> list[Any]:
    told = tuple(prompts.PartPrompt(*one) for one in ((TOP, "a green shirt"), (FOOTWEAR, shoes)))
    features = part("humandiffusion.smr.features").retrieve(ENCODER, MEMORY, prompts.PartPrompts(parts=told))
    refined = []
    for tile, pose in zip(tiles, poses, strict=True):
        condition = NODES["Conditioning"].execute(features, pose, 0, 0, 1).result
        (latent,) = core.VAEEncode().encode(VAE, tile)
        (done,) = core.common_ksampler(MODEL, 1, 2, 2.0, "euler", "normal", *condition[:2], latent, denoise=0.5)
        refined.append(core.VAEDecode().decode(VAE, done)[0])
    return refined


if __name__ == "__main__":
    report(globals())
