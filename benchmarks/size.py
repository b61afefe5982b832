"""Measure what each competitor brings along: installed, with its ``.pyc`` files, and zipped without them."""

import tempfile
from pathlib import Path
from shutil import make_archive

from .bundles import OURS, Bundles
from .figures import Row, rows

_COMPETITORS = (OURS, "pydantic", "pyticktick", "httpx + pydantic", "requests + pydantic")


def size(bundles: Bundles) -> list[Row]:
    """Install each and count."""
    installed, zipped, compiled, own = {}, {}, {}, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name in _COMPETITORS:
            files = [path for path in bundles.folder(name).rglob("*") if path.is_file()]
            if name == OURS:
                own = sum(path.stat().st_size for path in files if "ticktick_oauth" in path.parts) / 1e6
            installed[name] = [sum(path.stat().st_size for path in files) / 2**20]
            compiled[name] = [float(sum(path.suffix in {".so", ".pyd"} for path in files))]
            archive = make_archive(str(Path(folder, name)), "zip", bundles.folder(name, compiled=False))
            zipped[name] = [Path(archive).stat().st_size / 2**20]
    return [
        *rows("installed size", "MiB", installed),
        *rows("zipped size", "MiB", zipped),
        *rows("compiled files", "", compiled),
        *rows("installed size of our own code", "MB", {OURS: [own], "the goal": [0.7]}),
    ]
