"""A large picture in tiles, each with its own piece of the map."""

from typing import Any

import torch

from ..humandiffusion.editing.tiles import join_tiles, tile_crops, tile_pictures, tile_poses
from .types import PictureTiles, SemanticPose, io

GRID = 64  # pixels; a multiple of what every model's latent and grid are


class CropTiles(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        def side(name: str, default: int) -> io.Int.Input:
            tip = "of a tile in pixels. Take what your model was trained for: 512 for SD 1.5, 1024 for SDXL."
            return io.Int.Input(name, default=default, min=GRID, max=4096, step=GRID, tooltip=f"{name.title()} {tip}")

        return io.Schema(
            node_id="HumanDiffusionCropTiles",
            display_name="Crop Tiles",
            category="HumanDiffusion/edit",
            description="Cuts a large picture and its map into overlapping tiles, to refine them a few at a time. Each "
            "tile has its own piece of the map, so that no tile paints a whole person.",
            search_aliases=["tiled refinement", "tiled upscale", "hires", "ultimate upscale", "split image"],
            is_experimental=True,
            inputs=[
                io.Image.Input("image", tooltip="The picture, enlarged already; of a batch, each one is cut."),
                SemanticPose.Input("pose", tooltip="The map of the picture, of any size: it is enlarged with it."),
                side("width", 512),
                side("height", 512),
                io.Int.Input(
                    "overlap",
                    default=64,
                    min=0,
                    max=2048,
                    step=GRID // 2,
                    tooltip="By how many pixels neighbours overlap at least; they fade into each other there.",
                ),
                io.Int.Input(
                    "at_a_time",
                    optional=True,
                    default=4,
                    min=0,
                    max=4096,
                    tooltip="How many tiles go through the nodes behind this one together; 0 for all. Fewer need less "
                    "memory.",
                ),
            ],
            outputs=[
                io.Image.Output(
                    display_name="images",
                    is_output_list=True,
                    tooltip="The tiles, row by row, in batches of at_a_time. Goes into VAE Encode, then a sampler with "
                    "denoise below 1, then VAE Decode.",
                ),
                SemanticPose.Output(
                    display_name="pose",
                    is_output_list=True,
                    tooltip="A map for each tile, for Apply MCA or HumanDiffusion Conditioning. A part that a tile "
                    "does not show has no effect there.",
                ),
                PictureTiles.Output(display_name="tiles", tooltip="Where they were. Goes into Join Tiles."),
            ],
        )

    @classmethod
    def validate_inputs(cls, width: int = 512, height: int = 512, overlap: int = 0) -> bool | str:
        if width % GRID or height % GRID or not overlap < min(width, height):
            return f"width {width}, height {height}, overlap {overlap}: wanted multiples of {GRID}, and less overlap"
        return True

    @classmethod
    def execute(
        cls, image: Any, pose: SemanticPose.Type, width: int, height: int, overlap: int, at_a_time: int = 4
    ) -> io.NodeOutput:
        crops = tile_crops((image.shape[1], image.shape[2]), (height, width), overlap, GRID)
        images, maps = tile_pictures(image[..., :3], crops), tile_poses(pose, crops)
        most = at_a_time or len(images)
        turns = [range(first, min(first + most, len(images))) for first in range(0, len(images), most)]
        # One map for several pictures: each picture's tiles have the same pieces of it.
        poses = [maps.stack([maps.select(i % maps.batch) for i in turn]) for turn in turns]
        return io.NodeOutput([images[turn.start : turn.stop] for turn in turns], poses, crops)


class JoinTiles(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="HumanDiffusionJoinTiles",
            display_name="Join Tiles",
            category="HumanDiffusion/edit",
            description="Puts the tiles of Crop Tiles together again; they fade into each other where they overlap.",
            search_aliases=["merge tiles", "stitch tiles", "untile"],
            is_experimental=True,
            is_input_list=True,
            inputs=[
                io.Image.Input(
                    "images",
                    tooltip="The tiles in their order, from VAE Decode or an upscaler; all of one size.",
                ),
                PictureTiles.Input("tiles", tooltip="From Crop Tiles: where they belong."),
            ],
            outputs=[io.Image.Output(display_name="image", tooltip="The whole picture.")],
        )

    @classmethod
    def execute(cls, images: list[Any], tiles: list[PictureTiles.Type]) -> io.NodeOutput:
        return io.NodeOutput(join_tiles(torch.cat(images), tiles[0]))
