"""Secrets Manager, played by moto's server."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

REGION = "eu-central-1"


@contextmanager
def secrets_manager() -> Iterator[dict[str, str]]:
    """Run moto's server, and yield the environment of a machine that uses it."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as server:
        assert server.stderr is not None
        try:
            address = next(found[1] for line in server.stderr if (found := re.search(r"Running on (http://\S+)", line)))
            yield {
                "PATH": os.environ["PATH"],
                "AWS_ENDPOINT_URL": address,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ACCESS_KEY_ID": "id",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_EC2_METADATA_DISABLED": "true",
            }
        finally:
            server.terminate()
            server.stderr.read()
