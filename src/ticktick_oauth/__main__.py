"""``python -m ticktick_oauth`` is the command ``ticktick-oauth``."""

from ._cli import main

if __name__ == "__main__":
    raise SystemExit(main())
