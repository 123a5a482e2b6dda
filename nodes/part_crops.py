"""The mask of a part, and crops around it that carry the map: single nodes for those who wire an edit themselves."""

from typing import Any

from ..humandiffusion.editing.crop import (
    CONTEXT,
    CutPart,
    at_size_of,
    check_image,
    crop_around,
    crop_mask,
    crop_picture,
    crop_pose,
    uncrop,
)
from ..humandiffusion.editing.mask import FEATHER, GROW, part_mask, require_part
from ..humandiffusion.parts import PART_NAMES, part_index
from .types import PartCrop, SemanticPose, io

LARGEST = 4096
_UNIT = "In pixels of a picture of 256 x 384; on larger pictures it is larger in proportion."


def part_input(tooltip: str) -> io.Combo.Input:
    """A choice of part."""
    return io.Combo.Input("part", options=list(PART_NAMES), default="top", tooltip=tooltip)


def length_inputs() -> list[io.Float.Input]:
    """`grow` and `feather`."""
    limits = {"min": 0.0, "max": 256.0, "step": 0.5}
    grow = f"How far around the part everything belongs to it wholly. {_UNIT}"
    feather = f"How softly it ends beyond that. What lies further away stays exactly as it is. {_UNIT}"
    return [
        io.Float.Input("grow", default=GROW, tooltip=grow, **limits),
        io.Float.Input("feather", default=FEATHER, tooltip=feather, **limits),
    ]


def context_input(**options: Any) -> io.Float.Input:
    """`context`."""
    return io.Float.Input(
        "context",
        default=CONTEXT,
        min=0.0,
        max=10.0,
        step=0.05,
        advanced=True,
        tooltip="How much of the surroundings the model sees around the part, as a share of the part's own height and "
        "width. More keeps it of one piece, less gives the part more pixels.",
        **options,
    )


def person_input() -> io.Int.Input:
    """`person`, which saved workflows may lack."""
    return io.Int.Input(
        "person",
        optional=True,
        default=0,
        min=0,
        max=255,
        tooltip="Whose part, if there are several people in the map: 1 is the first one of its keypoints. 0 is "
        "everybody's.",
    )


class PartMask(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionPartMask",
            display_name="Part Mask",
            category="HumanDiffusion/edit",
            description="The mask of one garment or body part, grown and with a soft edge, for inpainting.",
            search_aliases=["mask from pose", "inpaint mask", "grow mask", "feather mask", "segment garment"],
            is_experimental=True,
            inputs=[
                SemanticPose.Input("pose", tooltip="Where each part is; of a batch, each map gets a mask."),
                part_input("Which part to mask."),
                *length_inputs(),
                io.Boolean.Input(
                    "hull",
                    default=False,
                    tooltip="Mask what is between, too: the gap between two legs or an arm and the body.",
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="The picture that the mask is for, if it is larger or smaller than the map.",
                ),
                person_input(),
            ],
            outputs=[
                io.Mask.Output(
                    display_name="mask",
                    tooltip="White on the part, black beyond its reach. Goes into Set Latent Noise Mask, VAE Encode "
                    "(for Inpainting) and others. Black all over if the map has no such part.",
                )
            ],
        )

    @classmethod
    def execute(
        cls,
        pose: SemanticPose.Type,
        part: str,
        grow: float,
        feather: float,
        hull: bool,
        image: Any = None,
        person: int = 0,
    ) -> io.NodeOutput:
        if image is not None:
            pose = at_size_of(pose, (image.shape[1], image.shape[2]))
        return io.NodeOutput(part_mask(pose, part_index(part), grow=grow, feather=feather, hull=hull, person=person))


class CropPart(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionCropPart",
            display_name="Crop Part",
            category="HumanDiffusion/edit",
            description="Cuts the surroundings of one part out of a picture, with the map and the mask, at a size that "
            "your model likes. Change the crop, then put it back with Uncrop Part.",
            search_aliases=["inpaint crop", "crop and stitch", "detailer", "crop to mask"],
            is_experimental=True,
            inputs=[
                io.Image.Input("image", tooltip="The picture; of a batch, the same place is cut out of each."),
                SemanticPose.Input(
                    "pose", tooltip="The map of the picture: from Pose From Image, or what it was made of."
                ),
                part_input("Which part to cut out."),
                *length_inputs(),
                io.Boolean.Input(
                    "hull", default=False, tooltip="Mask what is between, too: the gap between two legs, for one."
                ),
                context_input(),
                io.Int.Input(
                    "resolution",
                    default=512,
                    min=64,
                    max=LARGEST,
                    step=64,
                    tooltip="How large the crop is worked on: about as many pixels as a square of this side. 512 suits "
                    "SD 1.5, 1024 SDXL, 320 HumanDiffusion's own model.",
                ),
                io.Int.Input(
                    "multiple_of",
                    default=64,
                    min=8,
                    max=256,
                    step=8,
                    advanced=True,
                    tooltip="Height and width of the crop are multiples of this. 64 suits every model.",
                ),
                person_input(),
            ],
            outputs=[
                io.Image.Output(
                    display_name="image", tooltip="The crop. Goes into VAE Encode or VAE Encode (for Inpainting)."
                ),
                SemanticPose.Output(
                    display_name="pose",
                    tooltip="The crop's map, for Apply MCA or HumanDiffusion Conditioning. Part features and prompts "
                    "go there as they are: they belong to parts, not to places.",
                ),
                io.Mask.Output(
                    display_name="mask",
                    tooltip="The crop's mask: for Set Latent Noise Mask, VAE Encode (for Inpainting), Differential "
                    "Diffusion.",
                ),
                PartCrop.Output(display_name="crop", tooltip="Where it was cut out. Goes into Uncrop Part."),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: Any,
        pose: SemanticPose.Type,
        part: str,
        grow: float,
        feather: float,
        hull: bool,
        context: float,
        resolution: int,
        multiple_of: int,
        person: int = 0,
    ) -> io.NodeOutput:
        check_image(image)
        index = part_index(part)
        pose = at_size_of(pose, (image.shape[1], image.shape[2]))
        require_part(pose, index, person=person)
        mask = part_mask(pose, index, grow=grow, feather=feather, hull=hull, person=person)
        crop = crop_around(mask, context=context, resolution=resolution, grid=multiple_of)
        pieces = crop_picture(image[..., :3], crop), crop_pose(pose, crop), crop_mask(mask, crop)
        return io.NodeOutput(*pieces, CutPart(crop, mask))


class UncropPart(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionUncropPart",
            display_name="Uncrop Part",
            category="HumanDiffusion/edit",
            description="Puts a crop of Crop Part back, softly, where it was. Every pixel outside the part's mask "
            "stays exactly as it is.",
            search_aliases=["stitch", "paste back", "crop and stitch", "composite"],
            is_experimental=True,
            inputs=[
                io.Image.Input("image", tooltip="The whole picture, as it went into Crop Part."),
                PartCrop.Input("crop", tooltip="From Crop Part: where the piece belongs."),
                io.Image.Input(
                    "patch",
                    tooltip="The changed crop, from VAE Decode. It may have been enlarged meanwhile, but not squashed.",
                ),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The whole picture with the part changed.")],
        )

    @classmethod
    def execute(cls, image: Any, crop: PartCrop.Type, patch: Any) -> io.NodeOutput:
        return io.NodeOutput(uncrop(image, crop.crop, patch, crop.mask))
