"""A file of a bundle that no entry states is named: its maker alone vouches for it."""

from __future__ import annotations

from hashlib import sha256

import pytest

from ledger.entries.payload import Document
from ledger.tlog.names import origin_hash
from ledger.verify.report import Report, Verdict
from tests.ledger.verify.other_records.test_received_entries import DISCLOSED, MANIFEST, World
from tests.support.memory_ledger import ISSUED, ORDER, SEALED, changed, checked, small

FORGED = b"Judgment of 3 March 2027"
NAME = sha256(FORGED).hexdigest()


def unstated(report: Report) -> list[str]:
    assert report.verdict is Verdict.PASSED
    return [remark.says for remark in report.procedure if remark.code == "CMP-UNSTATED"]


@pytest.mark.parametrize(
    "path",
    [
        f"documents/{NAME}", f"foreign/{NAME}", f"foreign/{'ab' * 32}.tlog-proof", "map/evidence.html",
        "map/more/evidence.pdf", "policy.dsse.json",
    ],
)  # fmt: skip
def test_a_file_that_no_entry_states_is_named_wherever_it_is(path: str) -> None:
    ledger, ilves = small()
    data = changed(ledger.bundle(ilves), lambda files: files.update({path: FORGED}), ilves.signer("ISS"))
    assert unstated(checked(data, ledger)) == [f"no entry that is read here states 1 file: {path}"]


def test_a_register_of_a_log_that_no_entry_names_is_named() -> None:
    ledger, ilves = small()
    other = small(origin="ledger.test/other")[0]
    folder = f"others/{origin_hash(other.origin)}"
    files = {f"{folder}/entries/0.dsse.json": other.entries[0], f"{folder}/entries/0.tlog-proof": other.proof(0)}
    data = changed(ledger.bundle(ilves), lambda there: there.update(files), ilves.signer("ISS"))
    assert unstated(checked(data, ledger)) == [f"no entry that is read here states 1 file: {folder}"]


def test_a_document_is_stated_by_an_entry_or_by_a_value_that_is_opened() -> None:
    ledger, ilves = small()
    document = Document("judgment", "application/pdf", len(FORGED), NAME)
    ledger.record(ilves, "order-issued", ISSUED, SEALED, order=ORDER, documents=(document,))
    assert unstated(checked(ledger.bundle(ilves, documents={NAME: FORGED}), ledger)) == []
    files = [{"name": "judgment.pdf", "size": len(FORGED), "sha256": NAME}]
    for audience, named in (("CT", 0), ("SYS", 1)):
        ledger, ilves = small()
        ledger.record(
            ilves, "data-disclosed", DISCLOSED, {"manifest": {**MANIFEST["manifest"], "files": files}}, order=ORDER
        )
        assert len(unstated(checked(ledger.bundle(ilves, audience, documents={NAME: FORGED}), ledger))) == named


def test_many_files_are_counted_and_twenty_of_them_named() -> None:
    ledger, ilves = small()
    files = {sha256(bytes([n])).hexdigest(): bytes([n]) for n in range(25)}
    (says,) = unstated(checked(ledger.bundle(ilves, documents=files), ledger))
    assert says.startswith("no entry that is read here states 25 files: documents/")
    assert says.count("documents/") == 20
    assert says.endswith(", ...")


def test_an_entry_of_another_record_and_its_register_are_stated_by_the_wrapper() -> None:
    world = World()
    world.arrives(world.says("data-disclosed", public=DISCLOSED, sealed=MANIFEST))
    assert unstated(world.report()) == []
