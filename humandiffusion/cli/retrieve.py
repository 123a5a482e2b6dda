"""`humandiffusion retrieve`: what the style memory holds of a phrase or a picture, as JSON."""

import argparse
from pathlib import Path

from .common import Commands, print_json, sentence, whole_number
from .painting import number


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser("retrieve", help="what the style memory holds of a phrase or a picture, as JSON")
    parser.add_argument("--text", default="", metavar="PHRASE", help='as "a red plaid shirt"')
    parser.add_argument("--image", type=Path, metavar="PICTURE", help="of the garment, in place of a phrase or with it")
    parser.add_argument(
        "--reference",
        type=number(0, 1),
        default=0.5,
        metavar="X",
        help="with both: the share of the picture, the rest is the phrase's (default %(default)s)",
    )
    parser.add_argument("--part", required=True, metavar="NAME", help="where it is worn, as top, pants or footwear")
    parser.add_argument("-k", type=whole_number(1), default=4, metavar="N", help="how many (default %(default)s)")
    parser.add_argument("--scope", choices=("part", "all"), default="part", help="where to look (default %(default)s)")
    parser.add_argument(
        "--diversity", type=number(0, 1), default=0.0, metavar="X", help="0: the nearest (default); 1: most unlike"
    )
    parser.add_argument("--ban", action="append", default=[], metavar="ID", help="not this one; may be repeated")
    parser.add_argument("--exact", action="store_true", help="search exactly where an index lies beside the memory")
    parser.add_argument("--memory", default="builtin", metavar="FILE", help="style memory (default %(default)s)")
    parser.add_argument("--encoder", default="builtin", metavar="NAME", help="part encoder (default %(default)s)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what was found, best first."""
    phrase = sentence(args.text, "--text") if args.text or args.image is None else ""
    from ..encoders.load import load_encoder
    from ..parts import PART_NAMES, part_index
    from ..prompts import PartPrompt
    from ..smr.asking import question
    from ..smr.exact import ExactSearch
    from ..smr.finding import Search, find
    from ..smr.io import load_memory
    from ..smr.locks import Locks, PartLock
    from .pose_photo import read_photo

    part = part_index(args.part)
    image = None if args.image is None else read_photo(args.image, "--image")[0]
    encoder, memory = load_encoder(args.encoder), load_memory(args.memory)
    memory.check_encoder(encoder.encoder_id)
    engine = ExactSearch(memory) if args.exact or memory.engine is None else memory.engine
    how = Search(k=args.k, scope=args.scope, diversity=args.diversity, engine=engine)
    asked = question(encoder, memory, PartPrompt(part, phrase, image=image), args.reference)
    hits, elsewhere = find(memory, [asked], how, Locks({part: PartLock(ban=tuple(args.ban))}))[0]
    rows = [] if elsewhere else [row for row in hits.rows[0].tolist() if row >= 0]
    print_json(
        {
            "text": phrase,
            "image": None if args.image is None else str(args.image),
            "part": PART_NAMES[part],
            "encoder_id": encoder.encoder_id,
            "engine": engine.name,
            "ids": memory.ids.read(rows),
            "scores": [round(score, 4) for score in hits.scores[0, : len(rows)].tolist()],
            "weights": [round(weight, 4) for weight in hits.weights[0, : len(rows)].tolist()],
            "captions": memory.captions.read(rows),
            "sources": memory.sources.read(rows),
        }
    )
    return 0
