"""How CLIP and SigLIP read phrases, by the tokenizer files in their folders."""

import re
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..errors import InputError

Tokenise = Callable[[list[str]], dict[str, Tensor]]
_FILES = (("tokenizer.json",), ("vocab.json", "merges.txt"), ("spiece.model",), ("tokenizer.model",))
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def load_tokeniser(folder: Path, family: str, longest: int) -> Tokenise:
    """From phrases to the arguments of the text tower, of at most `longest` tokens each.

    CLIP finds a phrase's end itself. SigLIP was trained on lower case, always filled up, and without a mask: it reads
    its vector at the last place. Raises InputError.
    """
    if not any(all((folder / name).is_file() for name in names) for names in _FILES):
        raise InputError(  # transformers would make one that knows no word
            f"part encoder {folder.name}: there is no tokenizer in the folder; get tokenizer.json, vocab.json and "
            "merges.txt, or spiece.model of the same checkpoint"
        )
    if family == "siglip" and (folder / "spiece.model").is_file():
        return _of_pieces(folder, longest)
    tokenizer = _of_transformers(folder)
    tokenizer.padding_side = "right"

    def clip(phrases: list[str]) -> dict[str, Tensor]:
        told = tokenizer(phrases, padding=True, truncation=True, max_length=longest, return_tensors="pt")
        return {"input_ids": told["input_ids"], "attention_mask": told["attention_mask"]}

    def siglip(phrases: list[str]) -> dict[str, Tensor]:
        lower = [phrase.lower() for phrase in phrases]
        told = tokenizer(lower, padding="max_length", truncation=True, max_length=longest, return_tensors="pt")
        return {"input_ids": told["input_ids"]}

    return clip if family == "clip" else siglip


def import_transformers(folder: Path) -> Any:
    """The package, or an InputError that says why it is wanted."""
    try:
        import transformers
    # A package that does not fit the others installed fails in many ways.
    except Exception as error:
        raise InputError(
            f"part encoder {folder.name}: folders are run by the Python package transformers, which cannot be imported "
            f"here ({brief(error)}); install it, or choose 'builtin'"
        ) from error
    return transformers


def brief(error: Exception) -> str:
    """An error's words in one line, cut."""
    return " ".join(str(error).split())[:160]


def _of_transformers(folder: Path) -> Any:
    try:
        return import_transformers(folder).AutoTokenizer.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"part encoder {folder.name}: its tokenizer cannot be read ({brief(error)}); get the tokenizer's files of "
            "the same checkpoint"
        ) from error


def _of_pieces(folder: Path, longest: int) -> Tokenise:
    """SigLIP's first version, read as it was trained (big_vision): lower case, no punctuation, `</s>` at the end and
    behind it. transformers' own class wants protobuf besides, which ComfyUI does not bring.
    """
    try:
        import sentencepiece
    except ImportError:
        raise InputError(
            f"part encoder {folder.name}: its phrases are read by the Python package sentencepiece, which is not "
            "installed; install it"
        ) from None
    try:
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spiece.model"))
    except (RuntimeError, OSError) as error:
        raise InputError(
            f"part encoder {folder.name}: its tokenizer cannot be read ({brief(error)}); get spiece.model anew"
        ) from error
    end = pieces.piece_to_id("</s>")

    def siglip(phrases: list[str]) -> dict[str, Tensor]:
        rows = [pieces.encode(_plain(phrase))[: longest - 1] for phrase in phrases]
        return {"input_ids": torch.tensor([row + [end] * (longest - len(row)) for row in rows])}

    return siglip


def _plain(phrase: str) -> str:
    return re.sub(r"\s+", " ", phrase.lower().translate(_NO_PUNCTUATION)).strip()
