"""Ledgers, bundles, receipts and policies of earlier versions are read, verified and continued by this version."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli import run
from tests.support.kept_files import CHANGED, THEN, VERDICTS, Kept, contradicted, expected, unpacked, verified

HEADS = {  # the answers of `comity judge`: state, and the criteria that are demonstrated
    ("karsk", "E-7"): ("DISCLOSED", "A1 A2 A3 A4 A5 A6"),
    ("skylark", "E-7"): ("DISCLOSED", "A1 A4 A5 A6"),
    ("plain", "A-1"): ("SERVED", ""),
}
# B2: an entry of another log counts where its signer's key is proven. The first version stored no register of the
# other log; the entry counts again after its bundle is received again.
UNPROVEN = {("karsk", "E-7"): ("SERVED", "A1 A4 A5"), ("skylark", "E-7"): ("DISCLOSED", "")}


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked("court", tmp_path_factory.mktemp("kept"))


@pytest.fixture
def witnessed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Kept]:
    """Open the ledger with a witness, which keeps its stored memory and answers at its former address."""
    httpx = pytest.importorskip("httpx", reason="needs the extra `server`")
    pytest.importorskip("starlette", reason="needs the extra `server`")
    from ledger.adapters.http_client import Reply
    from ledger.adapters.keys import key_files
    from ledger.adapters.witness import client as asking
    from ledger.adapters.witness.server import app
    from ledger.adapters.witness.witness import Witness, cosigners, logs_of
    from ledger.adapters.witness.witness_state import Memory
    from ledger.tlog.note import COSIGNATURE, Vkey
    from ledger.tlog.policy import parse_policy

    house = Kept("karsk", tmp_path)
    state, name = tmp_path / "witness" / "state", "witness.example/w"
    key = key_files.load(state / "witness.key")
    with closing(Memory(state / "witness.db", Vkey.of(name, COSIGNATURE, key.public).text)) as memory:
        logs = logs_of([parse_policy((tmp_path / "witness" / "logs.policy").read_bytes())])
        served = httpx.ASGITransport(app=app(Witness(memory, cosigners(name, key), logs)))

        async def ask(url: str, most: int, seconds: float, content: bytes | None = None, *, media: str = "") -> Reply:
            async with httpx.AsyncClient(transport=served) as client:
                answer = await client.request("GET" if content is None else "POST", url, content=content)
            return Reply(answer.status_code, answer.headers.get("content-type", ""), answer.content)

        monkeypatch.setattr(asking, "ask", ask)
        yield house


@pytest.mark.parametrize("case", VERDICTS, ids=" under ".join)
def test_what_the_first_version_handed_out_keeps_its_verdict(court: Path, case: tuple[str, str]) -> None:
    assert verified(court, case) == expected(case), CHANGED.get(case, ("nothing changes this",))[0]


def test_the_bundle_in_a_container_of_the_first_version_verifies(court: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(court / "court.asice") as container:
        (tmp_path / "court.evidence.zip").write_bytes(container.read("court.evidence.zip"))
    done = run(
        "verify",
        str(tmp_path / "court.evidence.zip"),
        "--trust",
        str(court / "trust"),
        "--trust-came",
        "apart",
        "--json",
    )
    report = json.loads(done.stdout)
    assert (report["verdict"], [r["code"] for r in report["reasons"]]) == ("INDETERMINATE", ["CP-QUORUM"])


@pytest.mark.parametrize("name", ["karsk", "skylark", "plain"])
def test_a_ledger_of_the_first_version_is_whole_and_verifies_under_its_own_trust(name: str, tmp_path: Path) -> None:
    house = Kept(name, tmp_path)
    assert contradicted(house.run("fsck", "--json")) == []
    done = house.run("verify", str(house.ledger), "--trust", str(house.ledger / "trust"), "--json")
    report = json.loads(done.stdout)
    assert report["verdict"] != "TOTAL-FAILED", report["reasons"]


@pytest.mark.parametrize(("name", "order"), HEADS)
def test_a_ledger_of_the_first_version_is_judged_as_it_was_then_as_far_as_that_is_proven(
    name: str, order: str, tmp_path: Path
) -> None:
    house = Kept(name, tmp_path)
    assert judged(house, order) == UNPROVEN.get((name, order), HEADS[name, order])
    assert due(house) == {"karsk": {"E-10-4", "D-7-7"}, "plain": {"E-10-3"}}.get(name, set())


@pytest.mark.parametrize(("name", "bundle", "by"), [("karsk", "answer", "orn"), ("skylark", "order", "skylark")])
def test_what_the_first_version_received_counts_again_once_its_bundle_is_received_again(
    name: str, bundle: str, by: str, court: Path, tmp_path: Path
) -> None:
    house = Kept(name, tmp_path)
    before = house.reply("checkpoint")["size"]
    done = house.run("receive", str(court / f"{bundle}.evidence.zip"), "--as", by)
    assert done.exit_code == 0, done.output
    assert judged(house, "E-7") == HEADS[name, "E-7"]
    assert house.reply("checkpoint")["size"] == before, "nothing is recorded twice"


def test_a_plain_ledger_of_the_first_version_is_gone_on_with(tmp_path: Path) -> None:
    house = Kept("plain", tmp_path)
    before = house.reply("checkpoint")["size"]
    house.record("order-closed", "A-1", "-f", "outcome=withdrawn", "--role", "ISS", by="orn", key="orn-next")
    assert house.reply("checkpoint")["size"] == before + 1
    assert house.run("fsck").exit_code == 0
    assert house.verdict("A-1", "COURT", "orn", "orn-next", "--role", "ISS") == ("TOTAL-PASSED", [])


def test_a_ledger_of_the_first_version_that_answers_another_is_gone_on_with(tmp_path: Path) -> None:
    house = Kept("skylark", tmp_path)
    house.record("customer-notified", "E-7", "-f", "channel=letter", by="skylark", key="skylark")
    assert house.run("fsck").exit_code == 0
    assert house.verdict("E-7", "ISS", "skylark", "skylark") == ("TOTAL-PASSED", [])


def test_a_witnessed_ledger_of_the_first_version_is_gone_on_with_and_its_witness_cosigns(witnessed: Kept) -> None:
    more = ("-f", "addressee=skylark", "-f", "channel=mail")
    witnessed.record("order-transmitted", "E-8", *more, by="ilves", key="ilves-next")
    note = witnessed.reply("checkpoint")["note"]
    assert "witness.example/w" in note
    assert witnessed.run("fsck").exit_code == 0
    assert witnessed.verdict("E-8", "SYS", "ilves", "ilves-next") == ("TOTAL-PASSED", [])


def test_a_person_and_a_log_whose_keys_were_replaced_cannot_sign_with_the_old_ones(tmp_path: Path) -> None:
    house = Kept("plain", tmp_path)
    old = str(house.keys / "orn")
    said = house.run(
        "record", "order-closed", "A-1", "-f", "outcome=withdrawn", "--as", "orn", "--role", "ISS", "--key", old
    )
    assert said.exit_code == 5, said.output
    assert "KEY-ENDED" in said.output


def test_what_was_erased_stays_erased_and_what_was_sealed_can_be_opened(tmp_path: Path) -> None:
    house = Kept("karsk", tmp_path)
    by = ("--reveal", "--because", "a test", "--as", "orn")
    for order, known in (("E-8", True), ("E-10", False)):
        shown = house.run("timeline", order, *by, "--json")
        assert (shown.exit_code, "user-80417" in shown.stdout) == (0, known), shown.output


@pytest.mark.parametrize("name", ["karsk", "skylark"])
def test_a_copy_made_by_the_first_version_is_put_back(name: str, court: Path, tmp_path: Path) -> None:
    house, there = Kept(name, tmp_path), tmp_path / "back"
    done = house.run("restore", str(court / f"{name}.tar"), str(there))
    assert done.exit_code == 0, done.output
    assert contradicted(run("fsck", "--json", ledger=there, **house.env)) == []


def test_each_ledger_of_the_first_version_opens_without_a_change_to_its_files(tmp_path: Path) -> None:
    for name in ("karsk", "skylark", "plain"):
        house = Kept(name, tmp_path / name)
        files = [path for path in house.ledger.rglob("*.db") if path.name != "views.db"]
        before = {path: path.read_bytes() for path in files}
        assert house.run("orders").exit_code == 0
        assert house.run("timeline", house.reply("orders")["orders"][0]["order"]).exit_code == 0
        assert {path: path.read_bytes() for path in files} == before


def judged(house: Kept, order: str) -> tuple[str, str]:
    judgement = json.loads(house.run("judge", order, "--as-of", THEN, "--json").stdout)
    held = [name for name, criterion in judgement["criteria"].items() if criterion["state"] == "DEMONSTRATED"]
    return judgement["state"], " ".join(held)


def due(house: Kept) -> set[str]:
    """Return the deadlines that are running."""
    return {clock["id"] for clock in json.loads(house.run("due", "--as-of", THEN, "--json").stdout)["due"]}
