"""A person keeps the trust in an office server once, by a fingerprint; nothing that comes later replaces it unseen."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, tzinfo
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import Result

from cli.remote import connected
from cli.remote.servers import kept_server
from ledger.adapters.folders.read_trust import plain_files, read_trust_folder
from ledger.trust.signed_policy import spoken
from ledger.trust.trust_folder import fingerprint_of
from tests.cli.commands.test_trust import Office
from tests.support.cli import ledger_of, run

URL = "https://office.example"


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S2", tmp_path_factory.mktemp("S2")) / "trust"


def remote(folder: Path, *args: str) -> Result:
    return run("remote", *args, XDG_CONFIG_HOME=str(folder))


def words(trust: Path) -> str:
    return spoken(fingerprint_of(plain_files(str(trust))))


def test_a_file_of_the_fingerprint_that_is_missing_is_named(trust: Path, tmp_path: Path) -> None:
    done = remote(tmp_path, "add", URL, "--trust", str(trust), "--root-fingerprint", "none.txt")
    assert (done.exit_code, "there is no file 'none.txt'" in done.stderr) == (4, True)


def test_a_server_is_kept_by_the_fingerprint_that_came_by_another_way(trust: Path, tmp_path: Path) -> None:
    done = remote(tmp_path, "add", f"{URL}/", "--trust", str(trust), "--root-fingerprint", words(trust), "--json")
    assert done.exit_code == 0
    (kept,) = json.loads(remote(tmp_path, "list", "--json").stdout)["servers"]
    assert kept == json.loads(done.stdout)["servers"][0]
    assert (kept["url"], kept["log"], kept["words"]) == (URL, "story.example/s2", words(trust))


def test_a_server_that_was_removed_is_asked_nothing_and_can_be_added_again(trust: Path, tmp_path: Path) -> None:
    for other in (URL, "https://other.example"):
        assert remote(tmp_path, "add", other, "--trust", str(trust), "--root-fingerprint", words(trust)).exit_code == 0
    removed = json.loads(remote(tmp_path, "remove", f"{URL}/", "--json").stdout)["servers"]
    assert [each["url"] for each in removed] == [URL]
    left = json.loads(remote(tmp_path, "list", "--json").stdout)["servers"]
    assert [each["url"] for each in left] == ["https://other.example"]
    assert len([*tmp_path.rglob("server.json")]) == len([*tmp_path.rglob("policy")]) == 1
    again = remote(tmp_path, "remove", URL)
    assert (again.exit_code, "nothing is kept for" in again.stderr) == (4, True)
    asked = run("orders", "--ledger", URL, XDG_CONFIG_HOME=str(tmp_path))
    assert (asked.exit_code, "TRUST" in asked.stderr) == (4, True), asked.output


def test_a_fingerprint_that_nobody_compared_is_not_taken(trust: Path, tmp_path: Path) -> None:
    done = remote(tmp_path, "add", URL, "--trust", str(trust))
    assert done.exit_code == 2
    assert words(trust) in done.stderr
    assert json.loads(remote(tmp_path, "list", "--json").stdout)["servers"] == []


def test_a_folder_with_another_fingerprint_is_refused(trust: Path, tmp_path: Path) -> None:
    done = remote(tmp_path, "add", URL, "--trust", str(trust), "--root-fingerprint", "0" * 64)
    assert done.exit_code == 4
    assert "another fingerprint than the one given" in done.stderr


def test_another_trust_in_a_kept_server_is_asked_about(trust: Path, tmp_path: Path) -> None:
    assert remote(tmp_path, "add", URL, "--trust", str(trust), "--yes").exit_code == 0
    other = Path(shutil.copytree(trust, tmp_path / "other"))
    (other / "registrar").write_text(f"registrar XO {'3b' * 32}\n", "ascii")
    pinned = ("--trust", str(other), "--root-fingerprint", words(other))
    refused = remote(tmp_path, "add", URL, *pinned)
    assert refused.exit_code == 2
    assert f"was trusted by {words(trust)}, and is now by {words(other)}" in refused.stderr
    (kept,) = json.loads(remote(tmp_path, "list", "--json").stdout)["servers"]
    assert kept["words"] == words(trust)
    assert remote(tmp_path, "add", URL, *pinned, "--yes").exit_code == 0
    (kept,) = json.loads(remote(tmp_path, "list", "--json").stdout)["servers"]
    assert kept["words"] == words(other)


def test_the_same_trust_is_kept_again_with_another_key(trust: Path, tmp_path: Path) -> None:
    assert remote(tmp_path, "add", URL, "--trust", str(trust), "--yes").exit_code == 0
    again = remote(tmp_path, "add", URL, "--trust", str(trust), "--key", "agent:SHA256:AAAA", "--json")
    assert again.exit_code == 0
    assert json.loads(again.stdout)["servers"][0]["key"] == "agent:SHA256:AAAA"


def test_a_folder_that_proves_no_key_is_refused(trust: Path, tmp_path: Path) -> None:
    without = Path(shutil.copytree(trust, tmp_path / "without"))
    (without / "registrar").unlink()
    for folder, says in ((without, "names no registrar"), (tmp_path / "nothing", "no such folder")):
        done = remote(tmp_path, "add", URL, "--trust", str(folder), "--yes")
        assert done.exit_code == 2
        assert says in done.stderr


def test_a_kept_folder_that_was_changed_is_refused(trust: Path, tmp_path: Path) -> None:
    assert remote(tmp_path, "add", URL, "--trust", str(trust), "--key", "agent:x", "--yes").exit_code == 0
    (registrar,) = tmp_path.rglob("servers/*/trust/registrar")
    registrar.write_text(f"registrar XO {'3b' * 32}\n", "ascii")
    done = run("orders", "--ledger", URL, XDG_CONFIG_HOME=str(tmp_path), XDG_STATE_HOME=str(tmp_path))
    assert done.exit_code == 4
    assert "TRUST-FORMAT" in done.stderr


def test_certificates_that_cannot_be_read_are_an_error_with_a_code(trust: Path, tmp_path: Path) -> None:
    kept = ("add", URL, "--trust", str(trust), "--key", str(trust.parent / "keys" / "PUBLIC-ilves"), "--yes")
    missing = remote(tmp_path, *kept, "--ca", str(tmp_path / "ca.pem"))
    assert missing.exit_code == 4
    assert "no such file" in missing.stderr
    (tmp_path / "ca.pem").write_text("no certificate", "ascii")
    assert remote(tmp_path, *kept, "--ca", str(tmp_path / "ca.pem")).exit_code == 0
    for _ in range(2):
        done = run("orders", "--ledger", URL, XDG_CONFIG_HOME=str(tmp_path), XDG_STATE_HOME=str(tmp_path))
        assert done.exit_code == 4
        assert "no certificates in PEM" in done.stderr
        (tmp_path / "ca.pem").unlink(missing_ok=True)


def test_a_kept_file_that_cannot_be_read_is_an_error_with_a_code(trust: Path, tmp_path: Path) -> None:
    assert remote(tmp_path, "add", URL, "--trust", str(trust), "--yes").exit_code == 0
    (file,) = tmp_path.rglob("server.json")
    file.write_text("{}", "ascii")
    done = remote(tmp_path, "list")
    assert done.exit_code == 4
    assert "TRUST: " in done.stderr


def test_an_older_version_of_a_signed_policy_does_not_take_the_place_of_a_newer_one(tmp_path: Path) -> None:
    office = Office(tmp_path)
    assert office.new("ada", "bo", "cy").exit_code == 0
    office.sign("ada", "cy")
    older, words = office.stick("older"), office.words()
    assert office.new("ada", "bo", "cy").exit_code == 0
    office.sign("ada", "cy")
    newer = office.stick("newer")
    for stick, code in ((older, 0), (newer, 0), (older, 5)):
        done = remote(tmp_path, "add", URL, "--trust", str(stick), "--root-fingerprint", words)
        assert done.exit_code == code, done.output
    assert "POL-VERSION" in done.stderr
    assert len(list(tmp_path.rglob("servers/*/trust/*.trust.json"))) == 2


def test_a_signed_policy_is_kept_with_its_certificates_and_without_other_files(tmp_path: Path) -> None:
    office = Office(tmp_path)
    certificate = b"a certificate of a time-stamp authority"
    (office.ledger / "trust" / "tsa" / "authority.pem").write_bytes(certificate)
    assert office.new("ada", threshold=1).exit_code == 0
    office.sign("ada")
    others = office.policy / "others" / "xv"
    others.mkdir(parents=True)
    for path in (office.policy, others):
        shutil.copy(office.ledger / "trust" / "policy", path / "policy")
    pinned = ("--trust", str(office.policy), "--root-fingerprint", office.words())
    done = remote(tmp_path, "add", URL, *pinned)
    assert done.exit_code == 0, done.output
    (kept,) = tmp_path.rglob("servers/*/trust")
    files = {str(path.relative_to(kept)) for path in kept.rglob("*") if path.is_file()}
    named = {f"tsa/{sha256(path.read_bytes()).hexdigest()}.pem" for path in (office.ledger / "trust/tsa").iterdir()}
    assert files == {"1.trust.json", *named}
    server = kept_server(kept.parent / "server.json")
    assert server is not None
    assert certificate in read_trust_folder(str(kept), server.fingerprint).authorities


def test_a_server_is_asked_nothing_under_a_trust_that_has_expired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Later:
            return cls(2099, 1, 1, tzinfo=tz)

    office = Office(tmp_path)
    assert office.new("ada", "bo", "cy").exit_code == 0
    monkeypatch.setattr(connected, "datetime", Later)
    office.sign("ada", "cy")
    pinned = ("--trust", str(office.policy), "--root-fingerprint", office.words())
    assert remote(tmp_path, "add", URL, *pinned).exit_code == 0
    done = run("orders", "--ledger", URL, XDG_CONFIG_HOME=str(tmp_path), XDG_STATE_HOME=str(tmp_path))
    assert done.exit_code == 4
    assert "POL-EXPIRED" in done.stderr
