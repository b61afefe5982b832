"""Pack what is installed here into wheels again: the very versions that are tested, without a package index."""

import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import ticktick_oauth

PACKAGE = Path(ticktick_oauth.__file__).parent
DEPENDENCIES = ["attrs", "cattrs", "urllib3", "typing_extensions"]
if sys.version_info < (3, 11):
    DEPENDENCIES.append("exceptiongroup")


def _files(name: str) -> Iterator[tuple[str, bytes]]:
    found = distribution(name)
    for file in found.files or ():
        if file.parts[0] != ".." and file.suffix in {"", ".py", ".pyi", ".txt", ".typed"} and file.name != "RECORD":
            yield str(file), Path(str(file.locate())).read_bytes()
    if name == "ticktick-oauth":  # an editable install has none of its files
        for path in PACKAGE.rglob("*"):
            if path.suffix in {".py", ".typed"}:
                yield str(path.relative_to(PACKAGE.parent)), path.read_bytes()


def pack(name: str, folder: Path) -> str:
    """Pack a distribution into a wheel in a folder; return its requirement, such as ``attrs==26.1.0``."""
    version = distribution(name).version
    members = dict(_files(name))
    stem = f"{name.replace('-', '_')}-{version}"
    members[f"{stem}.dist-info/RECORD"] = "".join(f"{member},,\n" for member in members).encode()
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        for member, data in members.items():
            wheel.writestr(member, data)
    return f"{name}=={version}"
