"""The networks that judge, those of them that are here; of the others the reason why their columns are missing."""

from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from ..encoders.base import PartEncoder
from ..encoders.load import load_encoder
from ..errors import InputError
from ..parsing.base import PersonParser
from ..parsing.load import load_parser
from .networks import FeatureNetwork, load_network
from .person import PersonJudge, SilhouetteJudge, load_person_judge, load_silhouette_judge


@dataclass(frozen=True)
class Judges:
    """Those that are None do not judge; `absent` says why a figure is missing, in words. `notes`: what to know of those
    that judge."""

    network: FeatureNetwork
    parser: PersonParser | None = None
    encoder: PartEncoder | None = None
    person: PersonJudge | None = None
    silhouette: SilhouetteJudge | None = None
    absent: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def load_judges(
    *, judge: Path | None = None, parser: str = "builtin", encoder: str = "builtin", features: str = "auto"
) -> Judges:
    """`judge`: mediapipe's wheel or .tflite; without it an installed mediapipe is looked for. Raises InputError for one
    that was named and is wrong; what was not named and is not here is in `absent`."""
    absent: dict[str, str] = {}
    person = silhouette = None
    try:
        person = load_person_judge(judge)
        if judge is None or judge.suffix != ".tflite":
            silhouette = load_silhouette_judge(judge)
        else:
            absent["person_iou_second"] = "the .tflite holds the pose network alone; give the wheel"
    except InputError as error:
        if judge is not None:
            raise
        absent |= dict.fromkeys(("person_iou", "person_seen", "person_iou_second"), str(error))
    texts, parts = load_encoder(encoder), load_parser(parser)
    network = load_network(features, texts)
    notes = [f"features: {network.name}" + ("" if network.inception else "; these distances are not FID or KID")]
    # By what they are, for the file of the builtin one may be given by its name.
    ours = parser == "builtin" or parts.parser_id == load_parser("builtin").parser_id
    notes.append(f"parts: {parts.parser_id}" + (_OURS if ours else ""))
    ours = encoder == "builtin" or texts.encoder_id == load_encoder("builtin").encoder_id
    notes.append(f"words and patterns: {texts.encoder_id}" + (_OURS if ours else ""))
    return Judges(network, parts, Remembering(texts), person, silhouette, absent, tuple(notes))


_OURS = ", which was trained on the same photos as the model; another by its option is more independent"


class Remembering:
    """A part encoder that encodes no list of phrases twice."""

    def __init__(self, encoder: PartEncoder) -> None:
        self.encoder_id, self.dim, self.crop_size = encoder.encoder_id, encoder.dim, encoder.crop_size
        self._encoder = encoder
        self._texts: dict[tuple[str, ...], Tensor] = {}

    def encode_text(self, phrases: list[str]) -> Tensor:
        """As the encoder's own."""
        key = tuple(phrases)
        if key not in self._texts:
            self._texts[key] = self._encoder.encode_text(phrases)
        return self._texts[key]

    def encode_image(self, images: Tensor, masks: Tensor) -> Tensor:
        """As the encoder's own."""
        return self._encoder.encode_image(images, masks)
