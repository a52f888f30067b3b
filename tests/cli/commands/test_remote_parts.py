"""The trust that is kept for a server is of one log with a registrar; a file is kept by a path that holds anywhere."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands.remote import _file, _files, _log
from cli.exit_codes import Stop


def trust(*logs: str, registrar: str | None = "registrar") -> Any:
    policy = SimpleNamespace(logs=[SimpleNamespace(name=log) for log in logs])
    return SimpleNamespace(policy=policy, registrar=registrar)


def test_a_trust_folder_names_one_log_and_its_registrar() -> None:
    assert _log("trust", trust("a")) == "a"
    assert _log("trust", trust("a", "a")) == "a", "two keys of one log"


@pytest.mark.parametrize(
    ("held", "says"),
    [
        (trust("a", registrar=None), "names no registrar, so nobody's key can be proven"),
        (trust("a", "b"), "names 2 logs"),
        (trust(), "names 0 logs"),
        (trust("a", "b", registrar=None), "names 2 logs"),
    ],
)
def test_another_folder_is_refused(held: Any, says: str) -> None:
    with pytest.raises(Stop, match=f"trust {says}"):
        _log("trust", held)


def test_a_file_is_kept_by_its_whole_path_and_another_reference_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("key").touch()
    assert [_file(named) for named in (None, "key", "pkcs11:token")] == [None, str(tmp_path / "key"), "pkcs11:token"]


def test_what_is_no_folder_is_no_trust(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "gone"):
        with pytest.raises(Stop, match="no such folder"):
            _files(str(path))
