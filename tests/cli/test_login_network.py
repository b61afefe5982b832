"""How `login` reaches the server: through a proxy, trusting another authority, and neither for loopback."""

import re
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faults.cases import HEAD, dripped
from faults.peer import Line, Peer, Script, tunnel
from faults.tls import Authority
from person import browse, free_port
from ticktick_oauth.sandbox import Sandbox

from .conftest import Capture, Login, Patch

HOST = "auth.example"
AT = "ada:p%40ss@127.0.0.1:{}"
WRONG = "ada:canary@127.0.0.1:{}"
ADVICE = (
    "; the environment names the proxy, as http://USER:PASSWORD@HOST:PORT where it wants a password; --no-proxy goes "
    "without\n"
)
REFUSED = (
    f"ticktick-oauth: could not open a tunnel to {HOST}: the proxy answered with status 407: it wants a user name and "
    f"a password{ADVICE}"
)


class Far(Login):
    """A server that is somewhere else, which only a proxy reaches, and a person whose browser has another way."""

    def __init__(self, sandbox: Sandbox, authority: Authority, patch: Patch, capsys: Capture) -> None:
        super().__init__(sandbox, authority.file.parent, capsys)
        self.authority, self.patch = authority, patch
        self.near = sandbox.server.issuer
        self.port = int(self.near.rpartition(":")[2])
        self.bundle = f"--ca-bundle={authority.file}"
        sandbox._authority.open(f"https://{HOST}")

    def open(self, uri: str) -> None:
        """Be the browser, which needs no proxy."""
        ca_file = str(self.authority.file)
        self.pages.append(browse(uri.replace(f"https://{HOST}", self.near), ca_file=ca_file))

    def run(self, *arguments: str, proxy: str | None = None, variable: str = "HTTPS_PROXY") -> tuple[int, str]:
        """Run the command; return its code and what it said."""
        if proxy is not None:
            self.patch.setenv(variable, proxy)
        code, _, err = self(*arguments)
        assert "canary" not in err
        return code, err


@pytest.fixture
def far(tmp_path: Path, monkeypatch: Patch, capsys: Capture) -> Iterator[Far]:
    """Serve a sandbox over TLS that believes to be somewhere else; there is a client's secret in the environment."""
    monkeypatch.setenv("TICKTICK_CLIENT_SECRET", "a-secret")
    authority = Authority(tmp_path)
    with Sandbox(ssl_context=authority.server(HOST, "127.0.0.1")) as sandbox:
        yield Far(sandbox, authority, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("variable", "value", "refusal"),
    [
        ("HTTPS_PROXY", f"http://{AT}/", ""),
        ("HTTPS_PROXY", AT, ""),
        ("ALL_PROXY", f"HTTP://{AT}", ""),
        ("ALL_PROXY", f"https://{AT}", ""),
        ("ALL_PROXY", f"socks5h://{AT}", ""),
        ("HTTPS_PROXY", "http://127.0.0.1:{}", REFUSED),
        ("HTTPS_PROXY", f"http://{WRONG}", REFUSED),
        ("HTTPS_PROXY", f"socks5h://{WRONG}", f"connect to {HOST} through the proxy: the SOCKS proxy refused: SOCKS5 "),
    ],
)
def test_a_sign_in_behind_a_proxy(far: Far, variable: str, value: str, refusal: str) -> None:
    """Discovery, registration and exchange go through it, with what stands before its host; its refusal is its own."""
    context = far.authority.server() if value.startswith("https:") else None
    with Peer(tunnel(far.port, "ada", "p@ss"), tls=context) as proxy:
        code, err = far.run(far.bundle, proxy=value.format(proxy.port), variable=variable)
    assert (5, 1, True) if refusal else (0, 3, True) == (code, proxy.connections, refusal in err)
    assert bool(refusal) == err.endswith(ADVICE)


PERCENT_ENCODE = (
    "percent-encode its user name and password: @ is %40, / %2F, \\ %5C, # %23, ? %3F; --no-proxy goes without\n"
)
NO_PYSOCKS = (
    "SOCKS needs PySocks: pip install PySocks, uv tool install --with PySocks ticktick-oauth, or pipx inject "
    "ticktick-oauth PySocks; --no-proxy goes without\n"
)


@pytest.mark.parametrize(
    ("value", "kind", "code", "words"),
    [
        ("https://127.0.0.1:{}", "plain", 5, "; if the proxy takes no TLS, write http:// before its host; "),
        ("http://127.0.0.1:{}", "tls", 5, "; if the proxy takes only TLS, write https:// before its host; "),
        ("https://ada:canary@localhost:{}", "tls", 5, "handshake with the proxy: the certificate was refused: "),
        *(
            (f"http://{user}canary@127.0.0.1:{{}}", "plain", 2, PERCENT_ENCODE)
            for user in ("ada:#", "ada:1#2", "ada:/", "ada:@", "CORP\\bob:")
        ),
        *(
            (value, "plain", 2, "be like http://HOST:PORT or socks5h://HOST:PORT; --no-proxy goes without\n")
            for value in (f"ftp://{WRONG}", "http://ada:canary@127.0.0.1:port", "http://ada:canary@127.0.0.1:65536")
        ),
        (f"socks5://{WRONG}", "no PySocks", 2, NO_PYSOCKS),
    ],
)
def test_n28_n29_a_proxy_that_cannot_be_used(far: Far, value: str, kind: str, code: int, words: str) -> None:
    """N28 and N29: what to write comes out before a person is asked, and no request leaves."""
    if kind == "no PySocks":
        far.patch.setattr("importlib.util.find_spec", lambda _: None)
    with Peer(tunnel(far.port), tls=far.authority.server("127.0.0.1") if kind == "tls" else None) as proxy:
        ended, err = far.run("--client-id=an-id", far.bundle, proxy=value.format(proxy.port))
    assert (code, True, []) == (ended, words in err, far.pages), err
    assert "Open this address" not in err
    assert b"CONNECT" not in proxy.received


def test_n28_with_a_client_of_ones_own_the_way_is_tried_first(far: Far) -> None:
    """N28: a connection to the token endpoint is opened and closed before a person is asked."""
    far.client = far.sandbox.client(redirect_uri=f"http://127.0.0.1:{free_port()}/")
    far.patch.setenv("TICKTICK_CLIENT_SECRET", str(far.client.client_secret))
    with Peer(tunnel(far.port, "ada", "p@ss")) as proxy:
        assert 0 == far.run(far.bundle, proxy=f"http://{AT}".format(proxy.port))[0]
    assert [b"auth.example:443"] * 2 == re.findall(rb"CONNECT (\S+) ", proxy.received)
    assert 1 == len(far.pages)


def _drip_socks(line: Line) -> None:
    line.receive()
    line.connected.sendall(b"\x05\x00")
    line.receive()
    line.drip(b"\x05\x00\x00\x03\xff" + bytes(255))


DRIPS = {
    "head": dripped(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n" * 50),
    "chunk": dripped(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 500),
}


@pytest.mark.parametrize("script", DRIPS.values(), ids=DRIPS)
@pytest.mark.parametrize("scheme", ["", "http", "https", "socks5h"])
def test_n27_the_timeout_is_a_deadline(far: Far, script: Script, scheme: str) -> None:
    """N27: with --ca-bundle, and through each kind of proxy, a server's drip does not hold the command."""
    tls = far.authority.server() if scheme == "https" else None
    with (
        Peer(script, tls=far.authority.server(HOST, "127.0.0.1")) as target,
        Peer(tunnel(target.port), tls=tls) as proxy,
    ):
        options = [] if scheme else [f"--server=https://127.0.0.1:{target.port}"]
        _assert_late(far, *options, proxy=f"{scheme}://127.0.0.1:{proxy.port}" if scheme else None)


@pytest.mark.parametrize(
    ("scheme", "script", "tls"),
    [("http", DRIPS["head"], 0), ("https", DRIPS["head"], 1), ("https", Line.hold, 0), ("socks5h", _drip_socks, 0)],
)
def test_n27_nor_does_a_proxy(far: Far, scheme: str, script: Script, tls: int) -> None:
    """N27: the proxy's own answer counts for the deadline; N28: a plain proxy may wait for more of what is none."""
    with Peer(script, tls=far.authority.server() if tls else None) as proxy:
        err = _assert_late(far, proxy=f"{scheme}://127.0.0.1:{proxy.port}")
    assert ("; if the proxy takes no TLS, write http:// before its host; " in err) == (script is Line.hold)


def _assert_late(far: Far, *options: str, proxy: str | None) -> str:
    start = time.monotonic()
    code, err = far.run(far.bundle, "--exchange-timeout=0.4", *options, proxy=proxy)
    assert (4, True) == (code, " within 0.4 seconds" in err)
    assert time.monotonic() - start < 5
    return err


@pytest.mark.parametrize(
    ("option", "variable", "value"),
    [("--no-proxy", "CI", ""), ("--pkce", "NO_PROXY", HOST), ("--pkce", "https_proxy", "")],
)
def test_a_proxy_can_be_left_out(option: str, variable: str, value: str, far: Far) -> None:
    """By the option, by NO_PROXY, or by a variable that is empty; then the host has to be found by its name."""
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *arguments: Any, **options: Any) -> object:  # noqa: ANN401 - the real one's
        if host == HOST:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *arguments, **options)

    far.patch.setattr(socket, "getaddrinfo", getaddrinfo)
    far.patch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    far.patch.setenv(variable, value)
    code, err = far.run(far.bundle, option)
    assert (5, True) == (code, err.endswith(f"could not resolve {HOST}: Name or service not known\n"))


def test_loopback_never_goes_through_a_proxy(far: Far) -> None:
    """Nor is it asked for; with TLS, a bundle serves there, too."""
    far.sandbox._authority.open(far.near)
    assert 0 == far.run(far.bundle, proxy="http://127.0.0.1:9")[0]


@pytest.mark.parametrize(
    ("names", "options", "words"),
    [
        ([HOST], {"days": (8, 9)}, "clock right?)\n"),
        ([HOST], {"days": (-9, -8)}, "clock right?)\n"),
        (["other.example"], {}, f"certificate is not valid for '{HOST}'.\n"),
    ],
)
def test_t16_the_advice_fits_the_cause(far: Far, names: list[str], options: dict[str, Any], words: str) -> None:
    """T16: no authority is missing, and no proxy at fault."""
    with Peer(Line.hold, tls=far.authority.server(*names, **options)) as target, Peer(tunnel(target.port)) as proxy:
        code, err = far.run(far.bundle, proxy=f"http://127.0.0.1:{proxy.port}")
    assert (5, True) == (code, "through the proxy: the certificate was refused: " in err and err.endswith(words)), err
    assert not re.search("--ca-bundle|--no-proxy", err)


def test_t16_t17_an_unknown_authority(far: Far, tmp_path_factory: pytest.TempPathFactory) -> None:
    """T16 and T17: --ca-bundle is advised where it may help: not beside one, nor where SSL_CERT_FILE is missing."""
    server = f"--server={far.near}"
    other = Authority(tmp_path_factory.mktemp("other")).file
    assert far.run(server)[1].endswith("SSL_CERT_FILE names?); --ca-bundle FILE trusts an authority of your own\n")
    assert far.run(server, f"--ca-bundle={other}")[1].endswith("names?); the file of --ca-bundle does not have it\n")
    far.patch.setenv("SSL_CERT_FILE", "/nonexistent/file")
    assert far.run(server)[1].endswith("(the file that SSL_CERT_FILE names does not exist)\n")


def test_t15_tls_that_cannot_be_had(far: Far) -> None:
    """T15: a key log that cannot be written, and a Python without ssl, are named."""
    with far.patch.context() as patch:
        patch.setenv("SSLKEYLOGFILE", "/nonexistent/keys")
        assert (
            "could not read the trust store: ENOENT, No such file or directory (SSLKEYLOGFILE" in far.run(far.bundle)[1]
        )
    far.patch.setitem(sys.modules, "ssl", None)
    assert "could not load ssl: import of ssl halted" in far.run(far.bundle)[1]
