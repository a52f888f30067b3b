"""Read the configuration of a server: one TOML file whose names are those of the options of `comity serve`."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import fields

Text = Annotated[str, Meta(min_length=1)]
_LARGEST = 1 << 16  # bytes


class Configuration(Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """What a file may state; the command has the same options, and states their limits."""

    listen: Text | UnsetType = UNSET
    fd: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    url: list[Text] | UnsetType = UNSET
    tls_cert: Text | UnsetType = UNSET
    tls_key: Text | UnsetType = UNSET
    client_ca: Text | UnsetType = UNSET
    behind_proxy: bool | UnsetType = UNSET
    proxy: list[Text] | UnsetType = UNSET
    oidc_issuer: Text | UnsetType = UNSET
    oidc_client: Text | UnsetType = UNSET
    oidc_secret: Text | UnsetType = UNSET
    rate: Annotated[float, Meta(ge=1)] | UnsetType = UNSET
    within: Annotated[float, Meta(ge=1)] | UnsetType = UNSET
    drain: Annotated[float, Meta(ge=0)] | UnsetType = UNSET
    signing: Text | UnsetType = UNSET
    metrics: Text | UnsetType = UNSET
    log_format: Literal["text", "json"] | UnsetType = UNSET


NAMES = tuple(field.encode_name for field in fields(Configuration))
TABLES = ("peers", "jobs", "mail", "people", "webhooks", "files")  # read by the parts that use them


def read_configuration(path: Path) -> dict[str, Any]:
    """Return the options that a file states, by their names; ValueError with the reason, OSError."""
    given = _read(path)
    options = {name: value for name, value in given.items() if name not in TABLES}
    stated: dict[str, Any] = msgspec.to_builtins(msgspec.convert(options, Configuration))
    return stated


def read_table(path: Path, name: str) -> Any:
    """Return one of `TABLES` as the file has it, None if it has none; ValueError with the reason, OSError."""
    return _read(path).get(name)


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError(f"a configuration has at most {_LARGEST} bytes")
    given = tomllib.loads(data.decode())
    for name in given:
        if name not in (*NAMES, *TABLES):
            near = get_close_matches(name, (*NAMES, *TABLES), 1)
            known = f"did you mean {near[0]}?" if near else f"there are {', '.join((*NAMES, *TABLES))}"
            raise ValueError(f"no option is called {name[:40]!r}; {known}")
    return given
