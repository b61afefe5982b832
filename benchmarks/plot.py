"""Draw the one picture, of cold start and memory, ours beside the others."""

from collections.abc import Sequence
from pathlib import Path

from .bundles import FLOOR, OURS
from .figures import Row

# The page behind may be white or black: nothing is drawn but marks and text that both bear.
_OURS = "#2f81f7"
_OTHERS = "#8b949e"
_TEXT = "#7d8590"
_WORKS = {
    "cold start": "process start to a validated token, ms",
    "cold start: peak memory": "peak memory of that process, MiB",
}
_LABELS = {FLOOR: "import attrs, cattrs"}


def plot(measured: Sequence[Row], path: Path) -> None:
    """Draw the medians as horizontal bars, the cheapest on top."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # Text stays text; and the same figures give the same file.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": OURS, "font.family": "sans-serif"}):
        figure = Figure(figsize=(9, 2.6), layout="constrained")
        for axes, (work, title) in zip(figure.subplots(1, len(_WORKS)), _WORKS.items(), strict=True):
            shown = [row for row in measured if row.work == work]
            bars = sorted([(shown[0].ours, OURS), *((row.theirs, row.against) for row in shown)], reverse=True)
            drawn = axes.barh(
                [_LABELS.get(name, name) for _, name in bars],
                [value for value, _ in bars],
                color=[_OURS if name == OURS else _OTHERS for _, name in bars],
                height=0.66,
            )
            axes.bar_label(drawn, fmt="%.0f", padding=4, color=_TEXT, fontsize=10)
            axes.set_title(title, color=_TEXT, fontsize=11, loc="left")
            axes.tick_params(length=0, colors=_TEXT, labelsize=10)
            axes.set_xticks([])
            axes.margins(x=0.12)
            axes.spines[:].set_visible(False)
        figure.savefig(path, format="svg", transparent=True, metadata={"Date": None})
