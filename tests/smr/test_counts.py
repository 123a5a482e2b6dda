"""How far a part counts, and what it must not look like."""

import torch

from humandiffusion.encoders.builtin import load_encoder
from humandiffusion.parts import PANTS, TOP
from humandiffusion.prompts import PartPrompt, PartPrompts
from humandiffusion.smr.features import retrieve
from humandiffusion.smr.io import load_memory


def test_a_part_counts_by_its_weight_and_at_most_fully(tiny_files):
    prompts = PartPrompts(parts=(PartPrompt(TOP, "red shirt", weight=0.25), PartPrompt(PANTS, "jeans", weight=2.0)))
    features = _retrieve(tiny_files, prompts)
    assert features.counts[0, TOP] == 0.25 and features.counts[0, PANTS] == 1
    assert not features.counts[~features.present].any()


def test_negative_phrases_are_retrieved_for_their_parts_alone(tiny_files):
    prompts = PartPrompts(parts=(PartPrompt(TOP, "red shirt", negative="blue shirt"), PartPrompt(PANTS, "jeans")))
    unwanted = _retrieve(tiny_files, prompts).negative
    asked = _retrieve(tiny_files, PartPrompts(parts=(PartPrompt(TOP, "blue shirt"),)))
    assert unwanted.present[0].nonzero().tolist() == [[TOP]]
    assert torch.equal(unwanted.features[0, TOP], asked.features[0, TOP]) and not unwanted.features[0, PANTS].any()
    assert asked.negative is None


def _retrieve(tiny_files, prompts):
    return retrieve(load_encoder(tiny_files.encoder), load_memory(tiny_files.memory), prompts)
