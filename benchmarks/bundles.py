"""Install what each competitor needs into a folder of its own, as a serverless function brings it along."""

import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from shutil import copytree, ignore_patterns, which

ROOT = Path(__file__).parent.parent
OURS = "ticktick-oauth"
FLOOR = "the floor"
URLLIB3_FLOOR = "urllib3 + the floor"
PROGRAM = "require_token()"
BARE = "a bare interpreter"
# What stands behind the name of a work that was done on another Python.
ON = " on Python "
# The competitors, and the distributions that each needs.
_REQUIREMENTS: dict[str, tuple[str, ...]] = {
    OURS: (OURS, "attrs", "cattrs", "urllib3"),
    PROGRAM: (OURS, "attrs", "cattrs", "urllib3"),
    BARE: (),
    FLOOR: ("attrs", "cattrs"),
    "by hand": (),
    "msgspec": ("msgspec",),
    "pydantic": ("pydantic",),
    "pyticktick": ("pyticktick",),
    URLLIB3_FLOOR: ("attrs", "cattrs", "urllib3"),
    "urllib3 + by hand": ("urllib3",),
    "http.client + by hand": (),
    "httpx + pydantic": ("httpx", "pydantic"),
    "requests + pydantic": ("requests", "pydantic"),
    "requests-oauthlib": ("requests-oauthlib",),
    "Authlib": ("Authlib", "requests"),
}
DISTRIBUTIONS = sorted({name for names in _REQUIREMENTS.values() for name in names}, key=str.lower)
# How the files of `cases` call them.
_SHORT = {
    OURS: "ours",
    FLOOR: "floor",
    URLLIB3_FLOOR: "urllib3_floor",
    "urllib3 + by hand": "urllib3",
    "http.client + by hand": "http_client",
    "httpx + pydantic": "httpx",
    "requests + pydantic": "requests",
    "requests-oauthlib": "requests_oauthlib",
}


def module(kind: str, competitor: str) -> str:
    """Return the module in which a competitor does a kind of work."""
    return f"cases.{kind}_{_SHORT.get(competitor, competitor.lower().replace(' ', '_'))}"


class Bundles:
    """The folders for one Python: with the ``.pyc`` files that pip compiles, and copies without any.

    They run in an environment that has nothing else, so that no competitor loads what happens to be installed.
    """

    def __init__(self, folder: Path, python: str = sys.executable) -> None:
        self._folder = folder
        self.on = "" if python == sys.executable else ON + python.removeprefix("python")
        self.python = str(folder / "venv" / "bin" / "python")
        subprocess.run([python, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
        self._pip("wheel", "--no-deps", "--wheel-dir", str(folder / "wheel"), str(ROOT))
        without = folder / "bare" / "programs" / "cases"
        copytree(Path(__file__).with_name("cases"), without, ignore=ignore_patterns("__pycache__"))
        copytree(without, folder / "programs" / "cases")
        subprocess.run([self.python, "-m", "compileall", "-q", str(folder / "programs")], check=True)

    def folder(self, competitor: str, *, compiled: bool = True) -> Path:
        """Return a competitor's folder, which is filled at its first use."""
        with_pyc = self._folder / competitor
        if not with_pyc.exists():
            with_pyc.mkdir()
            # The versions that the environment of the benchmarks has.
            (wheel,) = (self._folder / "wheel").iterdir()
            requirements = [
                str(wheel) if name == OURS else f"{name}=={version(name)}" for name in _REQUIREMENTS[competitor]
            ]
            if requirements:
                self._pip("install", "--compile", "--target", str(with_pyc), *requirements)
        if compiled:
            return with_pyc
        bare = self._folder / "bare" / competitor
        if not bare.exists():
            copytree(with_pyc, bare, ignore=ignore_patterns("__pycache__"))
        return bare

    def environment(self, competitor: str, *, compiled: bool = True) -> dict[str, str]:
        """Return the variables of a process in which a competitor and the files of `cases` can be imported."""
        folder = self.folder(competitor, compiled=compiled)
        path = (str(folder), str(folder.parent / "programs"), str(ROOT))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return kept | {"PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"}

    def ask(self, competitor: str, job: str, *arguments: str, trust: Mapping[str, str] | None = None) -> str:
        """Return what a fresh worker prints."""
        command = [self.python, "-m", f"{__package__}.worker", job, *arguments]
        variables = self.environment(competitor) | dict(trust or {})
        return subprocess.run(command, env=variables, stdout=subprocess.PIPE, check=True, text=True).stdout

    @classmethod
    def elsewhere(cls, folder: Path) -> "list[Bundles]":
        """Return the folders for each other Python of the PATH that runs."""
        names = [f"python3.{minor}" for minor in range(10, 30) if minor != sys.version_info.minor]
        return [cls(folder / name, name) for name in names if _runs(name)]

    def _pip(self, *arguments: str) -> None:
        pip = [sys.executable, "-m", "pip", "--python", self.python, "--disable-pip-version-check", "-qq"]
        subprocess.run([*pip, *arguments], check=True)


def _runs(name: str) -> bool:
    # A name may be there only to say that the Python behind it is not active, as pyenv's are.
    return which(name) is not None and not subprocess.run([name, "-c", ""], capture_output=True).returncode  # noqa: PLW1510 - asked here
