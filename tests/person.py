"""The person at the browser, and the ports where a program meets them."""

import socket
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import urllib3

LATE = 20.0


def free_port(host: str = "127.0.0.1") -> int:
    """Find a port that nobody listens on."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as one:
        one.bind((host, 0))
        port: int = one.getsockname()[1]
        return port


def decide(http: urllib3.PoolManager, uri: str, decision: str) -> urllib3.BaseHTTPResponse:
    """Go to an authorization URL, decide, and return the answer, which is not followed."""
    form = {"user": "ada", "decision": decision}
    return http.request("POST", uri, fields=form, encode_multipart=False, redirect=False)


def browse(uri: str, *, decision: str = "allow", ca_file: str | None = None) -> tuple[int, str]:
    """Go to an authorization URL, decide, follow the redirect, and return the status and the page there."""
    with urllib3.PoolManager(retries=False, timeout=LATE, ca_certs=ca_file) as http:
        answer = decide(http, uri, decision)
        if (location := answer.headers.get("Location")) is not None:
            answer = http.request("GET", location, redirect=False)
    return answer.status, answer.data.decode()


def redirect_of(uri: str, *, decision: str = "allow") -> str:
    """Go to an authorization URL, decide, and return where the browser is sent, without going there."""
    with urllib3.PoolManager(retries=False, timeout=LATE) as http:
        return decide(http, uri, decision).headers["Location"]


def port_of(uri: str) -> int:
    """Return the port of the redirect URI in an authorization URL."""
    return urlsplit(parse_qs(urlsplit(uri).query)["redirect_uri"][0]).port or 80


def listening_addresses() -> list[tuple[str, int]]:
    """Return the addresses that this machine listens on by TCP, as Linux shows them."""
    found = []
    for family, size, path in ((socket.AF_INET, 8, "/proc/net/tcp"), (socket.AF_INET6, 32, "/proc/net/tcp6")):
        for line in Path(path).read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == "0A":
                host, port = local.split(":")
                words = [bytes.fromhex(host[at : at + 8])[::-1] for at in range(0, size, 8)]
                found.append((socket.inet_ntop(family, b"".join(words)), int(port, 16)))
    return found
