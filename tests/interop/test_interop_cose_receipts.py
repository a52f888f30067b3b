"""scitt-cose accepts every receipt of the stories S1 to S6, and refuses what was changed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import cbor2
import pytest

from ledger.messages import LANGUAGES
from tests.interop.conftest import TOOLS, Ask
from tests.support.cli import STORIES, ledger_of, reply, run

pytestmark = pytest.mark.interop

PLAYED = sorted(path.stem for path in STORIES.glob("S[1-6]*.toml"))


def receipts(ledger: Path, order: str, folder: Path) -> list[tuple[Path, Path]]:
    """Export the receipts of an order; return each entry with its receipt."""
    words = ("export", order, "--format", "cose-receipts", "--audience", "COURT", "-o", str(folder))
    done = run(*words, ledger=ledger)
    assert done.exit_code == 0, done.output
    return [(entry, entry.with_name(f"{entry.name[:-10]}.receipt")) for entry in folder.rglob("*.dsse.json")]


@pytest.mark.parametrize("story", PLAYED)
def test_scitt_cose_accepts_every_receipt_under_the_root_of_the_checkpoint(
    ask: Ask, tmp_path: Path, story: str
) -> None:
    ledger = ledger_of(story, tmp_path)
    orders = [row["order"] for row in json.loads(run("orders", "--json", ledger=ledger).stdout)["orders"]]
    assert orders
    for order in orders:
        pairs = receipts(ledger, order, tmp_path / order)
        assert pairs
        said = ask("scitt-cose", tmp_path / order / "log-key.pem", *(file for pair in pairs for file in pair))
        assert said.agrees, said.text
        lines = said.text.splitlines()
        head = reply("checkpoint", ledger=ledger)
        indices = sorted(int(line.split()[2]) for line in lines[:-1])
        assert indices == sorted(int(entry.name.partition(".")[0]) for entry, _ in pairs)
        assert {line.split()[1] for line in lines[:-1]} == {str(head["size"])}
        assert lines[-1].split()[1:] == [head["root"]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Path]]:
    folder = tmp_path_factory.mktemp("receipts")
    return receipts(ledger_of("S1", folder), "main", folder / "out")


def test_what_read_me_says_to_type_works_as_it_stands(exported: list[tuple[Path, Path]]) -> None:
    folder = exported[0][0].parents[1]
    typed = [line.strip() for line in (folder / "READ-ME.txt").read_text("utf-8").splitlines() if "entries/" in line]
    program = TOOLS / "python" / "bin"
    if not (program / "scitt-cose").exists():
        pytest.skip("needs scitt-cose; `make interop` installs it")
    lines = "\n".join(line for line in typed if line.startswith(("LEAF=", "scitt-cose ")))
    assert lines.count("scitt-cose ") == len(LANGUAGES)
    env = {"PATH": f"{program}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-e", "-c", lines], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok             : True") == len(LANGUAGES)


@pytest.mark.parametrize("part", ["nothing", "entry", "root", "path", "header", "key"])
def test_scitt_cose_refuses_another_entry_root_path_header_or_key(
    ask: Ask, exported: list[tuple[Path, Path]], tmp_path: Path, part: str
) -> None:
    (entry, receipt), (other, _) = exported[:2]
    key = receipt.parents[1] / "log-key.pem"
    message = cbor2.loads(receipt.read_bytes())
    protected, unprotected, payload, signature = message.value
    size, index, path = cbor2.loads(unprotected[396][-1][0])
    match part:
        case "entry":
            entry = other
        case "root":
            tree = receipts(ledger_of("S2", tmp_path), "main", tmp_path / "S2")  # another log, another root
            signature = cbor2.loads(tree[0][1].read_bytes()).value[3]
            key = tmp_path / "S2" / "log-key.pem"
        case "path":
            path = [bytes(32), *path[1:]]
        case "header":
            protected = cbor2.dumps({**cbor2.loads(protected), 15: {1: "ledger.example/another"}}, canonical=True)
        case "key":
            key = tmp_path / "key.pem"
            key.write_text(
                "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                "-----END PUBLIC KEY-----\n"  # the public key of RFC 8032, test 1
            )
    changed = tmp_path / "changed.receipt"
    proof = cbor2.dumps([size, index, list(path)])
    parts = [protected, {396: {-1: [proof]}}, payload, signature]
    changed.write_bytes(cbor2.dumps(cbor2.CBORTag(18, parts), canonical=True))
    said = ask("scitt-cose", key, entry, changed)
    assert said.agrees == (part == "nothing"), said.text
    assert said.text.startswith("agrees" if part == "nothing" else "FAIL: signature"), said.text
