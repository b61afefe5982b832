"""``breakdown``: where the time goes that is over a budget: instructions by callgrind, and an exchange's imports."""

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from json import JSONDecoder
from json.scanner import make_scanner
from uuid import UUID

from .contract import exchange_names
from .contract import parse_names
from .documents import COMMON
from .documents import UUID4
from .exchange import TOKEN_PATH
from .exchange import program
from .exchange import serving
from .figures import table
from .instructions import count
from .instructions import count_call
from .processes import ask
from .processes import environment

_FLOOR = "import json, uuid, attrs, cattrs"
# What is over when each class of the package is a bare one, which takes any fields and keeps none.
_BARE_CLASSES = """
import attrs, cattrs
def frozen(**_):
    return lambda cls: type(cls.__name__, (), {"__init__": lambda self, **_: None})
attrs.frozen = frozen
"""
_IMPORTING = ("ours", "http_client", "requests_oauthlib", "authlib")
_PACKAGES = {"attr": "attrs", "_cffi_backend": "cryptography"}
_IMPORT = re.compile(r"import time: +(\d+) \| +\d+ \| +([\w.]+)")


def pieces() -> dict[str, Callable[[], object]]:
    """Return what `loads` is made of, each alone."""
    from cattrs import BaseConverter

    from ticktick_oauth import OAuthTokenV1
    from ticktick_oauth import loads
    from ticktick_oauth import structure
    from ticktick_oauth.exceptions import InvalidTokenError
    from ticktick_oauth.exceptions import Problem

    text, uuid, scan = COMMON.decode(), UUID(UUID4), make_scanner(JSONDecoder())  # type: ignore[arg-type]
    mapping, number = scan(text, 0)[0], uuid.int
    converter = BaseConverter()
    converter.register_structure_hook_func(lambda cls: cls is OAuthTokenV1, lambda _, __: None)

    def refuse() -> None:
        with suppress(InvalidTokenError):
            raise InvalidTokenError([Problem("scope", "wrong")])

    return {
        "nothing": lambda: None,
        "loads(bytes)": lambda: loads(COMMON),
        "structure(dict)": lambda: structure(mapping),
        "attrs: __init__ with four validators": lambda: OAuthTokenV1(access_token=uuid, expires_in=1),
        "uuid: UUID(int=...)": lambda: UUID(int=number),
        "the bytes of a UUID": lambda: bytes.fromhex(UUID4.replace("-", "")),
        "cattrs: call and dispatch": lambda: converter.structure(mapping, OAuthTokenV1),
        "json: the scanner": lambda: scan(text, 0),
        "UTF-8": lambda: COMMON.decode("utf-8"),
        "an error made, raised and caught": refuse,
    }


def warm_table() -> str:
    """Show the instructions of each piece, and its part of `loads`, beside what others take for the whole."""
    ask("piece", "nothing", "0")  # so that the first counted worker does not compile its files
    counts = {name: count_call("piece", name) for name in pieces()}
    nothing = counts.pop("nothing")
    for case, competitor in parse_names(("by_hand", "pydantic_model")).items():
        ask("repeat", case, "loads(bytes)", "0")
        counts |= {
            f"{competitor}: {work}": count_call("repeat", case, work) for work in ("loads(bytes)", "structure(dict)")
        }
    whole = counts["loads(bytes)"] - nothing
    rows = [(name, f"{each - nothing:,}", f"{(each - nothing) / whole:.0%}") for name, each in counts.items()]
    return table(("warm", "instructions", "of loads(bytes)"), rows)


def cold_table() -> str:
    """Show the instructions of whole processes that do more and more, in millions."""

    def millions(source: str) -> float:
        count("-c", source)  # the first one compiles what it imports
        return count("-c", source) / 1e6

    floor = millions(_FLOOR)
    datetime = millions(f"{_FLOOR}, datetime") - floor
    imported = millions("import ticktick_oauth")
    classes = imported - millions(f"{_BARE_CLASSES}import ticktick_oauth")
    token = millions(f"import ticktick_oauth; ticktick_oauth.loads({COMMON!r})") - imported
    parts = {
        "the floor": floor,
        "what attrs adds to the classes": classes,
        "datetime": datetime,
        "the modules, found, read and run": imported - floor - datetime - classes,
        "the converter and the first token": token,
    }
    rows = [(name, f"{each:.1f}", f"{each / floor:.1%}") for name, each in parts.items()]
    return table(("cold start", "million instructions", "of the floor"), rows)


def import_table() -> str:
    """Show the milliseconds that the imports of a cold exchange take, by package, each without the others'."""
    columns = {}
    with serving() as (address, trust):
        for case, name in exchange_names(_IMPORTING).items():
            command = [sys.executable, "-X", "importtime", "-c", program(case, f"{address}{TOKEN_PATH}")]
            told = subprocess.run(command, env=environment(**trust), capture_output=True, text=True, check=True).stderr
            columns[name] = _by_package(told)
    all_packages = {name for column in columns.values() for name in column}
    shown = [name for name in all_packages if max(column.get(name, 0.0) for column in columns.values()) >= 1]
    shown.sort(key=lambda name: [-column.get(name, 0.0) for column in columns.values()])
    cells = {name: [column.get(name, 0.0) for column in columns.values()] for name in shown}
    cells["all, and some of under 1 ms"] = [sum(column.values()) for column in columns.values()]
    rows = [(name, *(f"{each:.1f}" for each in milliseconds)) for name, milliseconds in cells.items()]
    return table(("imports of a cold exchange, ms", *columns), rows)


def _by_package(told: str) -> dict[str, float]:
    milliseconds: defaultdict[str, float] = defaultdict(float)
    for microseconds, module in _IMPORT.findall(told):
        top = module.partition(".")[0]
        if top != __package__:
            name = "the standard library" if top in sys.stdlib_module_names else _PACKAGES.get(top, top)
            milliseconds[name] += int(microseconds) / 1e3
    return milliseconds
