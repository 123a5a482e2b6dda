"""From a photo to a semantic pose map."""

from torch import Tensor

from ..humandiffusion.pose.render import render
from ..humandiffusion.pose.semantic_pose import SemanticPose as Pose
from .bridge import folders, parsers
from .types import PersonParser, SemanticPose, io, ui


class LoadParser(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionLoadParser",
            display_name="Load Parser",
            category="HumanDiffusion/loaders",
            description="Loads the network that finds garments and body parts in a photo.",
            search_aliases=["human parsing", "segformer", "clothes segmentation", "body parts"],
            is_experimental=True,
            inputs=[
                io.Combo.Input(
                    "parser_name",
                    options=folders.list_models(folders.PARSERS),
                    default=folders.BUILTIN,
                    tooltip="Which parser to use. 'builtin' comes with the pack: small, quick, rough at fine things. "
                    "A SegFormer for clothes (ATR's or FASHN's classes) is better: put its folder, with config.json "
                    "and model.safetensors, into models/humandiffusion/parsers. Nothing is downloaded.",
                ),
            ],
            outputs=[PersonParser.Output(display_name="parser", tooltip="Goes into Pose From Image.")],
        )

    @classmethod
    def validate_inputs(cls, parser_name: str) -> bool | str:
        return folders.model_exists(folders.PARSERS, parser_name)

    @classmethod
    def fingerprint_inputs(cls, parser_name: str) -> str:
        return folders.model_fingerprint(folders.PARSERS, parser_name)

    @classmethod
    def execute(cls, parser_name: str) -> io.NodeOutput:
        return io.NodeOutput(parsers.load_parser(folders.model_path(folders.PARSERS, parser_name)))


class PoseFromImage(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionPoseFromImage",
            display_name="Pose From Image",
            category="HumanDiffusion/pose",
            description="Finds the garments and body parts of the person in a photo and makes a semantic pose map of "
            "them, as large as the photo.",
            search_aliases=["human parsing", "segment clothes", "photo to pose", "segmentation", "person mask"],
            is_experimental=True,
            has_intermediate_output=True,
            inputs=[
                io.Image.Input(
                    "image", tooltip="A photo of one person, whole or half; of a batch, each one gets a map."
                ),
                io.Combo.Input(
                    "keypoints",
                    options=parsers.list_annotators(),
                    default=parsers.NO_KEYPOINTS,
                    tooltip="Find the person's joints as well, for the editor's skeleton and ControlNet. Needs the "
                    "Python package controlnet_aux and a folder in models/humandiffusion/parsers with "
                    "body_pose_model.pth (hand_pose_model.pth and facenet.pth if you want). That package reads these "
                    ".pth files itself: take them only from where you trust. 'none' works without.",
                ),
                io.Boolean.Input(
                    "soft_edges",
                    default=True,
                    advanced=True,
                    tooltip="Keep how much of each part a pixel holds, so that edges blend. Off saves memory with "
                    "films: 100 bytes a pixel.",
                ),
                PersonParser.Input(
                    "parser", optional=True, tooltip="From Load Parser. Unconnected, the builtin one is used."
                ),
            ],
            outputs=[
                SemanticPose.Output(
                    display_name="pose", tooltip="The map. Goes into Conditioning, Sampler, Pose Editor, Save Pose."
                ),
                io.Mask.Output(display_name="person", tooltip="White where there is a person: all but background."),
                io.Image.Output(display_name="preview", tooltip="The map in the colours of its parts."),
            ],
        )

    @classmethod
    def validate_inputs(cls, keypoints: str = parsers.NO_KEYPOINTS) -> bool | str:
        return parsers.annotators_exist(keypoints)

    @classmethod
    def fingerprint_inputs(cls, keypoints: str = parsers.NO_KEYPOINTS, **others: object) -> str:
        return parsers.annotators_fingerprint(keypoints)

    @classmethod
    def execute(
        cls, image: Tensor, keypoints: str, soft_edges: bool, parser: PersonParser.Type | None = None
    ) -> io.NodeOutput:
        photos = image[..., :3].movedim(-1, 1)
        parser = parser or parsers.load_parser(folders.BUILTIN)
        found = parser.parse(photos, soft=soft_edges)
        people = None if keypoints == parsers.NO_KEYPOINTS else parsers.find_keypoints(keypoints, photos)
        pose = Pose(found.labels, found.soft, keypoints=people)
        person = (pose.labels != 0).float() if pose.soft is None else 1 - pose.soft[:, 0]
        picture = render(pose)
        return io.NodeOutput(pose, person, picture, ui=ui.PreviewImage(picture, cls=cls))
