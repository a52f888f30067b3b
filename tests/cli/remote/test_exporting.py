"""An office exports an order of a ledger behind a server, with documents of this machine, and in other forms."""

from __future__ import annotations

import json
from csv import DictReader
from hashlib import sha256
from io import StringIO
from pathlib import Path
from zipfile import ZipFile

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from tests.cli.remote.test_recording import PURPOSE, Desk, desk, order
from tests.support.cli import run

__all__ = ["desk", "order"]

RETURNED = b"Jo Skylark & S\xc3\xb6hne\n"
COURT = ("export", "PPO-9", "--audience", "COURT", *PURPOSE, "--role", "ISS")


@pytest.fixture(scope="module")
def disclosed(desk: Desk, order: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let the provider disclose a file, and return a folder of the court with this file and another one."""
    folder = tmp_path_factory.mktemp("exhibits with a long name, ü")
    (folder / "deep").mkdir()
    file = folder / "deep" / "return ß.txt"
    file.write_bytes(RETURNED)
    (folder / "not of this order.txt").write_bytes(b"x")
    done = desk.skylark.run("disclose", "PPO-9", str(file), "--channel", "mail", "--elements", "name")
    assert done.exit_code == 0, done.output
    return folder


def test_documents_of_this_machine_are_added_to_the_bundle_of_a_server(
    desk: Desk, disclosed: Path, tmp_path: Path
) -> None:
    file = tmp_path / "court.evidence.zip"
    done = desk.ilves.run(*COURT, "--documents", str(disclosed), "-o", str(file))
    assert done.exit_code == 0, done.output
    with ZipFile(file) as archive:
        (name,) = [each for each in archive.namelist() if each.startswith("documents/")]
        assert (name, archive.read(name)) == (f"documents/{sha256(RETURNED).hexdigest()}", RETURNED)
    verified = run("verify", str(file), "--trust", str(desk.house.ledger / "trust"), "--json")
    assert json.loads(verified.stdout)["verdict"] == "TOTAL-PASSED", verified.output


def test_a_document_that_the_audience_may_not_read_of_is_left_out(desk: Desk, disclosed: Path, tmp_path: Path) -> None:
    file = tmp_path / "bundle.evidence.zip"
    done = desk.ilves.run(
        "export",
        "PPO-9",
        "--audience",
        "CUST",
        *PURPOSE,
        "--role",
        "ISS",
        "--documents",
        str(disclosed),
        "-o",
        str(file),
    )
    assert done.exit_code == 0, done.output
    with ZipFile(file) as archive:
        added = [each for each in archive.namelist() if each.startswith("documents/")]
    assert added == []


@pytest.mark.parametrize("form", ["timeline-csv", "custody-csv", "hi1", "ics", "case"])
def test_an_order_behind_a_server_is_exported_in_another_form_without_sealed_values(
    desk: Desk, disclosed: Path, form: str
) -> None:
    moment = ("--as-of", desk.lines()[-1]["signed_at"])
    there = desk.ilves.run("export", "PPO-9", "--format", form, *moment, "-o", "-")
    assert there.exit_code == 0, there.output
    assert "sealed values are shown to no caller" in there.stderr
    assert "skyl-4471" not in there.stdout
    here = desk.house.run("export", "PPO-9", "--format", form, *moment, "-o", "-")
    assert without_sealed(form, there.stdout) == without_sealed(form, here.stdout)


def without_sealed(form: str, text: str) -> object:
    """Return what a form says that rests on no sealed value: a server shows not even which of them are stated."""
    if form == "ics":
        return text
    if form.endswith("csv"):
        columns = ("entry", "on", "signed_at", "kind", "leaf")
        return [[line.get(name) for name in columns] for line in DictReader(StringIO(text.removeprefix("\ufeff")))]
    document = json.loads(text)
    if form == "hi1":
        return document["Header"]
    kinds = sorted(str(node.get("@type")) for node in document["@graph"])
    return document["@context"], [kind for kind in kinds if "Facet" not in kind and "File" not in kind]


def test_a_container_has_the_bundle_of_the_server(desk: Desk, disclosed: Path, tmp_path: Path) -> None:
    file = tmp_path / "court.asice"
    done = desk.ilves.run(*COURT, "--format", "asic-e", "--unsigned", "-o", str(file))
    assert done.exit_code == 0, done.output
    with ZipFile(file) as archive:
        inner = tmp_path / "court.evidence.zip"
        inner.write_bytes(archive.read("court.evidence.zip"))
    verified = run("verify", str(inner), "--trust", str(desk.house.ledger / "trust"), "--json")
    assert json.loads(verified.stdout)["verdict"] == "TOTAL-PASSED", verified.output
