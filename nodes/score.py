"""How well pictures answer what was asked, and the best of a batch."""

import json
from typing import Any

import torch
from torch import Tensor

from ..humandiffusion.errors import InputError
from ..humandiffusion.evaluation.best import best
from ..humandiffusion.evaluation.overlay import overlay_scores
from ..humandiffusion.evaluation.score import PictureScore, report, score_pictures, worst_part
from ..humandiffusion.parts import PART_NAMES
from ..humandiffusion.pose.semantic_pose import SemanticPose as Pose
from .bridge import folders, parsers
from .bridge.encoders import load_encoder
from .types import PartEncoder, PartPrompts, PersonParser, SemanticPose, io, ui


class Score(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionScore",
            display_name="Score Picture",
            category="HumanDiffusion/score",
            description="Looks at a finished picture: is every part where the map has it, in the colour that was "
            "asked, and does it look as its words say? Tells which part went wrong.",
            search_aliases=["evaluate", "check picture", "iou", "quality", "rate"],
            is_experimental=True,
            is_output_node=True,
            inputs=[
                io.Image.Input("image", tooltip="The pictures to judge, of any model."),
                SemanticPose.Input("pose", tooltip="The map that they were made from: one for all, or one for each."),
                PartPrompts.Input(
                    "prompts", tooltip="From Describe Person or Part Prompt: what was asked of each part."
                ),
                io.Float.Input(
                    "pass_mark",
                    default=0.6,
                    min=0.0,
                    max=1.0,
                    step=0.05,
                    tooltip="Redo is on as long as the worst part scores less than this.",
                ),
                PersonParser.Input(
                    "parser",
                    optional=True,
                    tooltip="From Load Parser: what looks for the parts in the picture. Unconnected, the builtin one.",
                ),
                PartEncoder.Input(
                    "encoder",
                    optional=True,
                    tooltip="From Load Part Encoder: what compares a part with its words. Unconnected, the builtin "
                    "one.",
                ),
            ],
            outputs=[
                io.Float.Output(display_name="score", tooltip="0 to 1; of a batch the mean."),
                io.Float.Output(
                    display_name="scores", is_output_list=True, tooltip="One for each picture. Goes into Best Of."
                ),
                io.String.Output(
                    display_name="report",
                    tooltip="All figures as JSON: the person's outline, and of each part its place, its colour, "
                    "whether that is a neighbour's, and how well its words fit.",
                ),
                io.Image.Output(
                    display_name="overlay",
                    tooltip="The picture with what is wrong in it: red is missing, blue too much, orange another part; "
                    "the worst part is outlined.",
                ),
                io.Combo.Output(
                    display_name="worst",
                    options=list(PART_NAMES),
                    tooltip="The described part with the lowest score; of a batch, in any picture. Goes into Edit "
                    "Part's part.",
                ),
                io.String.Output(display_name="phrase", tooltip="What was asked of that part. Goes into Edit Part."),
                io.Boolean.Output(
                    display_name="redo",
                    tooltip="On if the worst part is below the pass mark. Goes into Edit Part's needed, which "
                    "otherwise leaves the picture as it is. For one picture at a time: of a batch, Edit Part would "
                    "paint that part anew in all of them.",
                ),
            ],
        )

    @classmethod
    def execute(
        cls,
        image: io.Image.Type,
        pose: SemanticPose.Type,
        prompts: PartPrompts.Type,
        pass_mark: float,
        parser: PersonParser.Type | None = None,
        encoder: PartEncoder.Type | None = None,
    ) -> io.NodeOutput:
        scores = _scores(image, pose, prompts, parser, encoder)
        told = report(scores)
        overlay = overlay_scores(_pictures(image), scores)
        worst = worst_part(scores)
        return io.NodeOutput(
            told["score"],
            [one.score for one in scores],
            json.dumps(told, indent=1, ensure_ascii=False),
            overlay,
            PART_NAMES[0 if worst is None else worst.part],
            "" if worst is None else worst.phrase,
            worst is not None and worst.score < pass_mark,
            ui=ui.PreviewImage(overlay, cls=cls),
        )


class BestOf(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionBestOf",
            display_name="Best Of",
            category="HumanDiffusion/score",
            description="Keeps the best pictures of a batch or of a list, best first.",
            search_aliases=["pick best", "select", "cherry pick", "rank"],
            is_experimental=True,
            is_input_list=True,
            inputs=[
                io.Image.Input("images", tooltip="A batch of pictures, or a list of them, all of one size."),
                io.Int.Input("keep", default=1, min=1, max=64, tooltip="How many to keep."),
                io.Float.Input(
                    "scores",
                    optional=True,
                    force_input=True,
                    tooltip="From Score Picture, or any numbers of yours: one for each picture, higher is better. "
                    "Unconnected, the pictures are scored here.",
                ),
                SemanticPose.Input(
                    "pose", optional=True, tooltip="Needed without scores: the map that the pictures were made from."
                ),
                PartPrompts.Input(
                    "prompts", optional=True, tooltip="Needed without scores: what was asked of each part."
                ),
                PersonParser.Input(
                    "parser", optional=True, tooltip="From Load Parser. Unconnected, the builtin one is used."
                ),
                PartEncoder.Input(
                    "encoder", optional=True, tooltip="From Load Part Encoder. Unconnected, the builtin one is used."
                ),
            ],
            outputs=[
                io.Image.Output(display_name="images", tooltip="The pictures kept, best first."),
                io.Int.Output(
                    display_name="indices",
                    is_output_list=True,
                    tooltip="Which they were, counted from 0. Goes into Latent From Batch, to refine only these.",
                ),
                io.Float.Output(display_name="scores", is_output_list=True, tooltip="Their scores."),
            ],
        )

    @classmethod
    def execute(cls, images: list[io.Image.Type], keep: list[int], **optional: list[Any]) -> io.NodeOutput:
        pictures = _joined(images)
        given = optional.get("scores")
        scores = [float(one) for one in given] if given else _own_scores(pictures, optional)
        if len(scores) != len(pictures):
            raise InputError(
                f"scores: got {len(scores)} for {len(pictures)} pictures, wanted one for each; connect the scores of "
                "Score Picture, not its score"
            )
        kept = best(scores, keep[0])
        return io.NodeOutput(pictures[kept], kept, [scores[i] for i in kept])


def _own_scores(pictures: Tensor, given: dict[str, list[Any]]) -> list[float]:
    missing = [name for name in ("pose", "prompts") if not given.get(name)]
    if missing:
        raise InputError(
            f"{' and '.join(missing)}: got none and no scores either; connect the scores of Score Picture, or the map "
            "and the prompts that the pictures were made from"
        )
    maps = given["pose"]
    pose = maps[0] if len(maps) == 1 else Pose.stack(maps)
    parser, encoder = (given[name][0] if given.get(name) else None for name in ("parser", "encoder"))
    return [one.score for one in _scores(pictures, pose, given["prompts"][0], parser, encoder)]


def _scores(pictures: Tensor, pose: Any, prompts: Any, parser: Any, encoder: Any) -> list[PictureScore]:
    return score_pictures(
        _pictures(pictures),
        pose,
        prompts,
        parser=parser or parsers.load_parser(folders.BUILTIN),
        encoder=encoder or load_encoder(folders.BUILTIN),
    )


def _pictures(images: Tensor) -> Tensor:
    return images[..., :3].movedim(-1, 1)


def _joined(images: list[Tensor]) -> Tensor:
    sizes = {tuple(one.shape[1:]) for one in images}
    if len(sizes) > 1:
        told = ", ".join(f"{size[1]}x{size[0]}" for size in sorted(sizes))
        raise InputError(f"images: got pictures of different sizes ({told}), wanted one size; scale them first")
    return images[0] if len(images) == 1 else torch.cat(images)
