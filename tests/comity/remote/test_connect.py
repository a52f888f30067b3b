"""Connecting takes names or values, remembers heads in a folder, and names what is not installed."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

import comity.remote as remote
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import SeedKey
from ledger.errors import LedgerError
from tests.support.memory_ledger import small

KEY = SeedKey(bytes([1] * 32))
LEDGER, _ = small()
URL = "https://office.example"


def without(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the import of the connection fail because of a module that is not installed."""

    def find_spec(name: str, *_: object) -> None:
        if name == "comity.remote.connection":
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    monkeypatch.delitem(sys.modules, "comity.remote.connection", raising=False)
    monkeypatch.setattr(sys, "meta_path", [SimpleNamespace(find_spec=find_spec), *sys.meta_path])


@pytest.mark.parametrize("module", ["httpx", "http_message_signatures"])
def test_a_library_that_is_missing_is_named(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without(module, monkeypatch)
    with pytest.raises(LedgerError, match=f"NO-HTTP: asking over HTTP needs {module}"):
        remote.connect(URL, key=KEY, trust=LEDGER.trust())


def test_a_module_of_our_own_that_is_missing_is_no_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    without("comity.remote.memory", monkeypatch)
    with pytest.raises(ModuleNotFoundError):
        remote.connect(URL, key=KEY, trust=LEDGER.trust())


def test_key_and_trust_are_read_from_files_or_taken_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = tmp_path / "trust"
    files.mkdir()
    for name, content in LEDGER.trust_files().items():
        (files / name).write_bytes(content)
    opened: list[str] = []

    def open_key(file: str) -> SeedKey:
        opened.append(file)
        return KEY

    monkeypatch.setattr(remote, "open_key", open_key)
    monkeypatch.setattr(Home, "user", lambda: Home(tmp_path / "config", tmp_path / "state"))
    with remote.connect(URL, key=KEY, trust=LEDGER.trust(), state=tmp_path / "heads") as one:
        assert opened == []
    with remote.connect(URL, key=tmp_path / "key", trust=files) as two:
        assert opened == [str(tmp_path / "key")]
        assert two._verifier.origin == one._verifier.origin == LEDGER.origin
