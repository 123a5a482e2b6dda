"""Parsers in ComfyUI: their files and folders, and each as a model of its own that ComfyUI moves and unloads."""

import os
from pathlib import Path
from typing import Any

import comfy.model_management
import comfy.model_patcher
import comfy.ops
import folder_paths
import torch
from torch import Tensor

from ...humandiffusion.errors import InputError
from ...humandiffusion.parsing.base import SharesParser
from ...humandiffusion.parsing.builtin import BuiltinParser
from ...humandiffusion.parsing.edges import check_images, settle
from ...humandiffusion.parsing.io import load_parser_net
from ...humandiffusion.parsing.keypoints import BODY, FACE, HANDS, load_keypoint_finder
from ...humandiffusion.parsing.segformer import load_segformer
from ...humandiffusion.pose.semantic_pose import Keypoints, SemanticPose
from .folders import PARSERS, file_hash, model_folder
from .patchers import patcher_of_strangers, weights_patcher
from .progress import reporter

NO_KEYPOINTS = "none"
_AT_ONCE = 16  # photos in one forward; a film is longer
_BYTES = 2000  # of activations for each pixel that a net sees, measured with room to spare


class LoadedParser:
    """A PERSON_PARSER: `parse` makes room on the device, asks the net there, and settles edges off it."""

    def __init__(self, parser: SharesParser, patcher: Any) -> None:
        self.parser, self.patcher, self.parser_id = parser, patcher, parser.parser_id

    def parse(self, images: Tensor, *, soft: bool = True) -> SemanticPose:
        """Photos [B, 3, H, W], sRGB in 0..1 -> maps of their size, with soft edges if wanted. Raises InputError."""
        check_images(images)
        some = images.split(_AT_ONCE)
        need = len(some[0]) * self.parser.area * _BYTES
        comfy.model_management.load_models_gpu([self.patcher], memory_required=need)
        device, result = self.patcher.load_device, comfy.model_management.intermediate_device()
        report, shares = reporter(), []
        for i, one in enumerate(some):
            report(i, len(some))
            shares.append(self.parser.shares(one.to(device)).to(result))
        return settle(torch.cat(shares), (images.shape[2], images.shape[3]), soft=soft)


def load_parser(path: str) -> LoadedParser:
    """The builtin parser, a file of ours or a SegFormer's folder. Raises InputError for a bad one."""
    if os.path.isdir(path):
        parser: SharesParser = load_segformer(Path(path))
        return LoadedParser(parser, patcher_of_strangers([parser.net]))
    device = comfy.model_management.unet_offload_device()
    file = load_parser_net(path, operations=comfy.ops.manual_cast, device=device)
    net = file.net.to(memory_format=torch.channels_last)
    # Looked up now: ComfyUI replaces CoreModelPatcher when it starts on NVIDIA.
    patcher = weights_patcher(net, comfy.model_patcher.CoreModelPatcher)
    return LoadedParser(BuiltinParser(net, file.area, file.parser_id), patcher)


def find_keypoints(name: str, images: Tensor) -> tuple[tuple[Keypoints, ...], ...]:
    """The people in photos [B, 3, H, W] by the annotator files in folder `name`. Raises InputError."""
    there = annotators_exist(name)
    if there is not True:
        raise InputError(f"keypoints: {there}")
    finder = load_keypoint_finder(_annotators(name))
    comfy.model_management.load_models_gpu([patcher_of_strangers(finder.nets)])
    report, people = reporter(), []
    for i, image in enumerate(images.split(1)):
        report(i, len(images))
        people += finder.find(image)
    return tuple(people)


def annotators_fingerprint(name: str) -> str:
    """Changes when one of the files in an annotator folder does, or another is put there."""
    if annotators_exist(name) is not True or name == NO_KEYPOINTS:
        return name
    files = [_annotators(name) / file for file in (BODY, HANDS, FACE)]
    return " ".join(f"{file.name} {file_hash(str(file))}" for file in files if file.is_file())


def list_annotators() -> list[str]:
    """`none`, then the folders with controlnet_aux's files, which lie beside the parsers."""
    found = []
    for base in folder_paths.get_folder_paths(PARSERS):
        if os.path.isdir(base):
            found += [name for name in sorted(os.listdir(base)) if os.path.isfile(os.path.join(base, name, BODY))]
    return [NO_KEYPOINTS, *dict.fromkeys(found)]


def annotators_exist(name: str) -> bool | str:
    """True, or what to tell the user."""
    if name in list_annotators():
        return True
    places = " or ".join(folder_paths.get_folder_paths(PARSERS))
    return (
        f"{name!r} is not there; put {BODY} into a folder of that name in {places} and press R, or choose "
        f"{NO_KEYPOINTS!r}"
    )


def _annotators(name: str) -> Path:
    return Path(model_folder(PARSERS, name, BODY) or name)
