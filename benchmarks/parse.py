"""``parse``: documents to tokens in a warm process. ``memory``: what a token holds."""

from .contract import PARSE_CASES
from .contract import parse_names
from .figures import Measurement
from .processes import ask
from .processes import in_turn
from .processes import measurements

# Whose answers are the law: see DESIGN.
_REFERENCE = "pyticktick_class"


def gate(cases: tuple[str, ...] = PARSE_CASES) -> dict[str, str]:
    """Hold the competitors' answers to the sample against the reference; return a footnote for each that differs."""
    names = parse_names(cases)
    expected = ask("gate", _REFERENCE)
    notes = {}
    for case in cases:
        met = ask("gate", case)
        accepted = [title for title, outcome in met.items() if outcome and not expected[title]]
        refused = [title for title, outcome in met.items() if expected[title] and not outcome]
        changed = [title for title, outcome in met.items() if outcome and expected[title] not in (outcome, [])]
        parts = [("accepts", accepted), ("refuses", refused), ("gives other values for", changed)]
        said = "; ".join(f"{verb} {', '.join(titles)}" for verb, titles in parts if titles)
        if said and case == "ours":
            raise SystemExit(f"ours does not agree with pyticktick: {said}")
        if said:
            notes[names[case]] = f"other than pyticktick, it {said}"
    return notes


def parse(rounds: int) -> list[Measurement]:
    """Time documents that are accepted and documents that are refused."""
    values = in_turn(PARSE_CASES, rounds, lambda case: ask("warm", case), warmups=0)
    return measurements(values, lambda _: "µs", parse_names(PARSE_CASES))


def growth() -> dict[str, dict[str, dict[str, float]]]:
    """Time 1 to 1,000,000 documents and documents of 128 B to 64 KiB: microseconds per document."""
    cases = ("ours", "pydantic_model", "by_hand")
    return {name: ask("growth", case) for case, name in parse_names(cases).items()}


def memory() -> list[Measurement]:
    """Count the bytes per token: exact, so one round is enough."""
    cases = tuple(case for case in PARSE_CASES if not case.startswith("cattrs_"))
    values = in_turn(cases, 1, lambda case: ask("memory", case), warmups=0)
    return measurements(values, lambda _: "B", parse_names(cases))
