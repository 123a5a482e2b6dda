"""Locks: read as written, refused by name, written as they are read."""

import json

import pytest

from humandiffusion.errors import InputError
from humandiffusion.parts import PANTS, TOP
from humandiffusion.smr.locks import Locks, PartLock, as_locks, read_locks

ONE, TWO = "0123456789abcdef", "fedcba9876543210"


@pytest.mark.parametrize("text", ["", "  ", "{}", '{"sources": {}}'])
def test_nothing_locks_nothing(text: str) -> None:
    locks = read_locks(text)
    assert locks == Locks() and locks.of(TOP) == PartLock()


def test_a_list_of_ids_locks_them_alike_whatever_the_name_of_the_part() -> None:
    assert read_locks(json.dumps({"Shirt": [ONE, TWO, ONE]})).parts == {TOP: PartLock({ONE: 0.5, TWO: 0.5})}


def test_the_long_form_weighs_bans_and_blends() -> None:
    locks = read_locks(
        json.dumps({"pants": {"lock": {ONE: 3, TWO: 1}, "ban": [TWO], "blend": 0}, "sources": {"ccp": 2}})
    )
    assert locks.parts == {PANTS: PartLock({ONE: 0.75, TWO: 0.25}, (TWO,), 0)}
    assert locks.sources == {"ccp": 2.0}


@pytest.mark.parametrize(
    "locks",
    [
        Locks(),
        Locks({TOP: PartLock({ONE: 0.5, TWO: 0.5})}),
        Locks({TOP: PartLock({ONE: 0.25, TWO: 0.75}, (TWO,), 0.5), PANTS: PartLock(ban=(ONE,))}, {"ccp": 0.0}),
        Locks({TOP: PartLock({ONE: 0.25, TWO: 0.75})}),
        Locks({TOP: PartLock({ONE: 1.0}, blend=0.0)}),
    ],
)
def test_what_is_written_is_read_again(locks: Locks) -> None:
    assert read_locks(locks.to_json()) == locks


def test_the_short_form_is_written_where_it_says_all() -> None:
    assert Locks({TOP: PartLock({ONE: 1.0})}).to_json() == json.dumps({"top": [ONE]})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "a JSON list"),
        ('{"cape": []}', "'cape'.*or 'sources'"),
        ('{"top": [], "shirt": []}', "top twice"),
        ('{"top": 3}', "locks for top: got 3"),
        ('{"top": [3]}', "locks for top, lock"),
        ('{"top": {"keep": []}}', "'keep'.*lock, ban, blend"),
        ('{"top": {"ban": "x"}}', "locks for top, ban"),
        ('{"top": {"blend": 1.5}}', "locks for top, blend: got 1.5"),
        ('{"top": {"blend": true}}', "locks for top, blend"),
        ('{"top": {"lock": {"x": 0}}}', "all 0"),
        ('{"top": {"lock": {"x": -1}}}', "from 0 to"),
        ('{"sources": ["ccp"]}', "locks, sources"),
        ('{"sources": {"ccp": NaN}}', "locks, sources"),
        ('{"sources": {"ccp": Infinity}}', "locks, sources"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line_that_names_it(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as error:
        read_locks(text)
    assert "\n" not in str(error.value)


def test_ids_by_part_are_locks_too() -> None:
    assert as_locks({TOP: [ONE]}) == Locks({TOP: PartLock({ONE: 1.0})})
    assert as_locks(None) == Locks()
    with pytest.raises(InputError, match="part 24"):
        as_locks({24: [ONE]})


@pytest.mark.parametrize("weight", ["1e308", "1" + "0" * 400, "-1", "NaN", "Infinity"])
def test_weights_beyond_measure_are_refused_and_not_lost(weight: str) -> None:
    with pytest.raises(InputError, match="wanted an object of weights from 0 to"):
        read_locks(f'{{"top": {{"lock": {{"{ONE}": {weight}, "{TWO}": {weight}}}}}}}')


def test_ids_count_in_either_case() -> None:
    assert read_locks(json.dumps({"top": {"lock": [ONE.upper()], "ban": [TWO.upper()]}})).parts == {
        TOP: PartLock({ONE: 1.0}, (TWO,))
    }
