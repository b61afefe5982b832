"""In a notebook, with the browser elsewhere: a real kernel, whose `input` is answered by a front end."""

from pathlib import Path

import pytest

from person import redirect_of
from ticktick_oauth.sandbox import Sandbox

manager = pytest.importorskip("jupyter_client.manager", reason="needs jupyter_client, of the group roads")
pytest.importorskip("ipykernel", reason="needs ipykernel, of the group roads")

CELL = """
from ticktick_oauth import TokenFile, discover_server, get_token
server = discover_server({issuer!r})
def show(uri):
    print("Open", uri)
    open({shown!r}, "w").write(uri)
token = get_token(TokenFile({file!r}), server=server, show=show, ask=input)
print("expires_in", token.expires_in)
"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_cell_signs_in_by_a_paste(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address is shown under the cell; a first paste that does not fit is asked for again; the token is kept."""
    monkeypatch.delenv("TICKTICK_OAUTH_TOKEN", raising=False)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    kernels, client = manager.start_new_kernel(startup_timeout=60, extra_arguments=["--HistoryManager.enabled=False"])
    address, shown = tmp_path / "address", list[str]()
    prompts: list[str] = []

    def show(message: dict[str, dict[str, str]]) -> None:
        shown.append(message["content"].get("text", ""))

    def answer(message: dict[str, dict[str, str]]) -> None:
        prompts.append(message["content"]["prompt"])
        client.input("abc123" if len(prompts) == 1 else f"It ended at {redirect_of(address.read_text())}.")

    try:
        for _ in range(2):  # the second time, the kept token is taken
            file = str(tmp_path / "token.json")
            cell = CELL.format(issuer=sandbox.server.issuer, file=file, shown=str(address))
            reply = client.execute_interactive(cell, allow_stdin=True, output_hook=show, stdin_hook=answer, timeout=60)
            assert "ok" == reply["content"]["status"], reply["content"]
    finally:
        client.stop_channels()
        kernels.shutdown_kernel(now=True)
    assert (1, 2) == ("".join(shown).count("Open http"), "".join(shown).count("expires_in 1555"))
    assert (2, True) == (len(prompts), prompts[1].startswith("That is not an address"))
    assert 1 == len(sandbox.requests)
