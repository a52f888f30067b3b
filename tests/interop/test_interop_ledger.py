"""Programs of other projects check a whole played ledger and its bundle: log, receipts, entries and disclosures."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ledger.formats.dsse import EVENT_TYPE, MANIFEST_TYPE
from tests.interop.conftest import ROOT, Ask

pytestmark = pytest.mark.interop


def comity(folder: Path, *words: str) -> None:
    """Run a command in a folder, as an operator would."""
    program = [sys.executable, "-c", "from cli.app import main; main()", *words]
    env = {name: value for name, value in os.environ.items() if not name.startswith("COMITY_")}
    done = subprocess.run(
        program, cwd=folder, env=env | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Play S1 into a ledger, publish its log with entry bundles, and unpack the court's bundle."""
    folder = tmp_path_factory.mktemp("played")
    comity(folder, "play", str(ROOT / "fixtures" / "stories" / "S1.toml"), "--into", "ledger")
    comity(folder, "log", "publish", "published", "--ledger", "ledger")
    comity(folder, "export", "main", "--audience", "COURT", "--ledger", "ledger", "-o", "court.evidence.zip")
    with zipfile.ZipFile(folder / "court.evidence.zip") as bundle:
        bundle.extractall(folder / "bundle")
    return folder


def vkey(played: Path) -> str:
    lines = (played / "ledger" / "trust" / "policy").read_text(encoding="ascii").splitlines()
    return next(line.split(" ")[1] for line in lines if line.startswith("log "))


def signer(entry: Path) -> str:
    payload = json.loads(base64.b64decode(json.loads(entry.read_bytes())["payload"]))
    key: str = payload["signer"]["key"]
    return key


def entries(played: Path) -> list[Path]:
    return sorted(played.glob("bundle/logs/*/entries/*.dsse.json"))


def test_sumdb_finds_the_published_log_whole(ask: Ask, played: Path) -> None:
    said = ask("x/mod", played / "published", vkey(played))
    assert said.agrees, said.text


def test_transparency_dev_takes_every_receipt_of_the_bundle(ask: Ask, played: Path) -> None:
    for entry in entries(played):
        receipt = entry.with_name(entry.name.replace(".dsse.json", ".tlog-proof"))
        said = ask("transparency-dev", entry, receipt, vkey(played), 0)
        assert said.agrees, f"{entry.name}: {said.text}"
    assert len(entries(played)) == 39


@pytest.mark.parametrize("library", ["go-securesystemslib", "@sigstore/core"])
def test_a_dsse_library_verifies_every_entry_and_the_manifest(ask: Ask, played: Path, library: str) -> None:
    manifest = played / "bundle" / "manifest.dsse.json"
    for file, kind in [*((entry, EVENT_TYPE) for entry in entries(played)), (manifest, MANIFEST_TYPE)]:
        said = ask(library, file, signer(file), kind)
        assert said.agrees, f"{file.name}: {said.text}"


def test_sd_jwt_opens_what_the_court_may_read_of_the_order(ask: Ask, played: Path, tmp_path: Path) -> None:
    opened = set()
    for disclosures in played.glob("bundle/logs/*/disclosures/*.txt"):
        entry = disclosures.parent.parent / "entries" / f"{disclosures.stem}.dsse.json"
        payload = json.loads(base64.b64decode(json.loads(entry.read_bytes())["payload"]))
        (tmp_path / "public.json").write_text(json.dumps(payload["public"]), encoding="utf-8")
        said = ask("sd-jwt", tmp_path / "public.json", disclosures)
        assert said.agrees, said.text
        names = set(json.loads(said.text)) - set(payload["public"])
        assert names == set(payload["sealed"])  # the court may read every sealed value of this order
        opened |= names
    assert {"summary_of_facts", "identifiers", "manifest", "reply"} <= opened


def test_sha256sum_passes_every_file_of_the_bundle(played: Path) -> None:
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=played / "bundle", capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout
