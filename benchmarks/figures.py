"""Turn what was measured into ratios, each beside the target that the design sets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from .bundles import BARE, FLOOR, ON, OURS, PROGRAM, URLLIB3_FLOOR

# (work, against) -> the most that this package may cost, as a multiple of the other.
TARGETS: dict[tuple[str, str], float] = {
    ("cold start: instructions", FLOOR): 1.04,
    ("cold start: instructions, no .pyc", FLOOR): 1.055,
    ("cold start: instructions", "pydantic"): 0.465,
    ("cold start: instructions, no .pyc", "pydantic"): 0.475,
    ("cold start: peak memory", "pydantic"): 0.53,
    ("cold start: peak memory", "pyticktick"): 0.31,
    ("kept token: instructions", FLOOR): 1.09,
    ("kept token: instructions", "pydantic"): 0.485,
    ("kept token: instructions, no .pyc", "pydantic"): 0.49,
    ("exchange: instructions", URLLIB3_FLOOR): 1.05,
    ("exchange: instructions", "httpx + pydantic"): 0.75,
    ("exchange: instructions", "requests-oauthlib"): 0.95,
    ("command: status: instructions", PROGRAM): 1.13,
    ("command: token: instructions", PROGRAM): 1.13,
    ("command: --help: instructions", BARE): 4.5,
    ("command: --version: instructions", BARE): 4.5,
    ("import ticktick_oauth: instructions", BARE): 1.1,
    ("loads(bytes)", "by hand"): 0.95,
    ("structure(dict)", "by hand"): 1.25,
    ("refuse: not JSON", "pydantic"): 2.8,
    ("refuse: a member missing", "pydantic"): 2.8,
    ("refuse: a UUID of version 1", "pydantic"): 2.8,
    ("refuse: all members wrong", "pydantic"): 2.8,
    ("memory per token", "pydantic"): 0.35,
    ("exchange: fresh connection", "httpx + pydantic"): 0.95,
    ("exchange: kept connection", "httpx + pydantic"): 0.8,
    ("installed size", "pydantic"): 0.32,
    ("installed size", "pyticktick"): 0.10,
    ("installed size of our own code", "the goal"): 1.0,
    ("compiled files", "pydantic"): 0.0,
    ("compiled files", "pyticktick"): 0.0,
}


@dataclass(frozen=True)
class Row:
    """One work of this package beside a competitor's: the medians of both, and the ratio's median and quartiles."""

    work: str
    against: str
    unit: str
    ours: float
    theirs: float
    ratio: float
    low: float
    high: float

    def cells(self) -> tuple[str, ...]:
        """Return the row as the table shows it."""
        target = TARGETS.get((self.work.partition(ON)[0], self.against))  # the same on each Python
        verdict = ("", "") if target is None else (f"{target:g}", "met" if self.ratio <= target else "MISSED")
        costs = (f"{cost:,.3g}" if cost < 1000 else f"{cost:,.0f}" for cost in (self.ours, self.theirs))
        ours, theirs = (f"{cost} {self.unit}".strip() for cost in costs)
        digits = 2 if self.low < self.high else 3  # what is counted once is repeatable
        same = f"{self.low:.2f}" == f"{self.high:.2f}"
        quartiles = "" if same else f"{self.low:.2f} to {self.high:.2f}"
        return (self.work, self.against, ours, theirs, f"{self.ratio:.{digits}f}", quartiles, *verdict)


def rows(work: str, unit: str, values: Mapping[str, Sequence[float]]) -> list[Row]:
    """Compare this package with all others that did the work. A ratio is of one round: a slow minute hits both."""
    ours = values[OURS]
    made = []
    for name, theirs in values.items():
        if name == OURS:
            continue
        ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
        low, middle, high = quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
        figures = (median(ours), median(theirs), middle, low, high)
        made.append(Row(work, name, unit, *(float(f"{each:.4g}") for each in figures)))
    return made


def table(compared: Iterable[Row]) -> str:
    """Lay out rows as a table in Markdown."""
    head = ("work", "against", "ours", "theirs", "ratio", "quartiles", "target", "")
    lines = [head, ("---",) * len(head), *(row.cells() for row in compared)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
