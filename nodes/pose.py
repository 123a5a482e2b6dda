"""Semantic pose maps: load, save, look at."""

from typing import Any

from ..humandiffusion.pose.io import FORMATS
from ..humandiffusion.pose.presets import load_preset, preset_names
from ..humandiffusion.pose.render import overlay, render
from ..humandiffusion.pose.wardrobe import garments_for
from .bridge import pose_files
from .types import PartPrompts, SemanticPose, io, ui


class LoadPose(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionLoadPose",
            display_name="Load Pose",
            category="HumanDiffusion/pose",
            description="Loads a semantic pose map: where each garment and body part is. Take a preset, or upload a "
            "PNG.",
            search_aliases=["pose map", "segmentation", "parsing", "body parts"],
            is_experimental=True,
            has_intermediate_output=True,
            inputs=[
                io.Combo.Input(
                    "preset",
                    options=preset_names(),
                    default=preset_names()[0],
                    tooltip="A figure that comes with the pack. Used while no file is chosen below.",
                ),
                io.Combo.Input(
                    "file",
                    options=pose_files.list_files(),
                    default=pose_files.NO_FILE,
                    upload=io.UploadType.image,
                    image_folder=io.FolderType.input,
                    tooltip="A map of yours, used instead of the preset; the empty line goes back to the preset. A "
                    "PNG whose pixel value is the part (0 background, 1 top, ... 23 tie), or one in the colours of "
                    "Pose Preview. An OpenPose JSON in the input folder is drawn as a dressed figure.",
                ),
                PartPrompts.Input(
                    "prompts",
                    optional=True,
                    tooltip="Only for an OpenPose JSON: what the people wear, from Describe Person; else T-shirt, "
                    "trousers and shoes.",
                ),
            ],
            outputs=[
                SemanticPose.Output(
                    display_name="pose", tooltip="Goes into Conditioning, Sampler, Pose Preview or Save Pose."
                )
            ],
        )

    @classmethod
    def validate_inputs(cls, file: str = pose_files.NO_FILE) -> bool | str:
        return pose_files.file_exists(file)

    @classmethod
    def fingerprint_inputs(cls, preset: str, file: str, **prompts: Any) -> str:
        return pose_files.fingerprint(file) or preset

    @classmethod
    def execute(cls, preset: str, file: str, prompts: Any = None) -> io.NodeOutput:
        pose = pose_files.open_pose(file, garments_for(prompts)) if file else load_preset(preset)
        return io.NodeOutput(pose, ui=ui.PreviewImage(render(pose), cls=cls))


class SavePose(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionSavePose",
            display_name="Save Pose",
            category="HumanDiffusion/pose",
            description="Saves a semantic pose map: without loss as an indexed PNG, in colours, or its skeletons as "
            "OpenPose JSON.",
            search_aliases=["export pose", "save segmentation"],
            is_experimental=True,
            is_output_node=True,
            inputs=[
                SemanticPose.Input("pose", tooltip="The map to save; of a batch, each one gets a file."),
                io.String.Input(
                    "filename_prefix",
                    default="poses/HumanDiffusion",
                    tooltip="Folder and beginning of the name, in ComfyUI's output folder. %year%, %month%, %day%, "
                    "%width% and %height% are filled in.",
                ),
                io.Combo.Input(
                    "format",
                    options=list(FORMATS),
                    default=next(iter(FORMATS)),
                    optional=True,
                    tooltip="Indexed PNG: the pixel's value is the part, as data sets have it. Palette PNG: colours, "
                    "for any paint program; Load Pose reads both. OpenPose JSON: only the skeletons, of a map that has "
                    "some.",
                ),
            ],
            outputs=[],
        )

    @classmethod
    def execute(cls, pose: SemanticPose.Type, filename_prefix: str, format: str = "indexed PNG") -> io.NodeOutput:
        files = pose_files.save_poses(pose, filename_prefix, format)
        if FORMATS[format] == ".json":
            return io.NodeOutput(ui={"text": [f"{folder}/{name}" if folder else name for name, folder in files]})
        # The file has a palette, so the page shows it in colours as it is.
        return io.NodeOutput(
            ui=ui.SavedImages([ui.SavedResult(name, folder, io.FolderType.output) for name, folder in files])
        )


class PosePreview(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionPosePreview",
            display_name="Pose Preview",
            category="HumanDiffusion/pose",
            description="Draws a semantic pose map in colours, if you like with a legend that names them.",
            search_aliases=["show pose", "visualise segmentation", "palette"],
            is_experimental=True,
            is_output_node=True,
            inputs=[
                SemanticPose.Input("pose", tooltip="The map to draw; of a batch, each one gets a picture."),
                io.Boolean.Input("legend", default=True, tooltip="Beside the map, name the parts that are in it."),
                io.Boolean.Input("outline", default=False, tooltip="Draw a dark line where two parts meet."),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="A photo to lay the colours over, to see if they fit. One for each map, or one for all.",
                ),
                io.Float.Input(
                    "opacity",
                    default=0.6,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    optional=True,
                    tooltip="How much the colours hide of the photo: 0 nothing, 1 all.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    display_name="image",
                    tooltip="The map in colours. To load it again use Save Pose: a picture that was scaled loses its "
                    "parts.",
                )
            ],
        )

    @classmethod
    def execute(
        cls, pose: SemanticPose.Type, legend: bool, outline: bool, image: Any = None, opacity: float = 0.6
    ) -> io.NodeOutput:
        if image is None:
            drawn = render(pose, legend=legend, outline=outline)
        else:
            drawn = overlay(pose, image[..., :3], opacity=opacity, legend=legend, outline=outline)
        return io.NodeOutput(drawn, ui=ui.PreviewImage(drawn, cls=cls))
