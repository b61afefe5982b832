"""Take the README's code out, as a reader would who pastes it into a new folder."""

import re
from pathlib import Path

README = Path(__file__).parent.parent.parent / "README.md"


def blocks(language: str) -> list[str]:
    """Return the README's blocks of a language, in their order."""
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return found


def block_with(words: str, language: str = "python") -> str:
    """Return the one block of a language that has these words."""
    (block,) = (block for block in blocks(language) if words in block)
    return block


def paste(name: str, folder: Path) -> Path:
    """Write the block whose first line is a file's name into that file; return its path."""
    (block,) = (block for block in blocks("python") if block.startswith(f"# {name}\n"))
    path = folder / name
    path.write_text(block)
    return path
