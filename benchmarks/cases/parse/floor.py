"""No competitor but the floor of the cold start: what this package stands on, and nothing else."""

import json  # noqa: F401
import uuid  # noqa: F401

import attrs  # noqa: F401
import cattrs  # noqa: F401
