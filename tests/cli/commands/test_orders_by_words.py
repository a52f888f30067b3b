"""An order is found by its words; a mistyped name says which orders are near; sealed values need a reason first."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.exit_codes import Exit
from tests.support.cli import House, ledger_of, reply, run, size

WHY = ("--because", "request of 3 May", "--purpose", "rights-request", "--as", "orn")
MAIL = "lena.voss@skylark.example"


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("one-person-two-orders", tmp_path_factory.mktemp("two"))


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Return a house with the orders 530 Js 1187/26 and 77 AR 5/26, of one provider."""
    house = House(tmp_path_factory.mktemp("german")).begun().with_office("ilves", "ISS")
    for reference in ("530 Js 1187/26", "77 AR 5/26"):
        issue = ("issue", "--instrument", "VOL", "--to", "XV", "--provider", "skylark", "--category", "subscriber")
        assert house.run(*issue, "--unregistered", "--reference", reference, "--as", "ilves").exit_code == 0
    return house


def labels(ledger: Path, *words: str) -> list[str]:
    return sorted(row["label"] for row in reply("orders", *words, ledger=ledger)["orders"])


def test_words_find_orders_by_reference_office_party_and_name_in_any_case(german: House) -> None:
    def found(*words: str) -> list[str]:
        return sorted(row["ref"] for row in german.reply("orders", *words)["orders"])

    assert found("1187/26") == found("530") == found("js", "1187") == ["530 Js 1187/26"]
    assert found("skylark") == found("SKYL") == found("xv") == found("ilves") == ["530 Js 1187/26", "77 AR 5/26"]
    assert found("530", "AR") == []
    assert found('"', "§") == []
    german.run("order", "rename", "77 AR 5/26", "Kestrel case")
    assert found("kestrel") == ["77 AR 5/26"]
    assert found("skylark", "--state", "DISCLOSED") == []


def test_a_draft_without_a_reference_is_called_by_the_beginning_of_its_id_and_is_issued_next(german: House) -> None:
    german.with_office("court", "VAL")
    stated = ("-f", "capacity=judge", "-f", "decision=approved", "--instrument", "EPOC", "--as", "court")
    receipt = german.reply("record", "order-validated", "new", *stated)
    begun = receipt["order"]
    lines = [line.split() for line in german.run("orders", "--state", "DRAFT").stdout.splitlines()]
    assert [line[0] for line in lines if begun in line] == [begun[:8]]
    assert receipt["next"].startswith(f"comity issue --from FILE --order {begun[:8]} --as ilves")


def test_no_order_with_these_words_says_what_is_near_and_what_was_not_searched(german: House) -> None:
    done = german.run("orders", "530 Js 1178/26")
    assert done.exit_code == 0
    assert done.stderr.splitlines() == [
        "no order has these words; near: '530 Js 1187/26'",
        "sealed values were not searched: --because TEXT --purpose CODE --as ACTOR",
    ]


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        *(("judge", typed) for typed in ("530 Js 1188/26", "530 Js 1178/26", "530 Js 187/26", "530", "js 1187")),
        *((command, "530") for command in ("custody", "record order-transmitted")),
    ],
)
def test_a_mistyped_order_is_refused_with_the_order_that_is_near(german: House, command: str, typed: str) -> None:
    done = german.run(*command.split(), typed, *(("--as", "ilves") if " " in command else ()))
    assert done.exit_code == Exit.USAGE
    assert f"no order is called {typed!r}; near: '530 Js 1187/26'" in done.stderr
    assert "comity orders WORDS" in done.stderr


def test_an_account_finds_its_orders_after_the_search_was_recorded(two: Path) -> None:
    assert labels(two, MAIL) == []
    before = size(two)
    answer = reply("orders", MAIL.upper(), *WHY, ledger=two)
    assert sorted(row["label"] for row in answer["orders"]) == ["hosting", "mail"]
    assert (answer["entry"], size(two)) == (before, before + 1)
    assert "entry" not in reply("orders", "mail", ledger=two)


@pytest.mark.parametrize("stated", [WHY, (MAIL, *WHY[:4]), (MAIL, *WHY[4:])])
def test_a_sealed_search_without_words_reason_or_office_is_refused(stated: tuple[str, ...], two: Path) -> None:
    before = size(two)
    assert run("orders", *stated, "--ledger", str(two)).exit_code != 0
    assert size(two) == before


def test_a_word_of_another_program_is_answered_with_the_command_here() -> None:
    assert "`comity orders WORDS`?" in run("search", "530").stderr
