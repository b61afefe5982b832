"""The README's picture shows the pages as they are."""

from picture import PICTURE, digest


def test_the_picture_is_of_these_pages() -> None:
    """It carries the digest of the pages; after a change, ``python tests/picture.py`` draws it anew."""
    drawn = PICTURE.read_bytes()
    assert digest() in drawn
    assert len(drawn) <= 150_000
