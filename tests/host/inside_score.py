"""Laws of scoring, transfer and films inside ComfyUI: inside_score.py COMFYUI PACK MODELS. Models are tiny, parser and
encoder the builtin ones."""

import json
from typing import Any

from boot import MORE, NODES, part, refused, report

# isort: split
import comfy.sample
import comfy_extras.nodes_custom_sampler as custom
import folder_paths
import torch

MODELS = MORE[0]
for kind in ("denoisers", "encoders", "memories"):
    folder_paths.add_model_folder_path(f"humandiffusion_{kind}", f"{MODELS}/{kind}")
describe, preset = part("humandiffusion.describe").describe, part("humandiffusion.pose.presets").load_preset
Pose, render = part("humandiffusion.pose.semantic_pose").SemanticPose, part("humandiffusion.pose.render").render
POSE = preset("standing-trousers", (192, 128))
PICTURES = torch.rand(3, 192, 128, 3, generator=torch.Generator().manual_seed(0))
PROMPTS = describe("A woman in a red blouse and blue trousers")


def node(name: str, **inputs: Any) -> Any:
    return NODES[name].execute(**inputs).result


def score(image: torch.Tensor = PICTURES, **more: Any) -> Any:
    return node("Score", **{"image": image, "pose": POSE, "prompts": PROMPTS, "pass_mark": 0.6, **more})


def best(**inputs: Any) -> Any:
    """As ComfyUI calls a node that takes lists: every input comes as one."""
    return node("BestOf", **{name: value if isinstance(value, list) else [value] for name, value in inputs.items()})


def law_a_batch_is_scored_picture_by_picture() -> None:
    mean, scores, told, overlay, worst, phrase, redo = score()
    assert len(scores) == 3 and abs(mean - sum(scores) / 3) < 1e-3
    singles = [score(PICTURES[i : i + 1])[1][0] for i in range(3)]
    assert all(abs(a - b) < 0.02 for a, b in zip(scores, singles, strict=True))
    assert overlay.shape[:2] == (3, 192) and overlay.shape[2] > 128
    found = json.loads(told)["pictures"]
    assert (
        len(found) == 3
        and worst in {one["worst"] for one in found}
        and phrase == PROMPTS.get(part("humandiffusion.parts").part_index(worst)).phrase
    )
    assert redo == (min(p["score"] for one in found for p in one["parts"] if p["text_fit"] is not None) < 0.6)


def law_redo_is_off_where_nothing_is_asked_or_all_passes() -> None:
    assert score(pass_mark=0.0)[-1] is False and score(pass_mark=1.0)[-1] is True
    nothing = score(prompts=part("humandiffusion.prompts").PartPrompts(), pass_mark=1.0)
    assert nothing[-1] is False and nothing[-2] == ""


def law_parser_and_encoder_may_be_connected() -> None:
    parser, encoder = node("LoadParser", parser_name="builtin")[0], node("LoadPartEncoder", encoder_name="builtin")[0]
    assert score(parser=parser, encoder=encoder)[1] == score()[1]
    tiny = node("LoadPartEncoder", encoder_name="tiny.safetensors")[0]
    assert score(encoder=tiny)[1] != score()[1]


def law_the_best_are_kept_best_first_by_given_scores_or_by_its_own() -> None:
    kept, indices, scores = best(images=PICTURES, keep=2, scores=[0.1, 0.9, 0.4])
    assert indices == [1, 2] and scores == [0.9, 0.4] and torch.equal(kept, PICTURES[[1, 2]])
    own = score()[1]
    kept, indices, scores = best(images=PICTURES, keep=1, pose=POSE, prompts=PROMPTS)
    assert indices == [max(range(3), key=lambda i: own[i])] and torch.equal(kept, PICTURES[indices])
    listed = best(images=[PICTURES[:1], PICTURES[1:]], keep=3, pose=POSE, prompts=PROMPTS)
    assert sorted(listed[1]) == [0, 1, 2]


def law_what_does_not_fit_is_refused_by_name() -> None:
    refused(lambda: best(images=PICTURES, keep=1), "pose and prompts", "scores")
    refused(lambda: best(images=PICTURES, keep=1, scores=[0.5]), "1 for 3 pictures")
    refused(lambda: best(images=[PICTURES, PICTURES[:, :64]], keep=1, scores=[0.5]), "different sizes")
    refused(lambda: score(pose=Pose(POSE.labels.repeat(2, 1, 1))), "2 maps for 3 pictures")


def law_a_look_moves_to_another_map() -> None:
    picture, map_ = render(POSE), POSE
    take = {"image": picture, "pose": map_, "weight": 1.0, "words": True}
    (worn,) = node("PromptsFromPicture", parts="", **take)
    (coat,) = node("PromptsFromPicture", parts="top, hair", prompts=PROMPTS, **take)
    names = {prompt.name for prompt in worn.parts}
    assert {"top", "pants", "hair"} <= names and "background" not in names
    assert all(prompt.image is not None for prompt in worn.parts)
    assert {prompt.name for prompt in coat.parts if prompt.image is not None} == {"top", "hair"}
    memory = node("LoadMemory", memory_name="tiny.safetensors")[0]
    encoder = node("LoadPartEncoder", encoder_name="tiny.safetensors")[0]
    asked = {"encoder": encoder, "memory": memory, "prompts": worn, "k": 2, "tau": 0.05, "blend": 1.0, "scope": "part"}
    features = node("RetrieveStyle", **asked)[0]
    assert {one.how for one in features.retrieved if one.part in (1, 5)} == {"image"}
    refused(lambda: node("PromptsFromPicture", parts="bag", **take), "none of bag")


def frames(count: int = 3) -> Any:
    return NODES["InterpolatePose"].execute(POSE, preset("standing-trousers", (192, 128)), count, "auto").result[0]


def law_frame_noise_drives_a_custom_sampler_and_one_frame_of_it_is_ksamplers() -> None:
    model = node("LoadModel", model_name="tiny.safetensors")[0]
    memory = node("LoadMemory", memory_name="tiny.safetensors")[0]
    encoder = node("LoadPartEncoder", encoder_name="tiny.safetensors")[0]
    asked = {"encoder": encoder, "memory": memory, "prompts": PROMPTS, "k": 2, "tau": 0.05, "blend": 1.0}
    features = node("RetrieveStyle", scope="part", **asked)[0]
    size = {"width": 128, "height": 192, "batch_size": 1}
    positive, negative, latent = node("Conditioning", features=features, pose=frames(), **size)

    def film(way: str) -> torch.Tensor:
        (noise,) = node("FrameNoise", pose=frames(), noise_seed=3, way=way)
        (guider,) = custom.CFGGuider.execute(model, positive, negative, 2.0).result
        (sigmas,) = custom.BasicScheduler.execute(model, "normal", 2, 1.0).result
        (sampler,) = custom.KSamplerSelect.execute("euler").result
        return custom.SamplerCustomAdvanced.execute(noise, guider, sampler, sigmas, latent).result[0]["samples"]

    noise = comfy.sample.prepare_noise(latent["samples"], 3)
    assert torch.equal(NODES["FrameNoise"].execute(frames(), 3, "independent").result[0].generate_noise(latent), noise)
    still, apart = film("moved"), film("independent")
    assert torch.allclose(still[0], still[1], atol=1e-4) and not torch.allclose(apart[0], apart[1], atol=1e-2)
    assert torch.allclose(still[0], apart[0], atol=1e-4)


if __name__ == "__main__":
    report(globals())
