"""`humandiffusion describe TEXT`: the part prompts of a sentence as JSON."""

import argparse

from .common import Commands, print_json, sentence


def add(commands: Commands) -> None:
    """Register the command."""
    parser = commands.add_parser("describe", help="which words of a sentence go to which part, as JSON")
    parser.add_argument("text", metavar="TEXT", help='a sentence, as "a man in a black T-shirt and ripped denim pants"')
    parser.add_argument("--encoder", default="builtin", metavar="NAME", help="builtin, or a safetensors file")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the result."""
    text = sentence(args.text, "TEXT")
    from ..describe import describe
    from ..encoders.load import load_encoder

    print_json(describe(text, load_encoder(args.encoder)).to_dict())
    return 0
