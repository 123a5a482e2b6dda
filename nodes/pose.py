"""Semantic pose maps: load, save, look at."""

from ..humandiffusion.pose.presets import load_preset, preset_names
from ..humandiffusion.pose.render import render
from .bridge import pose_files
from .types import SemanticPose, io, ui


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
                    "Pose Preview.",
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
    def fingerprint_inputs(cls, preset: str, file: str) -> str:
        return pose_files.fingerprint(file) or preset

    @classmethod
    def execute(cls, preset: str, file: str) -> io.NodeOutput:
        pose = pose_files.open_pose(file) if file else load_preset(preset)
        return io.NodeOutput(pose, ui=ui.PreviewImage(render(pose), cls=cls))


class SavePose(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionSavePose",
            display_name="Save Pose",
            category="HumanDiffusion/pose",
            description="Saves a semantic pose map without loss, as an indexed PNG whose pixel value is the part.",
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
            ],
            outputs=[],
        )

    @classmethod
    def execute(cls, pose: SemanticPose.Type, filename_prefix: str) -> io.NodeOutput:
        # The file has a palette, so the page shows it in colours as it is.
        files = pose_files.save_poses(pose, filename_prefix)
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
    def execute(cls, pose: SemanticPose.Type, legend: bool, outline: bool) -> io.NodeOutput:
        image = render(pose, legend=legend, outline=outline)
        return io.NodeOutput(image, ui=ui.PreviewImage(image, cls=cls))
