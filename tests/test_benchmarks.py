"""The benchmarks' tables show the figures of the run that was kept."""

import json

from benchmarks.__main__ import RESULTS, readme_tables
from benchmarks.figures import TARGETS, Row


def kept() -> list[Row]:
    """Read the figures that were kept."""
    return [Row(**row) for row in json.loads((RESULTS / "figures.json").read_text("utf-8"))["rows"]]


def test_the_readmes_show_the_figures_that_were_kept() -> None:
    """The tables of both READMEs are the benchmarks' own, of one run."""
    for path, table in readme_tables(kept()).items():
        assert f"\n{table}\n\n" in path.read_text("utf-8")


def test_every_target_has_a_figure() -> None:
    """What the design sets a target for is measured."""
    assert set(TARGETS) <= {(row.work, row.against) for row in kept()}
