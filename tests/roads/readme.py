"""The README's blocks, as a reader would take them out, and the programs that it names."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
README = TESTS.parent / "README.md"
RECIPES = TESTS / "recipes"


def blocks(language: str, words: str = "") -> list[str]:
    """Return the README's blocks of a language that have these words, in their order."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [block for name, block in found if name == language and words in block]
