"""An address to listen on has a host and a port; everything else is refused with an example."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from cli.exit_codes import Exit, Stop
from cli.session.own_cosigner import OwnCosigner, address, announced, make_cosigner, state_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.witness.witness_state import Memory
from ledger.errors import LedgerError, RecordError
from ledger.tlog.names import origin_hash
from ledger.tlog.note import COSIGNATURE, MLDSA44

EXAMPLE = "127.0.0.1:8080"
NAME = "witness.example/north"


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [("127.0.0.1:0", "127.0.0.1", 0), ("[::1]:8080", "::1", 8080), ("w.example:65535", "w.example", 65_535)],
)
def test_an_address_has_a_host_and_a_port(listen: str, host: str, port: int) -> None:
    assert address(listen, EXAMPLE) == (host, port)


@pytest.mark.parametrize("listen", ["", ":", "8080", ":8080", "host:", "host:x", "host:-1", "host:65536", "host:8.0"])
def test_what_lacks_one_of_them_or_has_a_port_beyond_the_last_is_none(listen: str) -> None:
    with pytest.raises(Stop, match="is no address to listen on") as found:
        address(listen, EXAMPLE)
    assert found.value.hint == f"--listen {EXAMPLE}"


def test_the_state_is_in_the_given_folder_else_in_that_of_its_name() -> None:
    assert state_folder("witness", NAME, "here") == Path("here")
    assert state_folder("mirror", NAME, None) == Home.user().state / "mirror" / origin_hash(NAME)


@pytest.mark.parametrize("second", [True, False])
def test_a_witness_is_made_once_with_its_keys_and_opened_with_them(second: bool, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    made = make_cosigner(Memory, NAME, folder, mldsa_key=second, inside=("logs", "more"))
    assert {path.name for path in folder.iterdir()} >= {"witness.key", "witness.db", "logs", "more"}
    assert (folder / "mldsa.key").exists() is second
    with closing(OwnCosigner(Memory, NAME, folder)) as own:
        assert [key.text for key in own.vkeys] == made
        assert [key.type for key in own.vkeys] == [COSIGNATURE, *([MLDSA44] if second else [])]
        assert {key.name for key in own.vkeys} == {NAME}
        assert len(own.cosigners) == len(made)
        with pytest.raises(Stop, match="the policies name no log"):
            own.logs([])
    with pytest.raises(Stop, match=r"has a witness\.key already") as stopped:
        make_cosigner(Memory, NAME, folder, mldsa_key=second)
    assert (stopped.value.hint, stopped.value.code) == ("a witness is never made twice", Exit.REFUSED)


def test_keys_that_are_named_are_taken_from_where_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    made = make_cosigner(Memory, NAME, folder, mldsa_key=True)
    for name in ("witness.key", "mldsa.key"):
        (folder / name).rename(tmp_path / name)
    with pytest.raises(LedgerError, match="KEY-MISSING"), closing(OwnCosigner(Memory, NAME, folder)):
        pass
    with closing(OwnCosigner(Memory, NAME, folder, str(tmp_path / "witness.key"))) as own:
        assert [key.text for key in own.vkeys] == made[:1]
    with closing(OwnCosigner(Memory, NAME, folder, str(tmp_path / "witness.key"), str(tmp_path / "mldsa.key"))) as own:
        assert [key.text for key in own.vkeys] == made


@pytest.mark.parametrize("there", ["witness.key", "mldsa.key", "witness.db"])
def test_nothing_is_made_where_one_of_its_files_is(there: str, tmp_path: Path) -> None:
    (tmp_path / there).touch()
    with pytest.raises(Stop, match=f"has a {there} already"):
        make_cosigner(Memory, NAME, tmp_path, mldsa_key=False)
    assert [path.name for path in tmp_path.iterdir()] == [there]


@pytest.mark.parametrize("name", ["", "a b", "a+b"])
def test_a_name_that_no_key_can_have_makes_nothing(name: str, tmp_path: Path) -> None:
    with pytest.raises(RecordError):
        make_cosigner(Memory, name, tmp_path / "state", mldsa_key=True)
    assert list(tmp_path.iterdir()) == []


def test_a_server_says_its_keys_and_where_it_listens_or_why_it_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = make_cosigner(Memory, NAME, tmp_path / "state", mldsa_key=False)
    with closing(OwnCosigner(Memory, NAME, tmp_path / "state")) as own:
        capsys.readouterr()
        with announced(own.vkeys, EXAMPLE) as listens:
            listens("http://127.0.0.1:8080")
        assert capsys.readouterr().err.splitlines() == [*made, "listening on http://127.0.0.1:8080"]
        with pytest.raises(Stop) as stopped, announced(own.vkeys, EXAMPLE):
            raise OSError(98, "Address already in use")
    assert (stopped.value.message, stopped.value.code) == (f"{EXAMPLE}: Address already in use", Exit.UNDECIDABLE)
