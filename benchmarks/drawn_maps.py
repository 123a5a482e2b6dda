"""Maps that nobody parsed, for `fidelity.py`: figures in the poses of the held-out photos, and the presets."""

from dataclasses import replace
from pathlib import Path

import torch
from worn import figure_labels, worn

from humandiffusion.errors import InputError
from humandiffusion.evaluation.asking import NOUNS, ask_all, large_garments
from humandiffusion.evaluation.landmarks import load_landmark_judge
from humandiffusion.evaluation.maps import Maps
from humandiffusion.pose.presets import load_preset, preset_names


def drawn_maps(kind: str, maps: Maps, judge: Path | None, seed: int) -> Maps:
    """`figure`: the same people and sentences, each a figure dressed by the bare names of what is worn. `preset`: the
    presets by turns, as many, their garments of at least 1% in basic colours dealt evenly."""
    return _figures(maps, judge) if kind == "figure" else _presets(maps, seed)


def _figures(maps: Maps, judge: Path | None) -> Maps:
    network, lists = load_landmark_judge(judge), worn(maps.photos.root)
    asks, drawn = [], []
    for index, (ask, labels) in enumerate(zip(maps.asks, maps.labels, strict=True)):
        body, score = network(maps.photo(index))
        try:
            figure = figure_labels(body, score, lists[ask.photo_id], (labels.shape[0], labels.shape[1]))
        except InputError:
            continue
        # A colour is judged where the map shows its part.
        there = set(torch.unique(figure).tolist())
        asks.append(replace(ask, asked={part: colour for part, colour in ask.asked.items() if part in there}))
        drawn.append(figure)
    if not asks:
        raise InputError("--maps: the network sees nobody in any photo, wanted at least one to draw a figure of")
    return Maps(maps.photos, asks, drawn)


def _presets(maps: Maps, seed: int) -> Maps:
    names = preset_names()
    size = (maps.labels[0].shape[0], maps.labels[0].shape[1])
    drawn = {name: load_preset(name, size).labels[0] for name in names}
    turns = [(f"{names[i % len(names)]}-{i}", drawn[names[i % len(names)]]) for i in range(len(maps.asks))]
    dealt = ask_all([(name, {part: NOUNS[part] for part in large_garments(map_)}) for name, map_ in turns], seed)
    return Maps(maps.photos, dealt, [map_ for _, map_ in turns])
