"""The CLIP image encoders that published adapters were trained with, and which files hold a matching pair."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tower:
    """A CLIP vision tower: the lengths of its image embedding (after projection) and of its patch features; the file
    that has it, and where ComfyUI gets the text tower of the same training from, if it can.
    """

    name: str
    embedding: int
    hidden: int
    file: str
    text: str | None

    @property
    def pair(self) -> str:
        """Which files make a pair, for people."""
        text = f"with {self.text} for the words" if self.text else "for which ComfyUI has no text encoder"
        return f"{self.name}: {self.file} in Load CLIP Vision, {text}"


VIT_L = Tower("ViT-L", 768, 1024, "clip-vit-large-patch14", None)
VIT_H = Tower(
    "ViT-H", 1024, 1280, "CLIP-ViT-H-14-laion2B-s32B-b79K", "the same file in Load CLIP, or an SD 2.1 checkpoint's CLIP"
)
VIT_BIGG = Tower("ViT-bigG", 1280, 1664, "CLIP-ViT-bigG-14-laion2B-39B-b160k", "the CLIP of an SDXL checkpoint")
TOWERS = (VIT_L, VIT_H, VIT_BIGG)


def tower_of(embedding: int, hidden: int) -> Tower | None:
    """The tower of these two widths; None for any other."""
    return next((tower for tower in TOWERS if (tower.embedding, tower.hidden) == (embedding, hidden)), None)
