"""The folders of a user's files follow the XDG base directory specification."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ledger.adapters.folders.user_folders import Home, exposed, lock_file, private_folder, replace_file
from ledger.errors import LedgerError
from tests.support.files.system_calls import open_below, synced


def test_a_base_directory_that_is_named_relative_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(variable, "elsewhere")
    assert Home.user().state == tmp_path / ".local/state/comity"
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable)
    assert Home.user().state == tmp_path / ".local/state/comity"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert Home.user().state == tmp_path / "state/comity"


def test_a_ledger_that_was_made_with_its_state_inside_keeps_it_there(tmp_path: Path) -> None:
    assert Home.of(tmp_path) == Home.user() != Home.inside(tmp_path)
    (tmp_path / "state").touch()
    assert Home.of(tmp_path) == Home.user()
    (tmp_path / "state").unlink()
    (tmp_path / "state").mkdir()
    assert Home.of(tmp_path) == Home.inside(tmp_path) == Home(tmp_path / "state", tmp_path / "keys")


@pytest.mark.parametrize("home", ["", "/", "relative", "//"])
def test_without_a_home_nothing_is_kept_anywhere(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", home)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    with pytest.raises(LedgerError) as raised:
        Home.user()
    assert raised.value.code == "NO-HOME"


def test_a_home_that_cannot_be_found_is_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr("pathlib.Path.home", unknown)
    with pytest.raises(LedgerError) as raised:
        Home.user()
    assert raised.value.code == "NO-HOME"


def test_secrets_that_others_can_read_are_named_and_nothing_else(tmp_path: Path) -> None:
    ledger = private_folder(tmp_path / "ledger")
    home, origin = Home(tmp_path / "state", tmp_path / "keys"), "log.example/one"
    state = home.log(origin)
    assert exposed(ledger, home, origin) == []  # nothing is there but the folder
    private_folder(state), private_folder(home.keys)
    secret, guard = ledger / "keys.db", state / "guard.db"
    for path in (secret, guard):
        replace_file(path, b"")
    assert exposed(ledger, home, origin) == []
    for path, mode, named, to_others in (
        (secret, 0o640, True, False),
        (secret, 0o604, True, True),
        (guard, 0o620, True, False),
        (guard, 0o601, True, True),
        (state, 0o750, True, False),
        (home.keys, 0o755, False, False),  # the names of keys may be read
        (home.keys, 0o720, True, False),
        (ledger, 0o755, False, False),
        (ledger, 0o702, True, True),
    ):
        kept = path.stat().st_mode
        path.chmod(mode)
        assert exposed(ledger, home, origin) == ([path] if named else []), (path, oct(mode))
        assert exposed(ledger, home, origin, 0o007) == ([path] if to_others else []), (path, oct(mode))
        path.chmod(kept)


def test_a_folder_is_private_with_its_missing_parents_and_others_stay_as_they_are(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    made = private_folder(tmp_path / "a" / "b")
    assert [path.stat().st_mode & 0o777 for path in (made, made.parent, tmp_path)] == [0o700, 0o700, 0o755]
    assert private_folder(made) == made


def test_a_folder_that_another_process_makes_meanwhile_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[bool] = []

    def is_dir(path: Path) -> bool:
        looks.append(path.exists())
        os.makedirs(tmp_path / "a", exist_ok=True)  # just after it was looked for
        return looks[-1]

    monkeypatch.setattr("pathlib.Path.is_dir", is_dir)
    assert private_folder(tmp_path / "a") == tmp_path / "a"


def test_a_file_is_replaced_whole_and_private_and_its_content_is_durable_unless_it_need_not_be(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a longer old content")
    (tmp_path / ".file.new").write_bytes(b"left by a crash, and longer than what follows")
    with synced() as names:
        replace_file(path, b"new")
    assert (path.read_bytes(), names) == (b"new", [".file.new"])
    replace_file(tmp_path / "other", b"x")
    assert (tmp_path / "other").stat().st_mode & 0o777 == 0o600
    with synced() as names:
        replace_file(path, b"newer", durable=False)
    assert (path.read_bytes(), names) == (b"newer", [])
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "other"]


def test_a_lock_is_held_by_one_and_free_after_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with lock_file(path, "busy here"):
        assert path.stat().st_mode & 0o777 == 0o600
        with pytest.raises(LedgerError, match="busy here") as raised, lock_file(path, "busy here"):
            pass
        assert raised.value.code == "BUSY"
    assert open_below(tmp_path) == []
    with lock_file(path, None), lock_file(tmp_path / "other", None):
        assert open_below(tmp_path) == [str(path), str(tmp_path / "other")]
