"""Measure documents to tokens in a warm process, and what tokens take in memory."""

import json
from typing import cast

from .bundles import OURS, Bundles, module
from .figures import Row, rows
from .processes import in_turn

# Whose answers decide what is a token.
_REFERENCE = "pyticktick"
_COMPETITORS = (OURS, "pydantic", "msgspec", "by hand")


def _ask(bundles: Bundles, competitor: str, job: str) -> dict[str, float]:
    return cast("dict[str, float]", json.loads(bundles.ask(competitor, job, module("parse", competitor))))


def gate(bundles: Bundles) -> list[str]:
    """Compare the competitors' answers to the sample with the reference's; say where one differs. Ours must not."""
    expected = _ask(bundles, _REFERENCE, "answers")
    notes = []
    for competitor in _COMPETITORS:
        met = _ask(bundles, competitor, "answers")
        differs = [title for title, answer in met.items() if answer != expected[title]]
        if differs:
            notes.append(f"{competitor} differs from {_REFERENCE} in: {', '.join(differs)}")
            if competitor == OURS:
                raise SystemExit(notes[-1])
    return notes


def parse(bundles: Bundles, rounds: int) -> list[Row]:
    """Time documents that are accepted and documents that are refused."""
    values = in_turn(_COMPETITORS, rounds, lambda competitor: _ask(bundles, competitor, "warm"), warmups=0)
    return [row for work, by_name in values.items() for row in rows(work, "µs", by_name)]


def memory(bundles: Bundles) -> list[Row]:
    """Count the bytes per token: exact, so one round is enough."""
    values = {competitor: [_ask(bundles, competitor, "memory")["bytes"]] for competitor in _COMPETITORS}
    return rows("memory per token", "B", values)
