"""Folders of a CLIP and a SigLIP in Hugging Face's layout with tiny random weights: two_towers.py FOLDER writes both.

The SigLIP has its first version's spiece.model where the package sentencepiece is there to make one, else the
tokenizer.json of its second version, whose class is Gemma's.
"""

import json
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import CLIPConfig, CLIPModel, SiglipConfig, SiglipModel

WORDS = "a an the of red green blue grey white black plaid shirt coat dress trousers boots hat long wool linen tweed"
_TOWER = {"hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
_SEEING = {**_TOWER, "image_size": 32, "patch_size": 8}


def write_clip(folder: Path, seed: int = 0) -> Path:
    """Vectors of 12 numbers, phrases of up to 20 tokens, pictures of 32 pixels with colours as CLIP wants them."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "re", "red</w>", "<|startoftext|>", "<|endoftext|>"]
    start, end = len(tokens) - 2, len(tokens) - 1
    special = {"bos_token_id": start, "eos_token_id": end, "pad_token_id": end}
    reading = {**_TOWER, "hidden_size": 16, "vocab_size": len(tokens), "max_position_embeddings": 20, **special}
    config = CLIPConfig(text_config=reading, vision_config=_SEEING, projection_dim=12)
    _weights(CLIPModel, config, folder, seed)
    _write(folder / "vocab.json", {token: number for number, token in enumerate(tokens)})
    (folder / "merges.txt").write_text("#version: 0.2\nr e\nre d</w>\n", encoding="utf-8")
    names = {"bos_token": tokens[start], "eos_token": tokens[end], "pad_token": tokens[end], "unk_token": tokens[end]}
    _write(folder / "tokenizer_config.json", {"tokenizer_class": "CLIPTokenizer", "model_max_length": 20, **names})
    colours = {"image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28]}
    _write(folder / "preprocessor_config.json", {"size": {"shortest_edge": 32}, "crop_size": 32, **colours})
    return folder


def write_siglip(folder: Path, seed: int = 0) -> Path:
    """Vectors of 24 numbers, phrases always of 16 tokens, pictures of 32 pixels with colours from -1 to 1."""
    folder.mkdir(parents=True, exist_ok=True)
    count = _sentence_pieces(folder) if _can_make_pieces() else _gemma(folder)
    reading = {**_TOWER, "vocab_size": count, "max_position_embeddings": 16}
    _weights(SiglipModel, SiglipConfig(text_config=reading, vision_config=_SEEING), folder, seed)
    _write(folder / "preprocessor_config.json", {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "size": 32})
    return folder


def _can_make_pieces() -> bool:
    try:
        import sentencepiece
    except ImportError:
        return False
    return bool(sentencepiece)


def _sentence_pieces(folder: Path) -> int:
    import sentencepiece

    corpus = folder / "corpus.txt"
    corpus.write_text("\n".join(WORDS.split() * 20), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(folder / "spiece"), vocab_size=60, pad_id=-1, bos_id=-1, eos_id=1, unk_id=2,
        hard_vocab_limit=False, minloglevel=2, control_symbols=["<pad>"],
    )  # fmt: skip
    corpus.unlink()
    (folder / "spiece.vocab").unlink()
    special = {"eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"}
    said = {"tokenizer_class": "SiglipTokenizer", "model_max_length": 16, "model_input_names": ["input_ids"], **special}
    _write(folder / "tokenizer_config.json", said)
    return 64


def _gemma(folder: Path) -> int:
    special = ["<pad>", "<eos>", "<bos>", "<unk>"]
    tokens = special + sorted({letter for word in WORDS.split() for letter in word}) + ["\u2581"]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, [], unk_token="<unk>"))
    tokenizer.add_special_tokens(special)
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    _write(folder / "tokenizer_config.json", {"tokenizer_class": "GemmaTokenizer", "padding_side": "right", **names})
    return len(tokens)


def _weights(kind: type, config: object, folder: Path, seed: int) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = kind(config)
        for parameter in model.parameters():  # at the size that these models start with, all pictures look the same
            torch.nn.init.normal_(parameter, std=0.2)
    model.save_pretrained(folder)


def _write(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


if __name__ == "__main__":
    write_clip(Path(sys.argv[1], "clip-tiny"))
    write_siglip(Path(sys.argv[1], "siglip-tiny"))
