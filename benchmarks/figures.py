"""What was measured, as ratios with the budget beside each."""

from collections.abc import Container
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from statistics import quantiles

OURS = "ticktick-oauth"
# (work, subject, against) -> the most that the subject may cost, as a multiple of the other: DESIGN's budgets.
BUDGETS: dict[tuple[str, str, str], float] = {
    ("cold start", OURS, "pydantic model"): 0.48,
    ("cold start", OURS, "pyticktick"): 0.15,
    ("cold start", OURS, "the floor"): 1.05,
    ("cold start: peak memory", OURS, "pydantic model"): 0.53,
    ("cold start: peak memory", OURS, "pyticktick"): 0.31,
    ("structure(dict)", OURS, "pydantic model"): 1.6,
    ("structure(dict)", OURS, "by hand"): 1.0,
    ("loads(bytes)", OURS, "pydantic model"): 2.4,
    ("loads(bytes)", OURS, "by hand"): 0.75,
    ("loads(bytes)", "msgspec to our class", "pydantic model"): 0.75,
    ("refuse: not JSON", OURS, "pydantic model"): 2.5,
    ("refuse: a member missing", OURS, "pydantic model"): 2.5,
    ("refuse: a UUID of version 1", OURS, "pydantic model"): 2.5,
    ("refuse: all members wrong", OURS, "pydantic model"): 2.5,
    ("memory per token", OURS, "pydantic model"): 0.35,
    ("exchange: cold", OURS, "httpx + pydantic"): 0.55,
    ("exchange: cold", OURS, "requests-oauthlib"): 0.80,
    ("exchange: cold", OURS, "Authlib"): 0.55,
    ("exchange: cold", OURS, "pyticktick's way"): 0.28,
    ("exchange: cold", OURS, "http.client"): 1.55,
    ("exchange: kept connection", OURS, "httpx + pydantic"): 0.75,
    ("exchange: fresh connection", OURS, "httpx + pydantic"): 0.9,
    ("installed size", OURS, "pydantic"): 0.35,
    ("installed size", OURS, "pyticktick"): 0.12,
}


@dataclass(frozen=True)
class Measurement:
    """One work, done by several competitors in turn: a value of each for every round."""

    work: str
    unit: str
    values: dict[str, list[float]]

    def ratios(self, subject: str, against: str) -> list[float]:
        """Return the subject's multiple of the other's cost, round by round, so that a slow minute hits both."""
        return [one / other for one, other in zip(self.values[subject], self.values[against], strict=True)]


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the lower quartile, the median and the upper quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, _, high = quantiles(values, n=4, method="inclusive")
    return low, median(values), high


def cost_table(measurement: Measurement) -> str:
    """Show what each competitor paid."""
    rows = []
    for name, values in sorted(measurement.values.items(), key=lambda item: median(item[1])):
        low, middle, high = spread(values)
        rows.append((name, f"{middle:,.4g} {measurement.unit}", f"{low:,.4g} to {high:,.4g}"))
    return table((measurement.work, "median", "quartiles"), rows)


def ratio_table(measurements: Iterable[Measurement], notes: Container[str]) -> str:
    """Show every ratio of ours to another's cost, with the budget's target; a star where a note says more."""
    rows = []
    for measurement in measurements:
        work = measurement.work
        if not measurement.unit:
            continue  # a count of a few files: its table says it better
        pairs = [(OURS, name) for name in measurement.values if name != OURS]
        pairs += [(subject, against) for each, subject, against in BUDGETS if each == work and subject != OURS]
        for subject, against in pairs:
            if subject not in measurement.values or against not in measurement.values:
                continue
            low, middle, high = spread(measurement.ratios(subject, against))
            target = BUDGETS.get((work, subject, against))
            verdict = "" if target is None else "met" if middle <= target else "MISSED"
            rows.append(
                (
                    work if subject == OURS else f"{work}, {subject}",
                    against + ("*" if against in notes else ""),
                    f"{middle:.2f}",
                    f"{low:.2f} to {high:.2f}",
                    "" if target is None else f"<= {target:.2f}",
                    verdict,
                )
            )
    return table(("work", "against", "ratio", "quartiles", "target", ""), rows)


def growth_table(growth: dict[str, dict[str, dict[str, float]]], kind: str) -> str:
    """Show how the cost of a document grows, in microseconds."""
    columns = next(iter(growth.values()))[kind]
    rows = [(name, *(f"{kinds[kind][column]:,.3g}" for column in columns)) for name, kinds in growth.items()]
    return table((f"µs a document, {kind}", *columns), rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table in Markdown."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in [head, ["-" * width for width in widths], *rows]
    ]
    return "\n".join(lines)
