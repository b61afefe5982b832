"""``hostile``: what libraries, each used as its documentation says, make of a token endpoint that misbehaves."""

from .contract import HOSTILE_CASES
from .contract import exchange_names
from .figures import table
from .processes import ask


def hostile() -> dict[str, dict[str, str]]:
    """Return the outcomes by row and library; ours must be clean in every row."""
    outcomes = {name: ask("hostile", case) for case, name in exchange_names(HOSTILE_CASES).items()}
    rows: dict[str, dict[str, str]] = {}
    for name, by_row in outcomes.items():
        for row, outcome in by_row.items():
            rows.setdefault(row, {})[name] = outcome
    return rows


def hostile_table(rows: dict[str, dict[str, str]]) -> str:
    """Show the outcomes, the bad ones in capitals."""
    names = list(next(iter(rows.values())))
    return table(("hostile", *names), [(row, *(by_name[name] for name in names)) for row, by_name in rows.items()])


def unclean(rows: dict[str, dict[str, str]], name: str) -> list[str]:
    """Return the rows in which a library has a bad outcome."""
    return [row for row, by_name in rows.items() if by_name[name].partition(":")[0].isupper()]
