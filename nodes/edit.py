"""Change one part of a picture and nothing else, in one node."""

from typing import Any

import torch

from ..humandiffusion.editing.crop import CONTEXT, at_size_of, check_image
from ..humandiffusion.editing.mask import part_shape
from ..humandiffusion.editing.plan import plan_edit
from ..humandiffusion.errors import InputError
from ..humandiffusion.parts import part_index
from ..humandiffusion.pose.semantic_pose import SemanticPose as Pose
from .bridge import parsers
from .bridge.editing import Painter
from .bridge.folders import BUILTIN
from .bridge.sampling import SAMPLERS, SCHEDULERS
from .part_crops import LARGEST, context_input, length_inputs, part_input, person_input
from .prompts import one_picture
from .types import PartAdapter, PartEncoder, PartPrompts, PersonParser, SemanticPose, StyleMemory, io


class EditPart(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionEditPart",
            display_name="Edit Part",
            category="HumanDiffusion/edit",
            description="Changes one garment or body part of a picture, by words, by another picture or in a new "
            "shape, and nothing else: every pixel outside the part's mask stays exactly as it is.",
            search_aliases=["inpaint", "change clothes", "try on", "detailer", "replace garment", "recolour"],
            is_experimental=True,
            inputs=[
                io.Model.Input(
                    "model",
                    tooltip="From Load HumanDiffusion Model; or an SD 1.5 or SDXL checkpoint, also one for inpainting, "
                    "with or without LoRA.",
                ),
                io.Vae.Input("vae", tooltip="The VAE of the same loader."),
                io.Image.Input("image", tooltip="The picture to change; of a batch, each one by itself."),
                part_input("Which part to change."),
                io.String.Input(
                    "phrase",
                    default="a dark green velvet blouse",
                    multiline=True,
                    dynamic_prompts=True,
                    tooltip="What it is to look like. May be empty if there is a reference picture, or a new shape, in "
                    "which it then keeps its look.",
                ),
                io.Int.Input(
                    "seed",
                    default=0,
                    min=0,
                    max=0xFFFFFFFFFFFFFFFF,
                    control_after_generate=True,
                    tooltip="Another seed gives another one of the kind.",
                ),
                io.Int.Input("steps", default=20, min=1, max=1000, tooltip="How often it is refined."),
                io.Float.Input(
                    "cfg",
                    default=2.0,
                    min=0.0,
                    max=30.0,
                    step=0.1,
                    round=0.01,
                    tooltip="How strongly the words are pressed: about 2 with HumanDiffusion's own model, 7 with most "
                    "Stable Diffusion checkpoints.",
                ),
                io.Combo.Input(
                    "sampler_name", options=SAMPLERS, default="euler", tooltip="The method of refining, as in KSampler."
                ),
                io.Combo.Input(
                    "scheduler",
                    options=SCHEDULERS,
                    default="normal",
                    tooltip="How the noise falls from step to step, as in KSampler.",
                ),
                io.Float.Input(
                    "denoise",
                    default=1.0,
                    min=0.01,
                    max=1.0,
                    step=0.01,
                    tooltip="1 paints the part wholly anew. Less keeps its folds, and with them its old colour.",
                ),
                *length_inputs(),
                SemanticPose.Input(
                    "pose",
                    optional=True,
                    tooltip="The map of the picture. Unconnected, the parser finds one.",
                ),
                SemanticPose.Input(
                    "new_pose",
                    optional=True,
                    tooltip="The map with the part in its new shape, or with a part that was not there, as from Pose "
                    "Editor. Only this part of it counts.",
                ),
                io.Image.Input(
                    "reference",
                    optional=True,
                    tooltip="A picture of what it is to look like. Stable Diffusion needs adapter to see it.",
                ),
                io.Mask.Input(
                    "reference_mask", optional=True, tooltip="Where on the reference the garment is; else all of it."
                ),
                PartPrompts.Input(
                    "prompts",
                    optional=True,
                    tooltip="What the other parts are, from Describe Person, so that Stable Diffusion keeps to it at "
                    "the borders. HumanDiffusion's own model looks at the picture instead.",
                ),
                PartEncoder.Input(
                    "encoder",
                    optional=True,
                    tooltip="With HumanDiffusion's own model: from Load Part Encoder. Unconnected, the builtin one.",
                ),
                StyleMemory.Input(
                    "memory",
                    optional=True,
                    tooltip="With HumanDiffusion's own model: the wardrobe, from Load Style Memory. Unconnected, the "
                    "builtin one.",
                ),
                io.Clip.Input("clip", optional=True, tooltip="Needed with Stable Diffusion: reads the phrases."),
                io.Conditioning.Input(
                    "positive",
                    optional=True,
                    tooltip="With Stable Diffusion: what is around the part in words, from CLIP Text Encode. "
                    "Unconnected, the phrases.",
                ),
                io.Conditioning.Input(
                    "negative",
                    optional=True,
                    tooltip="With Stable Diffusion: what it should not be, from CLIP Text Encode. "
                    "Unconnected, nothing.",
                ),
                PartAdapter.Input(
                    "adapter",
                    optional=True,
                    tooltip="With Stable Diffusion: from Load Adapter, to see the reference picture.",
                ),
                io.ClipVision.Input(
                    "clip_vision", optional=True, tooltip="The CLIP Vision that the adapter needs; its help says which."
                ),
                PersonParser.Input(
                    "parser",
                    optional=True,
                    tooltip="Finds the map if none is connected. From Load Parser; unconnected, the builtin one.",
                ),
                context_input(optional=True),
                io.Int.Input(
                    "resolution",
                    optional=True,
                    default=0,
                    min=0,
                    max=LARGEST,
                    step=64,
                    advanced=True,
                    tooltip="How large the part with its surroundings is painted: about as many pixels as a square of "
                    "this side. 0 is what the model was trained for.",
                ),
                io.Boolean.Input(
                    "needed",
                    optional=True,
                    default=True,
                    advanced=True,
                    tooltip="Off does nothing: exactly the picture that came in. Connect redo of HumanDiffusion Score "
                    "to change a part only where it did not come out well.",
                ),
                person_input(),
            ],
            outputs=[
                io.Image.Output(display_name="image", tooltip="The picture with the part changed."),
                io.Mask.Output(display_name="mask", tooltip="Where it may have changed: black is exactly as it was."),
                SemanticPose.Output(
                    display_name="pose", tooltip="The map of the new picture, for the next Edit Part or the Score."
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        model: io.Model.Type,
        vae: io.Vae.Type,
        image: Any,
        part: str,
        phrase: str,
        denoise: float,
        grow: float,
        feather: float,
        pose: SemanticPose.Type | None = None,
        new_pose: SemanticPose.Type | None = None,
        reference: Any = None,
        reference_mask: Any = None,
        parser: PersonParser.Type | None = None,
        context: float = CONTEXT,
        resolution: int = 0,
        needed: bool = True,
        person: int = 0,
        seed: int = 0,
        steps: int = 20,
        cfg: float = 2.0,
        sampler_name: str = "euler",
        scheduler: str = "normal",
        **beside: Any,
    ) -> io.NodeOutput:
        check_image(image)
        if pose is None:
            pose = (parser or parsers.load_parser(BUILTIN)).parse(image[..., :3].movedim(-1, 1))
        if not needed:
            return io.NodeOutput(image, torch.zeros(image.shape[:3]), pose)
        painter = Painter(model, vae, **beside)
        painter.check()
        shown = one_picture(reference, "reference"), one_picture(reference_mask, "reference_mask")
        settings = {"seed": seed, "steps": steps, "cfg": cfg, "sampler_name": sampler_name, "scheduler": scheduler}
        index, maps_of = part_index(part), ((pose, "pose"), (new_pose, "new_pose"))
        frames = [
            (image[i : i + 1], *(one and _of_frame(one, i, len(image), name) for one, name in maps_of))
            for i in range(len(image))
        ]
        # A frame of a film in which the part is out of sight stays as it is.
        shows = [
            any(one is not None and bool(part_shape(one, index, person).any()) for one in maps) for _, *maps in frames
        ]
        plans = [
            plan_edit(
                picture,
                map_,
                index,
                new_pose=new,
                grow=grow,
                feather=feather,
                context=context,
                person=person,
                **painter.crop_settings(resolution),
            )
            if shown_here or not any(shows)
            else None
            for (picture, map_, new), shown_here in zip(frames, shows, strict=True)
        ]
        done = [
            (picture, torch.zeros(picture.shape[:3]), at_size_of(map_, (picture.shape[1], picture.shape[2])))
            if plan is None
            else (plan.finish(painter.paint(plan, phrase, *shown, denoise=denoise, **settings)), plan.mask, plan.after)
            for plan, (picture, map_, _) in zip(plans, frames, strict=True)
        ]
        pictures, masks, maps = zip(*done, strict=True)
        return io.NodeOutput(torch.cat(pictures), torch.cat(masks), Pose.stack(maps))


def _of_frame(pose: Pose, index: int, frames: int, name: str) -> Pose:
    if pose.batch not in (1, frames):
        raise InputError(f"{name}: got {pose.batch} maps for {frames} images, wanted as many, or one for all")
    return pose.select(index % pose.batch)
