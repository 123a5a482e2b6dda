"""A sentence becomes part prompts by rules, in five steps with a file each: words, items, groups, reading, phrases.

`state` holds what the reading fills, `body` and `garments` are its readers of words about the person and about clothes.
"""

from ..encoders.base import PartEncoder
from ..prompts import PartPrompts
from .fallback import place
from .groups import read_groups
from .items import read_items
from .phrases import write
from .reading import read
from .words import read_words

__all__ = ["describe"]


def describe(sentence: str, encoder: PartEncoder | None = None) -> PartPrompts:
    """What a sentence in free English says of each part.

    Garments with their colours, patterns, fabrics and lengths go to the garment's part, words about the person to face,
    hair and skin, words about the scene to the background, "no hat" to `absent`. `(red shirt:1.2)` gives its part a
    weight. A thing that the lexicon does not know goes to the part whose name `encoder` finds nearest. Whatever was
    decided on the way, and whatever is about no part, is in `notes`: no word of content is lost. An empty sentence
    gives empty prompts.
    """
    words, foreign = read_words(sentence)
    reading = read(read_groups(read_items(words)))
    place(reading, encoder)
    reading.notes += [f"'{text}' is meant for other tools and is left out" for text in foreign]
    return write(reading, sentence)
