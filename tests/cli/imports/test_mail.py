"""Mails as evidence in their orders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.exit_codes import Exit
from ledger.application.journal import Journal
from ledger.entries.case import Entry
from tests.support.cli import ledger_of, reply, run
from tests.support.import_tables import HEAD, opening, written
from tests.support.intake.mails import SERVER, delivery_report, key, mail, signed


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    made = ledger_of("S1", tmp_path)
    head = HEAD.replace("identifiers", "providers")
    table = written(tmp_path / "t.csv", [opening(f"PPO-{n}", identifiers="skylark") for n in range(1, 51)], head)
    reply("import", str(table), "--as", "ilves", ledger=made)
    return made


def file(folder: Path, data: bytes, name: str = "m.eml") -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def newest(ledger: Path, reference: str) -> Entry:
    with Journal.open(ledger, writable=False) as journal:
        return max(journal.case(journal.find(reference)).entries, key=lambda e: e.index)


def test_fifty_stamped_reports_of_delivery_start_the_clocks_of_their_orders(ledger: Path, tmp_path: Path) -> None:
    mails = [file(tmp_path, delivery_report(subject=f"Order PPO-{n}"), f"{n}.eml") for n in range(1, 51)]
    claimed = reply("import", "mail", *mails, "--as", "ilves", "--dry-run", ledger=ledger)
    assert [each["clocks"] for each in claimed["unwound"]] == [["D-7-7"]], "a report that anybody can have written"
    stamped = ("--as", "ilves", "--server", SERVER)
    dry = reply("import", "mail", *mails, *stamped, "--dry-run", ledger=ledger)
    assert (dry["rows"], dry["recorded"], dry["unwound"]) == (50, 0, [])
    assert reply("import", "mail", *mails, *stamped, ledger=ledger)["recorded"] == 50
    due = json.loads(run("due", "--json", ledger=ledger).stdout)["due"]
    assert sum(clock["id"] == "D-7-7" and clock["due"] is not None for clock in due) >= 50
    again = reply("import", "mail", *mails, "--as", "ilves", ledger=ledger)
    assert (again["recorded"], again["rows"]) == (0, 0)


def test_a_receipt_by_report_has_its_proof_and_the_time_of_the_stamp(ledger: Path, tmp_path: Path) -> None:
    path = file(tmp_path, delivery_report(subject="PPO-7"))
    done = run("import", "mail", path, "--server", SERVER, "--as", "ilves", ledger=ledger)
    assert done.exit_code == 0, done.output
    entry = newest(ledger, "PPO-7")
    assert (entry.kind, entry.on.isoformat(), entry.whose) == (
        "order-received",
        "2026-03-03T09:15:30+00:00",
        "skylark",
    )
    assert (entry.get("proof_kind"), entry.get("proof")["code"]) == (
        "delivery-receipt",
        f"mail-stamped-by-{SERVER}",
    )


def test_a_mail_without_a_stamp_of_the_named_server_is_a_claim_and_starts_no_clock(
    ledger: Path, tmp_path: Path
) -> None:
    path = file(tmp_path, mail("PPO-7"))
    done = run("import", "mail", path, "--kind", "order-received", "--as", "ilves", "--dry-run", ledger=ledger)
    assert "its time is the claim of its header Date" in done.stderr
    assert "winds no clock (D-7-7)" in done.stderr
    with_server = run(
        "import", "mail", path, "--kind", "order-received", "--server", SERVER, "-f", "proof_kind=delivery-receipt",
        "--as", "ilves", "--dry-run", ledger=ledger,
    )  # fmt: skip
    assert "winds no clock" not in with_server.stderr


def test_a_sent_mail_is_a_transmission_to_the_provider_of_the_order(ledger: Path, tmp_path: Path) -> None:
    path = file(tmp_path, mail("x"))
    args = ["--order", "PPO-3", "--kind", "order-transmitted", "--as", "ilves"]
    assert reply("import", "mail", path, *args, ledger=ledger)["recorded"] == 1
    entry = newest(ledger, "PPO-3")
    assert (entry.get("addressee"), entry.get("channel"), entry.whose) == ("skylark", "mail", None)
    assert reply("import", "mail", path, *args, ledger=ledger)["recorded"] == 0


@pytest.mark.parametrize(
    ("subject", "says"),
    [("hello", "quotes no order that is on record"), ("PPO-1 and PPO-2", "quotes several orders: PPO-1, PPO-2")],
)
def test_a_mail_that_quotes_no_order_or_several_is_refused(
    subject: str, says: str, ledger: Path, tmp_path: Path
) -> None:
    path = file(tmp_path, delivery_report(subject=subject))
    done = run("import", "mail", path, "--as", "ilves", ledger=ledger)
    assert done.exit_code == Exit.REFUSED
    assert says in done.stderr


def test_one_mail_that_was_not_delivered_refuses_all(ledger: Path, tmp_path: Path) -> None:
    good = file(tmp_path, delivery_report(subject="PPO-1"), "1.eml")
    bad = file(tmp_path, delivery_report("failed", subject="PPO-2"), "2.eml")
    done = run("import", "mail", good, bad, "--as", "ilves", ledger=ledger)
    assert done.exit_code == Exit.REFUSED
    assert "was not delivered" in done.stderr
    assert newest(ledger, "PPO-1").kind == "order-issued"


def test_inspecting_a_mail_opens_no_ledger_and_says_what_is_proven(tmp_path: Path) -> None:
    private, record = key()
    path = file(tmp_path, signed(mail(files=[("a.pdf", b"%PDF")]), private))
    kept = file(tmp_path, record.encode(), "key.txt")
    (item,) = reply("import", "mail", path, "--inspect")["mails"]
    assert (item["holds"], item["taken"], item["files"][0]["name"]) == (None, None, "a.pdf")
    assert "nothing in it is proven: a header is what somebody wrote" in item["says"]
    (item,) = reply("import", "mail", path, "--inspect", "--dkim", f"s1._domainkey.skylark.example={kept}")["mails"]
    assert item["holds"] is True
