"""A passphrase comes from a descriptor or a person, and the name of a key is safe."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
import pytest

from cli.exit_codes import Stop
from cli.session.key_files import checked_name, digest_of, from_descriptor, new_key_name, passphrase, public_key


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (b"secret\nmore\n", b"secret"),
        (b"secret\r\n", b"secret"),
        (b"secret", b"secret"),
        (b"\n", None),
        (b"", None),
        (b" \n", b" "),
    ],
)
def test_a_passphrase_is_the_first_line_of_a_descriptor(typed: bytes, found: bytes | None) -> None:
    read, write = os.pipe()
    os.write(write, typed)
    os.close(write)
    assert passphrase(read) == found


def test_a_descriptor_that_is_closed_is_said() -> None:
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    with pytest.raises(Stop, match=f"descriptor {read}: "):
        from_descriptor(read)


def test_without_a_terminal_a_key_has_no_passphrase(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cli.terminal.prompts.attended", lambda: False)
    assert passphrase(None) is None
    assert "anyone who can read the file can sign with it" in capsys.readouterr().err
    monkeypatch.setattr("cli.terminal.prompts.attended", lambda: True)
    asked: list[Any] = []

    def prompt(says: str, **how: Any) -> str:
        asked.append(how)
        return "" if len(asked) == 1 else "geheim\u00e4"

    monkeypatch.setattr(click, "prompt", prompt)
    assert (passphrase(None), passphrase(None)) == (None, "geheim\u00e4".encode())
    assert asked[0] == {
        "default": "", "hide_input": True, "confirmation_prompt": True, "show_default": False, "err": True,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["a", "ilves-2027.old_x", "A" * 80])
def test_the_name_of_a_key_is_safe(name: str) -> None:
    assert checked_name(name) == new_key_name(name) == name


@pytest.mark.parametrize("name", ["", ".a", "-a", "a/b", "a b", "A" * 81, "\u00e4"])
def test_any_other_name_is_refused(name: str) -> None:
    with pytest.raises(Stop, match="is no name for a key"):
        checked_name(name)


def test_a_file_that_is_not_there_is_told_from_one_without_a_public_key(tmp_path: Path) -> None:
    other = tmp_path / "other.pub"
    with pytest.raises(Stop, match=r"other\.pub: no such file"):
        public_key(str(other))
    other.write_text("ssh-rsa AAAA")
    with pytest.raises(Stop, match=r"other\.pub: no Ed25519 public key"):
        public_key(str(other))


def test_a_new_key_is_not_called_like_the_file_of_a_public_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checked_name("a.pub") == "a.pub"
    with pytest.raises(Stop, match="is no name for a key"):
        new_key_name("a.pub")
    found = {"a": b"\xab" * 32}
    monkeypatch.setattr("ledger.adapters.keys.key_files.public_of", lambda path: found.get(str(path)))
    assert [public_key(said) for said in ("AB" * 32, "a", "a.pub")] == ["ab" * 32] * 3
    with pytest.raises(Stop, match=r"^b: no such file$"):
        public_key("b")
    assert digest_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
