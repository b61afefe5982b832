"""Run the command line: ``ticktick-oauth``, or ``python -m ticktick_oauth``."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run a command and return its exit code; None stands for the process's own arguments."""
    try:
        # Loading takes long enough to be interrupted, and the signals have no handlers of ours yet.
        from .commands import run

        return run(sys.argv[1:] if argv is None else list(argv))
    except KeyboardInterrupt:
        from .output import INTERRUPTED, complain

        complain("interrupted")
        return INTERRUPTED
