"""The child's side: do one thing with one competitor, and print the answer as JSON."""

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from importlib import import_module
from random import Random
from timeit import repeat
from uuid import UUID

from .documents import BAD, COMMON, SAMPLE, UUID4

# A figure is the least of many values, each the mean of calls that take a few milliseconds: what other processes do can
# only add to it. The medians and quartiles are those over several workers.
_CALLS = 500
_VALUES = 30
_TOKENS = 20_000
_EXCHANGES = 40


def answers(name: str) -> dict[str, list[str]]:
    """Return what the competitor makes of the sample: the token's values as text, or nothing where it refuses."""
    case = import_module(name)
    refusals = (*case.REFUSALS, RecursionError)
    members = ("access_token", "expires_in", "token_type", "scope")
    made: dict[str, list[str]] = {}
    for title, document in SAMPLE.items():
        try:
            token = case.from_bytes(document)
        except refusals:  # noqa: PERF203 - one document after the other
            made[title] = []
        else:
            made[title] = [repr(getattr(token, member)) for member in members]
    return made


def warm(name: str) -> dict[str, float]:
    """Return the microseconds of each warm work."""
    case, mapping = import_module(name), json.loads(COMMON)
    works = {"loads(bytes)": partial(case.from_bytes, COMMON), "structure(dict)": partial(case.from_mapping, mapping)}
    for kind, document in BAD.items():
        works[f"refuse: {kind}"] = partial(_refuse, case.from_bytes, case.REFUSALS, document)
    return {work: 1e6 * min(repeat(call, number=_CALLS, repeat=_VALUES)) / _CALLS for work, call in works.items()}


def _refuse(from_bytes: Callable[[bytes], object], refusals: tuple[type[Exception], ...], document: bytes) -> None:
    try:
        from_bytes(document)
    except refusals:
        return
    raise AssertionError("the document was accepted")


def memory(name: str) -> dict[str, float]:
    """Return the bytes that a token takes, of many parsed from as many different documents."""
    from_bytes = import_module(name).from_bytes
    random = Random(0)
    from_bytes(COMMON)
    tokens: list[object] = [None] * _TOKENS
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for index in range(_TOKENS):
        uuid = UUID(int=random.getrandbits(128), version=4)
        tokens[index] = from_bytes(COMMON.replace(UUID4.encode(), str(uuid).encode()))
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    return {"bytes": (after - before) / _TOKENS}


def exchange(name: str, server: str) -> dict[str, float]:
    """Return the milliseconds of an exchange in a warm process, the least over fresh and over a kept connection."""
    case = import_module(name)
    works = {"fresh": lambda: case.exchange(server), "kept": case.kept(server)}
    return {kind: 1e3 * min(repeat(work, number=1, repeat=_EXCHANGES)) for kind, work in works.items()}


_JOBS: dict[str, Callable[..., object]] = {"answers": answers, "warm": warm, "memory": memory, "exchange": exchange}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(_JOBS[sys.argv[1]](*sys.argv[2:])))
