"""A sentence cut into words, each with its weight: the first step, which knows punctuation but no English."""

import re
from dataclasses import dataclass

# Typographic marks that people paste, as ASCII.
_PLAIN = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-", "\u2013": " , ",
          "\u2014": " , ", "\u2026": " . ", "\u00a0": " ", "\u00ad": ""}  # fmt: skip

# What other tools read in a prompt and we do not: <lora:name:0.8>, embedding:name, --ar 2:3.
_FOREIGN = re.compile(r"<[^<>]*>|\bembedding:\S+|(?:(?<=\s)|^)--\w+(?:[ =][\w.:/]+)?")
_AGE = re.compile(r"\b(\d+)[\s-]years?[\s-]olds?\b", re.IGNORECASE)
_COUNT = re.compile(r"\b(\d)(?=(?:girl|boy|woman|man)s?\b)", re.IGNORECASE)  # the tags "1girl", "2boys"
_TOKEN = re.compile(
    r"""(?P<escaped>\\[()\[\]])
      | (?P<open>[(\[])
      | (?P<close>:\s*(?P<weight>[0-9]*\.?[0-9]+)\s*\)|[)\]])
      | (?P<word>\w+(?:(?:['/.-]|&(?=\w))\w+)*'?)
      | (?P<stop>[.!?;]+|\n)
      | (?P<comma>[,:|{}"/]+)
      | (?P<and>[&+])
      | (?P<other>\S)""",
    re.VERBOSE,
)
_EMPHASIS = 1.1  # a bracket without a number: ComfyUI's and A1111's factor


@dataclass(frozen=True)
class Word:
    """A word as it was written, or one of the marks "," and "."; `weight` is the product of the brackets around it."""

    text: str
    weight: float = 1.0

    @property
    def is_mark(self) -> bool:
        return self.text in (",", ".")


def read_words(sentence: str) -> tuple[list[Word], list[str]]:
    """The words of a sentence in order, and the pieces that are meant for other tools.

    `(red shirt:1.2)` weighs 1.2, `(red shirt)` 1.1, `[red shirt]` 1/1.1; brackets may be nested. A bracket that is not
    closed, or closed but never opened, is no bracket.
    """
    for mark, plain in _PLAIN.items():
        sentence = sentence.replace(mark, plain)
    foreign = [match.strip() for match in _FOREIGN.findall(sentence)]
    sentence = _COUNT.sub(r"\1 ", _AGE.sub(r"\1-year-old", _FOREIGN.sub(" , ", sentence)))

    texts: list[str] = []
    weights: list[float] = []
    opened: list[tuple[str, int]] = []
    for match in _TOKEN.finditer(sentence):
        kind, text = match.lastgroup, match.group()
        if match.group("close"):
            _close(match.group("weight"), text[-1], opened, weights)
            continue
        if kind == "open":
            opened.append((text, len(texts)))
        elif kind == "word":
            texts.append("." if text == "BREAK" else _uncapitalised(text, not texts or texts[-1] == "."))
        elif kind in ("stop", "comma"):
            texts.append("." if kind == "stop" else ",")
        elif kind == "and":
            texts.append("and")
        elif kind == "other":
            texts.append(",")
        weights += [1.0] * (len(texts) - len(weights))
    return [Word(text, round(weight, 4)) for text, weight in zip(texts, weights, strict=True)], foreign


def _uncapitalised(text: str, starts_sentence: bool) -> str:
    return text.lower() if starts_sentence and text.istitle() and "-" not in text else text


def _close(number: str | None, mark: str, opened: list[tuple[str, int]], weights: list[float]) -> None:
    wanted = "[" if mark == "]" else "("
    if not opened or opened[-1][0] != wanted:
        return
    factor = float(number) if number else _EMPHASIS if wanted == "(" else 1 / _EMPHASIS
    _, first = opened.pop()
    for index in range(first, len(weights)):
        weights[index] *= factor
