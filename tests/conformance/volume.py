"""Compare the package with pyticktick on many documents: ``python -m conformance.volume``, in the folder ``tests``."""

import argparse
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, cast

from attrs import field, frozen
from cattrs import BaseConverter, Converter

from conformance.grammar import RULES, Grammar
from conformance.parity import Verdict, agree, pyticktick_json, pyticktick_mapping, verdict
from ticktick_oauth import OAuthTokenV1, configure_converter, dumps, loads, structure, unstructure

_FRESH_SEED_BITS = 32  # short enough to type


class Disagreement(AssertionError):  # noqa: N818 - its name is what it is
    """The package and pyticktick disagree on a document or a mapping, beyond the allowed differences."""

    def __init__(self, what: str, data: object, theirs: Verdict, ours: Verdict) -> None:
        super().__init__(f"{what} disagrees with pyticktick on {data!r}: {ours!r}, not {theirs!r}")


@frozen
class Campaign:
    """A seeded run of documents and as many mappings."""

    seed: int
    documents: int
    accepted: Counter[str] = field(factory=Counter)
    """How many documents and mappings were accepted."""
    refused: Counter[str] = field(factory=Counter)
    """How many were refused."""
    rules: Counter[str] = field(factory=lambda: Counter(dict.fromkeys(RULES, 0)))
    """How often each rule was reached."""

    def run(self) -> None:
        """Compare both sides on each document and mapping.

        Raises:
            Disagreement: the first that they disagree on; its message tells the seed.

        """
        grammar = Grammar(Random(self.seed))
        structures = _structures()
        try:
            for _ in range(self.documents):
                self._compare_document(grammar.document())
                self._compare_mapping(grammar.mapping(), structures)
        except Disagreement as disagreement:
            disagreement.args = (f"{disagreement} (seed {self.seed})",)
            raise
        self.rules.update(grammar.reached)

    def _compare_document(self, document: object) -> None:
        theirs = pyticktick_json(document)
        ours = verdict(loads, document)
        if not agree(document, theirs, ours):
            raise Disagreement("loads", document, theirs, ours)
        self._count("document", ours)
        if isinstance(ours, dict):
            _compare_round_trip(loads(cast("str", document)), ours)

    def _compare_mapping(self, mapping: object, structures: Mapping[str, Callable[[Any], OAuthTokenV1]]) -> None:
        theirs = pyticktick_mapping(mapping)
        for name, read in structures.items():
            ours = verdict(read, mapping)
            if not agree(mapping, theirs, ours):
                raise Disagreement(name, mapping, theirs, ours)
        self._count("mapping", theirs)

    def _count(self, what: str, met: Verdict) -> None:
        (self.accepted if isinstance(met, dict) else self.refused)[what] += 1


def _compare_round_trip(token: OAuthTokenV1, expected: Verdict) -> None:
    text = dumps(token)
    for name, actual in (
        ("loads after dumps", verdict(loads, text)),
        ("model_validate_json after dumps", pyticktick_json(text)),
        ("structure after unstructure", verdict(structure, unstructure(token))),
    ):
        if expected != actual:
            raise Disagreement(name, text, expected, actual)


def _structures() -> dict[str, Callable[[Any], OAuthTokenV1]]:
    """Return the ways to structure a mapping: this package's function and every kind of configured converter."""
    converters = {
        "a Converter with detailed validation": Converter(detailed_validation=True),
        "a Converter without detailed validation": Converter(detailed_validation=False),
        "a BaseConverter with detailed validation": BaseConverter(detailed_validation=True),
        "a BaseConverter without detailed validation": BaseConverter(detailed_validation=False),
    }
    structures: dict[str, Callable[[Any], OAuthTokenV1]] = {"structure": structure}
    for name, converter in converters.items():
        configure_converter(converter)
        structures[name] = _structure_by(converter)
    return structures


def _structure_by(converter: BaseConverter) -> Callable[[Any], OAuthTokenV1]:
    return lambda mapping: converter.structure(mapping, OAuthTokenV1)


def fresh_seed() -> int:
    """Return a seed that was not used before."""
    return secrets.randbits(_FRESH_SEED_BITS)


def main() -> int:
    """Run a campaign from the command line; the exit code is 1 when the two sides disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=fresh_seed(), help="(default: a fresh one)")
    arguments = parser.parse_args()
    campaign = Campaign(arguments.seed, arguments.documents)
    print(f"seed {campaign.seed}")  # noqa: T201 - a command line
    try:
        campaign.run()
    except Disagreement as disagreement:
        print(disagreement)  # noqa: T201 - a command line
        return 1
    for what in ("document", "mapping"):
        print(f"{what}s: {campaign.accepted[what]} accepted, {campaign.refused[what]} refused")  # noqa: T201 - a command line
    for rule in sorted(campaign.rules):
        print(f"{campaign.rules[rule]:8} {rule}")  # noqa: T201 - a command line
    return 0


if __name__ == "__main__":
    sys.exit(main())
