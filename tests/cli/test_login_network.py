"""How `login` reaches the server: a proxy that wants a password, another authority, and neither for loopback."""

import re
import select
import socket
import socketserver
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from faults.tls import Authority
from person import browse, free_port
from ticktick_oauth.sandbox import Sandbox

from .login_command import Login

HOST = "auth.example"


class Proxy:
    """A proxy on loopback that wants a password, and reaches one server, whatever host it is asked for."""

    def __init__(self, port: int) -> None:
        self.connects: list[tuple[str, bool]] = []
        """The hosts that were asked for, and whether with the password."""
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                head = b"".join(iter(self.rfile.readline, b"\r\n")).decode()
                (host,) = re.findall(r"^CONNECT (\S+) ", head)
                allowed = f"Basic {b64encode(b'ada:p@ss').decode()}" in head
                proxy.connects.append((host, allowed))
                if not allowed:
                    self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
                    return
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with socket.create_connection(("127.0.0.1", port)) as upstream:
                    pipe(self.connection, upstream)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Proxy":  # noqa: PYI034 - `typing.Self` is younger than Python 3.10
        """Start it."""
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def pipe(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until a side hangs up."""
    ways = {one: other, other: one}
    while True:
        for source in select.select(list(ways), [], [], 20)[0]:
            data = source.recv(65536)
            if not data:
                return
            ways[source].sendall(data)


class Far(NamedTuple):
    """A server that is somewhere else, which only the proxy reaches, and a person whose browser has another way."""

    proxy: Proxy
    login: Login
    bundle: str
    """The option that trusts the server's authority."""


@pytest.fixture
def far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Far]:
    """Serve a sandbox over TLS that believes to be somewhere else, and make the environment name the proxy."""
    authority = Authority(tmp_path)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with Sandbox(ssl_context=authority.server(HOST, "127.0.0.1")) as sandbox:
        near = sandbox.server.issuer
        port = int(near.rpartition(":")[2])
        sandbox._authority.open(f"https://{HOST}")
        login = Login(sandbox, tmp_path)

        def browse_by_another_way(uri: str) -> None:
            login.pages.append(browse(uri.replace(f"https://{HOST}", near), ca_file=str(authority.file)))

        login.opener = browse_by_another_way
        with Proxy(port) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://ada:p%40ss@{proxy.address}")
            yield Far(proxy, login, f"--ca-bundle={authority.file}")


def test_a_sign_in_behind_a_proxy_that_wants_a_password(far: Far) -> None:
    """Discovery, registration and exchange go through it, with what stands before its host in the variable."""
    assert 0 == far.login(far.bundle)
    assert f"https://{HOST}" == far.login.kept().server.issuer
    assert [(f"{HOST}:443", True)] * 3 == far.proxy.connects


@pytest.mark.parametrize(
    ("variable", "value"),
    [("HTTPS_PROXY", "ada:p%40ss@{}"), ("HTTPS_PROXY", ""), ("ALL_PROXY", "http://ada:p%40ss@{}")],
)
def test_other_ways_to_name_a_proxy(variable: str, value: str, far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its scheme, by ALL_PROXY, and not at all when the variable is empty."""
    monkeypatch.delenv("HTTPS_PROXY")
    monkeypatch.setenv(variable, value.format(far.proxy.address))
    assert (0 if value else 5) == far.login(far.bundle)
    assert (3 if value else 0) == len(far.proxy.connects)


def test_a_proxys_refusal_is_the_proxys(
    far: Far, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has its status and what to do, and shows no password."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://ada:canary@{far.proxy.address}")
    assert 5 == far.login(far.bundle)
    err = capsys.readouterr().err
    assert "the proxy answered with status 407: it wants a user name and password" in err
    assert "as http://USER:PASSWORD@HOST:PORT where it wants a password; --no-proxy goes without\n" in err
    assert "canary" not in err


@pytest.mark.parametrize("options", [["--no-proxy"], []])
def test_a_proxy_can_be_left_out(
    options: list[str], far: Far, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the option, or by NO_PROXY; then the host has to be found by its name."""
    if not options:
        monkeypatch.setenv("NO_PROXY", HOST)
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *arguments: Any, **options: Any) -> object:  # noqa: ANN401 - the real one's
        if host == HOST:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert 5 == far.login(far.bundle, *options)
    assert (True, []) == (f"{HOST}: Name or service not known" in capsys.readouterr().err, far.proxy.connects)


def test_loopback_never_goes_through_a_proxy(far: Far, bare_login: Login) -> None:
    """Nor is it asked for."""
    assert 0 == bare_login()
    assert [] == far.proxy.connects


def test_an_authority_that_is_not_trusted(far: Far, capsys: pytest.CaptureFixture[str]) -> None:
    """Without --ca-bundle the certificate is refused, through the proxy as without one."""
    assert 5 == far.login()
    err = capsys.readouterr().err
    assert "the certificate was refused" in err
    assert err.endswith("; --ca-bundle FILE trusts an authority of your own\n")
    assert [(f"{HOST}:443", True)] == far.proxy.connects


def test_a_ca_bundle_without_a_proxy(far: Far) -> None:
    """It serves a server on loopback, too."""
    port = far.login.sandbox._http.port
    far.login.sandbox._authority.open(f"https://127.0.0.1:{port}")
    assert 0 == far.login(far.bundle)
    assert [] == far.proxy.connects


def test_what_is_wrong_with_the_way_comes_out_before_the_person_is_asked(
    far: Far, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a client of the portal nothing is sent before a code is at stake: the way is prepared all the same."""
    monkeypatch.setenv("TICKTICK_CLIENT_SECRET", "a-secret")
    monkeypatch.setenv("HTTPS_PROXY", "ftp://proxy.example:1")
    assert (2, []) == (far.login("--client-id=an-id"), far.login.pages)
    assert "Open this address" not in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--no-proxy", "BUNDLE"], []], ids=["bundle", "proxy"])
def test_t15_tls_that_cannot_be_had(
    option: list[str], far: Far, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """T15: a key log that cannot be written, and a Python without ssl, are named on each way to the server."""
    arguments = [word.replace("BUNDLE", far.bundle) for word in option]
    with monkeypatch.context() as patch:
        patch.setenv("SSLKEYLOGFILE", "/nonexistent/keys")
        assert 5 == far.login(*arguments)
    assert "could not read the trust store: ENOENT, No such file or directory (SSLKEYLOGFILE" in capsys.readouterr().err
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "ssl", None)
        assert 5 == far.login(far.bundle)
    assert "could not load ssl: import of ssl halted" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["ftp://ada:canary@proxy.example:1", "http://ada:canary@proxy.example:port"])
def test_an_unusable_proxy_is_wrong_usage(
    value: str, far: Far, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The form that is expected is shown, and nothing of what stands there."""
    monkeypatch.setenv("HTTPS_PROXY", value)
    assert 2 == far.login()
    err = capsys.readouterr().err
    assert "its address must be like http://HOST:PORT or socks5h://HOST:PORT; --no-proxy goes without\n" in err
    assert "canary" not in err


def test_a_socks_proxy(far: Far, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It is gone through where PySocks is installed; else the package that is missing is named."""
    monkeypatch.setenv("HTTPS_PROXY", f"socks5h://ada:canary@127.0.0.1:{free_port()}")
    assert 5 == far.login()
    assert "could not connect to the proxy 127.0.0.1: ECONNREFUSED" in capsys.readouterr().err
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert 2 == far.login()
    assert "pipx inject ticktick-oauth PySocks; --no-proxy" in capsys.readouterr().err


def test_a_proxy_without_a_password(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is sent, and the proxy's refusal comes out."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://{far.proxy.address}")
    assert 5 == far.login(far.bundle)
    monkeypatch.setenv("HTTPS_PROXY", f"socks5://127.0.0.1:{free_port()}")
    assert 5 == far.login(far.bundle)
    assert [(f"{HOST}:443", False)] == far.proxy.connects
