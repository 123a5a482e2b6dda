"""`humandiffusion retrieve`: what the style memory holds of a phrase, as JSON."""

import argparse

from .common import Commands, print_json, sentence, whole_number


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser("retrieve", help="what the style memory holds of a phrase, as JSON")
    parser.add_argument("--text", required=True, metavar="PHRASE", help='as "a red plaid shirt"')
    parser.add_argument("--part", required=True, metavar="NAME", help="where it is worn, as top, pants or footwear")
    parser.add_argument("-k", type=whole_number(1), default=4, metavar="N", help="how many (default %(default)s)")
    parser.add_argument("--memory", default="builtin", metavar="FILE", help="style memory (default %(default)s)")
    parser.add_argument("--encoder", default="builtin", metavar="NAME", help="part encoder (default %(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what was found, best first."""
    phrase = sentence(args.text, "--text")
    from ..encoders.builtin import load_encoder
    from ..parts import PART_NAMES, part_index
    from ..smr.io import load_memory
    from ..smr.query import query

    part = part_index(args.part)
    encoder, memory = load_encoder(args.encoder), load_memory(args.memory)
    memory.check_encoder(encoder.encoder_id)
    hits = query(memory, encoder.encode_text([phrase]), [part], modality="text", k=args.k)
    rows = [row for row in hits.rows[0].tolist() if row >= 0]
    print_json(
        {
            "text": phrase,
            "part": PART_NAMES[part],
            "encoder_id": encoder.encoder_id,
            "ids": [memory.ids[row] for row in rows],
            "scores": [round(score, 4) for score in hits.scores[0, : len(rows)].tolist()],
            "weights": [round(weight, 4) for weight in hits.weights[0, : len(rows)].tolist()],
            "captions": [memory.captions[row] for row in rows],
            "sources": [memory.sources[row] for row in rows],
        }
    )
    return 0
