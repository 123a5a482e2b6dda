"""The list of nodes."""

from .adapters import LoadAdapter, PartEncoderFromCLIP
from .alignment import AlignmentPreview, ApplyMCA
from .animation import FrameNoise
from .bridge.folders import register_folders
from .conditioning import Conditioning
from .edit import EditPart
from .editor import PoseEditor
from .hints import PoseToControlHint
from .load import LoadMemory, LoadModel, LoadPartEncoder
from .looks import LoadLook, SaveLook
from .memory import BuildMemory, MergeMemories, RememberLook, SaveMemory
from .parse import LoadParser, PoseFromImage
from .part_crops import CropPart, PartMask, UncropPart
from .pose import LoadPose, PosePreview, SavePose
from .pose_change import InterpolatePose, PoseTransform
from .pose_roads import PoseFromKeypoints, PoseFromMasks, PoseToMasks
from .prompts import DescribePerson, PartPrompt
from .retrieve import RetrieveStyle
from .sampler import Sampler
from .score import BestOf, Score
from .tiles import CropTiles, JoinTiles
from .transfer import PromptsFromPicture
from .types import ComfyExtension, io


class HumanDiffusionExtension(ComfyExtension):
    """What ComfyUI asks of a pack: prepare, then name the nodes."""

    async def on_load(self) -> None:
        register_folders()

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [
            LoadModel,
            LoadPartEncoder,
            LoadMemory,
            LoadParser,
            LoadPose,
            SavePose,
            PosePreview,
            PoseEditor,
            PoseToControlHint,
            PoseFromImage,
            PoseFromKeypoints,
            PoseFromMasks,
            PoseToMasks,
            PoseTransform,
            InterpolatePose,
            DescribePerson,
            PartPrompt,
            RetrieveStyle,
            BuildMemory,
            MergeMemories,
            SaveMemory,
            RememberLook,
            SaveLook,
            LoadLook,
            Conditioning,
            Sampler,
            ApplyMCA,
            AlignmentPreview,
            LoadAdapter,
            PartEncoderFromCLIP,
            PromptsFromPicture,
            FrameNoise,
            Score,
            BestOf,
            PartMask,
            CropPart,
            UncropPart,
            EditPart,
            CropTiles,
            JoinTiles,
        ]
