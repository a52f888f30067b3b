"""Page and program say the same of a bundle that was exported after an entry had been deleted from the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.session.ledger_reader import reading
from ledger.adapters.folders.read_trust import read_trust_folder
from ledger.entries.placement import registry_of
from ledger.verify.evidence_bundle import verify
from tests.browser.check.test_conformance import differences
from tests.browser.support.node import Page
from tests.browser.support.recorder import question, report_fields
from tests.cli.reports.test_deleted_entries import orders, without
from tests.support.cli import House

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("register", [False, True])
def test_the_last_entry_that_was_deleted_is_missed_by_the_page(register: bool, tmp_path: Path, node: Page) -> None:
    house = House(tmp_path / "house").furnished().with_office("late", "RET")
    sent = ("-f", "addressee=skylark", "-f", "channel=courier", "--as", "ilves", "--yes", "--unregistered")
    assert house.run("record", "order-transmitted", "PPO-1", *sent).exit_code == 0
    house.reply("log", "commit")
    with reading(house.ledger) as reader:
        order, now = reader.find("PPO-1"), reader.now()
        of = registry_of(reader.origin) if register else order
    last = max(index for index, each in enumerate(orders(house.ledger)) if each == of)
    trust = read_trust_folder(str(house.ledger / "trust"))
    house.ledger = without(house.ledger, last, tmp_path)
    file = tmp_path / "bundle.zip"
    done = house.run("export", order, "--audience", "DPO", "-o", str(file), "--as", "ilves")
    assert done.exit_code == 0, done.output
    data = file.read_bytes()
    wanted = report_fields(verify(data, trust, None, now))
    found = node.ask("verify", **question(data, trust, None, now))
    assert not differences(found, wanted)
    assert (found["verdict"], [reason["code"] for reason in found["reasons"]]) == ("TOTAL-FAILED", ["MAP-HEAD"])
