"""Make .github/pages.png, the pages of a sign-in side by side: ``python tests/picture.py``, with chromium."""

import re
import struct
import subprocess
import tempfile
import zlib
from hashlib import sha256
from html import escape
from pathlib import Path

import urllib3

from conftest import FLAGS
from person import browse
from ticktick_oauth import SignIn
from ticktick_oauth.sandbox import Sandbox

PICTURE = Path(__file__).parents[1] / ".github" / "pages.png"
_FRAME = "width:430px;height:570px;border:0"


def pages() -> list[str]:
    """Take a sign-in's road to its pages: the sandbox's question, and what the program says after a yes and a no."""
    shown: list[str] = []
    with Sandbox(auto_approve=False) as sandbox:
        for decision in ("allow", "deny"):
            with SignIn(server=sandbox.server, client_name="Chores") as attempt:
                if not shown:
                    question = urllib3.request("GET", attempt.uri, retries=False).data.decode()
                    question = re.sub(r"(?<=<dt>Client id</dt><dd>)[^<]+", "chores", question)
                    shown.append(re.sub(r"(?<=127\.0\.0\.1:)\d+", "8080", question))
                shown.append(browse(attempt.uri, decision=decision)[1])
    return shown


def digest() -> bytes:
    """Return what the picture carries, by which a test sees that the pages have changed since."""
    return b"pages\0" + sha256("".join(pages()).encode()).hexdigest().encode()


def main() -> None:
    """Have the pages drawn as one picture, and put their digest into it."""
    frames = "".join(f'<iframe srcdoc="{escape(page)}" style="{_FRAME}"></iframe>' for page in pages())
    with tempfile.TemporaryDirectory() as folder:
        (path := Path(folder) / "pages.html").write_text(
            f'<body style="margin:0;display:flex;background:#f4f5f9">{frames}'
        )
        command = ["chromium", *FLAGS, "--hide-scrollbars", "--window-size=1290,570", f"--screenshot={PICTURE}"]
        subprocess.run([*command, f"--user-data-dir={folder}/profile", path.as_uri()], check=True, capture_output=True)
    drawn = PICTURE.read_bytes()
    chunk = b"tEXt" + digest()
    text = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    PICTURE.write_bytes(drawn[:-12] + text + drawn[-12:])  # before the 12 bytes of the last chunk


if __name__ == "__main__":
    main()
