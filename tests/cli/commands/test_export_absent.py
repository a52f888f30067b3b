"""`comity export --absent` writes what shows that the ledger has no order of an id, and refuses an id that it has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.cli import House

ABSENT = "1b4e28ba-2fa1-4f1d-883f-0016d3cca427"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


def test_what_is_written_is_verified_by_whoever_trusts_the_log(house: House) -> None:
    file = house.folder / "absent.json"
    made = house.run("export", "--absent", ABSENT, "-o", str(file))
    assert (made.exit_code, made.stdout) == (0, "")
    assert f"check it with: comity verify {file} --trust {house.ledger / 'trust'}" in made.stderr
    done = house.away("verify", str(file), "--trust", str(house.ledger / "trust"))
    assert done.exit_code == 0
    assert "Integrity: TOTAL-PASSED" in done.output
    assert f"has no order {ABSENT}" in " ".join(done.output.split())
    assert "this speaks of an id" in " ".join(done.output.split())
    answer = json.loads(house.away("verify", str(file), "--trust", str(house.ledger / "trust"), "--json").stdout)
    assert answer["says"].startswith("ledger.example/xo/")
    assert house.away("verify", str(file)).exit_code == 3


def test_an_order_that_the_ledger_has_is_not_absent(house: House) -> None:
    (order,) = (row["order"] for row in house.reply("orders")["orders"])
    file = house.folder / "absent.json"
    done = house.run("export", "--absent", order, "-o", str(file))
    assert done.exit_code == 5
    assert "ORDER-EXISTS" in done.stderr
    assert not file.exists()


@pytest.mark.parametrize(
    "args", [("--absent", "PPO-1"), ("--absent", ABSENT.upper()), ("PPO-1", "--absent", ABSENT), ("--absent", "")]
)
def test_it_is_of_one_full_id_and_of_no_order(house: House, args: tuple[str, ...]) -> None:
    done = house.run("export", *args, "-o", str(house.folder / "absent.json"))
    assert done.exit_code == 2


def test_a_file_is_not_overwritten_and_nothing_is_recorded_then(house: House) -> None:
    file = house.folder / "absent.json"
    file.write_text("mine")
    size = house.reply("checkpoint")["size"]
    assert house.run("export", "--absent", ABSENT, "-o", str(file)).exit_code == 2
    assert (file.read_text(), house.reply("checkpoint")["size"]) == ("mine", size)
