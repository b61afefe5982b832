"""The child's side: does one thing with one competitor, and answers with JSON on stdout."""

import gc
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from contextlib import redirect_stdout
from contextlib import suppress
from io import StringIO
from random import Random
from typing import Any
from uuid import UUID

from .contract import ParseCase
from .contract import exchange_case
from .contract import parse_case
from .contract import values
from .documents import BAD
from .documents import CODE
from .documents import COMMON
from .documents import SAMPLE
from .documents import SECRET
from .documents import UUID4
from .documents import grown

# A value is the mean of as many calls as take this long, and the least of many counts, as in `timeit`: what other
# processes do can only add to it. The medians and quartiles are those over several workers.
_SECONDS_PER_VALUE = 0.005
_VALUES = 25
_PYPERF_LOOPS = 1_000
_TOKENS = 20_000
_EXCHANGES = 40


def _time(function: Callable[[Any], object], argument: object) -> float:
    """Return the seconds that a call takes, by the least disturbed of several values."""
    loops = 1
    while _loop(function, argument, loops) < _SECONDS_PER_VALUE:
        loops *= 2
    return min(_loop(function, argument, loops) for _ in range(_VALUES)) / loops


def _loop(function: Callable[[Any], object], argument: object, loops: int) -> float:
    calls = range(loops)
    start = time.perf_counter()
    for _ in calls:
        function(argument)
    return time.perf_counter() - start


def _refusal(case: ParseCase) -> Callable[[bytes], None]:
    from_bytes, refusals = case.from_bytes, case.REFUSALS

    def refuse(document: bytes) -> None:
        try:
            from_bytes(document)
        except refusals:
            return
        raise AssertionError("the document was accepted")

    return refuse


def works(case: ParseCase) -> dict[str, tuple[Callable[[Any], object], object]]:
    """Return the warm works of a competitor: a function and its argument."""
    accepting: dict[str, tuple[Callable[[Any], object], object]] = {
        "loads(bytes)": (case.from_bytes, COMMON),
        "loads(str)": (case.from_str, COMMON.decode()),
        "structure(dict)": (case.from_mapping, json.loads(COMMON)),
    }
    return accepting | {f"refuse: {kind}": (_refusal(case), document) for kind, document in BAD.items()}


def warm(name: str) -> dict[str, float]:
    """Return the microseconds of each warm work, by pyperf, whose worker this process is."""
    from pyperf import Runner

    runner = Runner(values=_VALUES, warmups=1)
    runner.parse_args(["--worker", f"--loops={_PYPERF_LOOPS}"])
    microseconds = {}
    for work, (function, argument) in works(parse_case(name)).items():
        with redirect_stdout(StringIO()):  # pyperf would print the values, for a master process of its own
            benchmark = runner.bench_func(work, function, argument)
        microseconds[work] = 1e6 * min(benchmark.get_values())
    return microseconds


def gate(name: str) -> dict[str, list[str]]:
    """Return what the competitor makes of the sample: the token's values as text, or nothing where it refuses."""
    case = parse_case(name)
    return {title: _outcome(case, document) for title, document in SAMPLE.items()}


def _outcome(case: ParseCase, document: bytes) -> list[str]:
    refusals: tuple[type[Exception], ...] = (*case.REFUSALS, RecursionError)
    try:
        return [repr(value) for value in values(case.from_bytes(document))]
    except refusals:
        return []


def growth(name: str) -> dict[str, dict[str, float]]:
    """Return the microseconds per document, by how many there are, and by the size of one."""
    from_bytes = parse_case(name).from_bytes
    from_bytes(COMMON)
    counts = {f"{10**power:,}": 1e6 * _loop(from_bytes, COMMON, 10**power) / 10**power for power in range(7)}
    sizes = {f"{2**power / 1024:g} KiB": 1e6 * _time(from_bytes, grown(2**power)) for power in range(7, 17)}
    return {"by number": counts, "by size": sizes}


def memory(name: str) -> dict[str, float]:
    """Return the bytes that a token holds, of many parsed from as many different documents."""
    from_bytes = parse_case(name).from_bytes
    random = Random(0)
    from_bytes(COMMON)
    tokens: list[object] = [None] * _TOKENS
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for index in range(_TOKENS):
        tokens[index] = from_bytes(COMMON.replace(UUID4.encode(), _random_uuid(random)))
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    return {"memory per token": (after - before) / _TOKENS}


def _random_uuid(random: Random) -> bytes:
    return str(UUID(int=random.getrandbits(128), version=4)).encode()


def exchange(name: str, url: str) -> dict[str, float]:
    """Return the milliseconds of an exchange in a warm process: the least over fresh and over a kept connection."""
    case = exchange_case(name)
    kept = case.kept(url)
    fresh_seconds = [_loop(case.exchange, url, 1) for _ in range(_EXCHANGES)]
    kept_seconds = [_loop(lambda _: kept(), None, 1) for _ in range(_EXCHANGES)]
    return {
        "exchange: fresh connection": 1e3 * min(fresh_seconds),
        "exchange: kept connection": 1e3 * min(kept_seconds),
    }


def repeat(name: str, work: str, loops: str) -> None:
    """Do one warm work so many times, after all of them once: what `instructions` counts."""
    functions = works(parse_case(name))
    for function, argument in functions.values():
        function(argument)
    _loop(*functions[work], int(loops))


def piece(name: str, loops: str) -> None:
    """Do one piece of our `loads` so many times, after once: what `breakdown` counts."""
    from .breakdown import pieces

    function = pieces()[name]
    function()
    _loop(lambda _: function(), None, int(loops))


def answer(name: str, url: str) -> list[str]:
    """Return what the competitor makes of an exchange, the same by each of its two ways."""
    case = exchange_case(name)
    fresh, kept = case.exchange(url), case.kept(url)()
    assert fresh == kept
    return [repr(value) for value in fresh]


def overshoot(url: str) -> float:
    """Return the seconds that our exchange takes with a deadline of one second, on a server that drips."""
    from ticktick_oauth import AuthorizationServer
    from ticktick_oauth import Client
    from ticktick_oauth import exchange_code
    from ticktick_oauth.exceptions import DeadlineExceededError

    server = AuthorizationServer(issuer=url, authorization_endpoint=url, token_endpoint=url)
    client = Client(client_id="id", client_secret=SECRET, server=server)
    start = time.perf_counter()
    with suppress(DeadlineExceededError):
        exchange_code(client, CODE, timeout=1)
        raise AssertionError("the deadline did not end the exchange")
    return time.perf_counter() - start


def hostile(name: str) -> dict[str, str]:
    """Return what becomes of each hostile answer."""
    from .hostile_worker import verdicts

    return verdicts(name)


_JOBS: dict[str, Callable[..., object]] = {
    "warm": warm,
    "gate": gate,
    "growth": growth,
    "memory": memory,
    "exchange": exchange,
    "repeat": repeat,
    "piece": piece,
    "answer": answer,
    "overshoot": overshoot,
    "hostile": hostile,
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(_JOBS[sys.argv[1]](*sys.argv[2:])))
