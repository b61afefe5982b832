"""The package and pyticktick agree at volume, and the comparison is one that can fail."""

import os
import secrets
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from attrs import evolve

from conformance.grammar import RULES, Grammar
from conformance.parity import agree, pyticktick_json, pyticktick_mapping, verdict
from ticktick_oauth import OAuthTokenV1, loads, structure


def _seed() -> int:
    return int(os.environ.get("TICKTICK_OAUTH_TEST_SEED") or secrets.randbits(32))


def _compare(seed: int, count: int, read: Callable[[Any], OAuthTokenV1] = loads) -> Grammar:
    """Compare both sides on documents and mappings of a seed, and return the grammar that made them."""
    grammar = Grammar(Random(seed))
    met: Counter[tuple[str, bool]] = Counter()
    for _ in range(count):
        document, mapping = grammar.document(), grammar.mapping()
        for data, theirs, ours in (
            (document, pyticktick_json(document), verdict(read, document)),
            (mapping, pyticktick_mapping(mapping), verdict(structure, mapping)),
        ):
            assert agree(data, theirs, ours), (f"seed {seed}", data, theirs, ours)
            met["document" if data is document else "mapping", isinstance(ours, dict)] += 1
    assert len(met) == 4, f"seed {seed}"  # of both, some were accepted and some refused
    return grammar


def test_a_few_documents_of_a_fresh_seed() -> None:
    """Both sides agree on documents and mappings that no run has seen before."""
    _compare(_seed(), 2_000)


@pytest.mark.slow
def test_many_documents_of_a_fresh_seed() -> None:
    """Both sides agree on 200,000 documents and mappings, and every rule was reached."""
    seed = _seed()
    assert set(_compare(seed, 200_000).reached) == RULES, f"seed {seed}"


def test_a_seed_is_enough_to_meet_a_document_again() -> None:
    """The grammar makes the same choices for the same seed, and few of them reach every rule."""
    one, other = Grammar(Random(7)), Grammar(Random(7))
    for _ in range(1_000):
        assert one.document() == other.document()
        one.mapping()
        other.mapping()
    assert set(one.reached) == RULES


def test_a_disagreement_is_found() -> None:
    """A reader that takes a member for another is found out, and the seed is said."""
    with pytest.raises(AssertionError, match="seed 5"):
        _compare(5, 300, lambda data: evolve(loads(data), expires_in=7))


_TOKEN = '"access_token":"0e6cbbd3-cb86-4a45-9d0b-0f6a22ab9d2b"'


@pytest.mark.parametrize(
    ("members", "theirs", "ours", "expected"),
    [
        (',"expires_in":"0__1"', {}, ("expires_in",), True),
        (',"expires_in":"0__1"', {}, (), False),
        (',"expires_in":"0__1"', ("expires_in",), {}, False),
        (',"expires_in":"0__1","scope":1', ("scope",), ("expires_in", "scope"), True),
        (',"expires_in":"0__1","scope":1', ("scope",), ("expires_in",), False),
        (',"expires_in":"0_1"', {}, ("expires_in",), False),
        (f',"expires_in":"{"0" * 4300}1"', {}, ("expires_in",), True),
        (f',"expires_in":"{"1" * 4300}"', {}, ("expires_in",), False),
        (',"expires_in":"00-7"', {}, ("expires_in",), True),
        (',"expires_in":"1-7"', {}, ("expires_in",), False),
        (',"expires_in":1', {}, ("expires_in",), False),
        (',"expires_in":1', {}, ("",), False),
        (f',"a":{"[" * 197}{"]" * 197}', ("",), ("expires_in",), False),
        (f',"a":{"[" * 198}{"]" * 198}', ("",), ("expires_in",), True),
        (f',"a":{"[" * 198}{"]" * 198}', ("expires_in",), ("",), False),
        (f',"a":"{"[" * 200}"', ("",), ("expires_in",), False),
        (r',"\ud800":1', ("",), ("expires_in",), True),
        (r',"\ud83d\ude00":1', ("",), ("expires_in",), False),
        (r',"scope":"\ud800","scope":1', ("",), ("expires_in", "scope"), True),
        (r',"scope":"\ud800"', ("",), ("expires_in", "scope"), True),
        (f',"expires_in":{"1" * 4301}.0', ("",), ("expires_in",), True),
        (f',"expires_in":{"1" * 4300}.0', ("",), ("expires_in",), False),
    ],
    ids=lambda each: repr(each)[:40],
)
def test_differences_that_are_allowed(members: str, theirs: Any, ours: Any, expected: bool) -> None:  # noqa: ANN401, FBT001
    """Two verdicts may differ for the reasons that are allowed, and no wider than that."""
    assert expected is agree("{" + _TOKEN + members + "}", theirs, ours)


def test_differences_of_bytes_and_of_mappings() -> None:
    """What is not UTF-8 is not read for its depth; of a mapping, no text is parsed."""
    assert not agree(b'{"\xff":' + b"[" * 198 + b"]" * 198 + b"}", ("",), ("access_token", "expires_in"))
    assert agree({"expires_in": "0__1"}, {}, ("expires_in",))
    assert not agree({"expires_in": 1}, {}, ("expires_in",))
