"""ETSI's own JSON schemas, as PyPI's ts103976 carries them, accept our HI-1 messages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ledger.application.journal import Journal
from projections.exchange.hi1_writer import hi1
from tests.interop.conftest import Ask
from tests.support.cli import STORIES, ledger_of, run

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("name", sorted(path.stem for path in STORIES.glob("*.toml")))
def test_the_message_of_every_order_of_every_story_is_valid(name: str, ask: Ask, tmp_path: Path) -> None:
    files = []
    with Journal.open(ledger_of(name, tmp_path), writable=False) as journal:
        for order in journal.orders():
            for reveal in (False, True):
                message, _ = hi1(journal.case(order), reveal=reveal)
                if message:  # None: the order was never issued
                    files.append(tmp_path / f"{order}-{reveal}.json")
                    files[-1].write_bytes(message)
    said = ask("ts103976", *files)
    assert said.agrees, said.text
    assert f"0 errors in {len(files)} messages" in said.text


def test_a_message_with_a_wrong_time_is_found(ask: Ask, tmp_path: Path) -> None:
    ledger, file = ledger_of("S1", tmp_path), tmp_path / "m.json"
    run("export", "main", "--format", "hi1", "-o", str(file), ledger=ledger)
    message = json.loads(file.read_text())
    message["Header"]["Timestamp"] = "2027-03-01T09:40:00Z"
    file.write_text(json.dumps(message))
    assert not ask("ts103976", file).agrees
