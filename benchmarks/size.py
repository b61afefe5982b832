"""``size``: what an installation brings, each into a folder of its own, with its compiled ``.pyc`` files in place."""

import tempfile
from importlib.metadata import version
from pathlib import Path

from .figures import OURS
from .figures import Measurement
from .processes import ROOT
from .processes import pip


def _competitors() -> dict[str, list[str]]:
    """Return what pip is asked for: the versions that the other parts run against."""
    pinned = {
        name: [f"{name}=={version(name)}"]
        for name in ("pydantic", "pyticktick", "msgspec", "requests-oauthlib", "Authlib")
    }
    return pinned | {
        "httpx + pydantic": [f"httpx=={version('httpx')}", *pinned["pydantic"]],
        "requests_oauth2client": [f"requests_oauth2client=={version('requests_oauth2client')}"],
    }


def size() -> list[Measurement]:
    """Install each and count."""
    counts: dict[str, dict[str, list[float]]] = {
        "installed size": {},
        "installed files": {},
        "installed compiled files": {},
        "installed distributions": {},
    }
    with tempfile.TemporaryDirectory() as folder:
        wheels = Path(folder, "wheels")
        pip("wheel", "--no-deps", "--wheel-dir", str(wheels), str(ROOT))
        for name, requirements in {OURS: [str(*wheels.iterdir())], **_competitors()}.items():
            target = Path(folder, name)
            pip("install", "--no-warn-conflicts", "--compile", "--target", str(target), *requirements)
            files = [path for path in target.rglob("*") if path.is_file()]
            counts["installed size"][name] = [sum(path.stat().st_size for path in files) / 2**20]
            counts["installed files"][name] = [len(files)]
            counts["installed compiled files"][name] = [sum(path.suffix in {".so", ".pyd"} for path in files)]
            counts["installed distributions"][name] = [len(list(target.glob("*.dist-info")))]
    return [Measurement(work, "MiB" if "size" in work else "", values) for work, values in counts.items()]
