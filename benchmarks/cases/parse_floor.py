"""What this package stands on, and nothing else."""

import json  # noqa: F401
import uuid  # noqa: F401

import attrs  # noqa: F401
import cattrs  # noqa: F401


def from_bytes(_data: bytes) -> None:
    """Do nothing: the imports are the floor."""
