"""Take the README's code out, as a reader would, and the programs that it names."""

import re
import shutil
from pathlib import Path

TESTS = Path(__file__).parents[1]
README = TESTS.parent / "README.md"


def blocks(language: str) -> list[str]:
    """Return the README's blocks of a language, in their order."""
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return found


def block_with(words: str, language: str) -> str:
    """Return the one block of a language that has these words."""
    (block,) = (block for block in blocks(language) if words in block)
    return block


def paste(name: str, folder: Path) -> Path:
    """Copy a program of the recipes into a folder; return its path."""
    return Path(shutil.copy(TESTS / "recipes" / name, folder))
