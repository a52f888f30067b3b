"""A profile is drafted from a table under its name, and adopted from a day on; the same one again is kept."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
from cli.imports.intake import profile as module
from cli.imports.intake.profile import adopt, profile
from cli.invocation import Invocation

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("table", "name"), [("a/orders 2027.csv", "orders 2027"), ("-", "orders"), ("x.tar.gz", "x.tar")]
)
@pytest.mark.parametrize("header", [None, 3])
def test_a_draft_has_the_name_of_its_table_and_the_row_of_the_headings(
    table: str, name: str, header: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def draft(read: Any, row: int, called: str, *, encoding: str) -> str:
        asked.append((row, called, encoding))
        return "draft"

    monkeypatch.setattr(module, "bytes_of", lambda file, most=0: b"data")
    monkeypatch.setattr(module, "read_table", lambda *said, **more: SimpleNamespace(rows=[1]))
    monkeypatch.setattr("ledger.application.intake.profile_draft.guess_header", lambda read: 2)
    monkeypatch.setattr("ledger.application.intake.profile_draft.draft_profile", draft)
    words = [table, *(["--header", str(header)] if header else []), "--encoding", "cp1250"]
    assert profile.main(words, standalone_mode=False, obj=Invocation()) is Exit.DONE
    assert asked == [(header or 2, name, "cp1250")]


def test_an_unknown_encoding_and_an_empty_table_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "bytes_of", lambda file, most=0: b"data")
    monkeypatch.setattr(module, "read_table", lambda *said, **more: SimpleNamespace(rows=[]))
    with pytest.raises(Stop, match="--encoding latin-9: known are"):
        profile.main(["a.csv", "--encoding", "latin-9"], standalone_mode=False, obj=Invocation())
    with pytest.raises(Stop, match=r"a\.csv has no row") as stopped:
        profile.main(["a.csv"], standalone_mode=False, obj=Invocation())
    assert stopped.value.code is Exit.UNDECIDABLE


class Ledger:
    """A ledger in which profiles are in force; what is kept and recorded is noted."""

    def __init__(self, patch: pytest.MonkeyPatch, *adopted: Any) -> None:
        self.kept: list[Any] = []
        self.recorded: list[Any] = []
        self.asked: list[Any] = []
        self.said: list[str] = []
        journal = SimpleNamespace(
            now=lambda: NOW, registry="registry", folder=SimpleNamespace(path="ledger"), record=self.record,
            cases=SimpleNamespace(register=lambda reveal: "register"),
        )  # fmt: skip
        store = "ledger.application.intake.profile_store"

        def in_force(register: Any, day: date) -> list[Any]:
            self.asked.append(day)
            return list(adopted)

        patch.setattr(module, "bytes_of", lambda file, most=0: b"data")
        patch.setattr(
            module, "parse_profile", lambda data, file: SimpleNamespace(name="orders", version="1", title="orders 1")
        )
        patch.setattr("cli.session.open_ledger.writing", lambda: nullcontext(journal))
        patch.setattr("cli.session.open_ledger.hand", lambda *said: SimpleNamespace(actor="ilves"))
        patch.setattr(f"{store}.in_force", in_force)
        patch.setattr(f"{store}.keep", lambda path, data: self.kept.append(data))
        fields = {"document": {"sha256": "digest"}}
        patch.setattr(f"{store}.adoption", lambda read, data, day: {**fields, "valid_from": day.isoformat()})
        patch.setattr(module, "build", lambda kind, public, sealed: (kind, public["valid_from"]))
        patch.setattr("cli.terminal.output.tell", self.said.append)

    def record(self, fact: Any, order: str, signer: Any, said: Any) -> Any:
        self.recorded.append((fact, order))
        return SimpleNamespace(index=41)

    def adopt(self, *words: str) -> Exit:
        return Exit(adopt.main(["orders.toml", *words], standalone_mode=False, obj=Invocation()))


@pytest.mark.parametrize(("words", "day"), [((), date(2027, 6, 1)), (("--from", "2026-12-01"), date(2026, 12, 1))])
def test_a_profile_is_adopted_from_today_or_a_day(
    words: tuple[str, ...], day: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = SimpleNamespace(name="orders", version="1", office="orn", sha256="x", index=3)
    ledger = Ledger(monkeypatch, other)
    assert ledger.adopt(*words) is Exit.DONE
    assert ledger.asked == [day]
    assert ledger.recorded == [(("policy-adopted", day.isoformat()), "registry")]
    assert ledger.kept == [b"data"]
    assert ledger.said == [f"orders 1 is in force from {day} on, entry 41 of the log"]


def test_a_dry_run_records_and_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(monkeypatch)
    assert ledger.adopt("--dry-run") is Exit.DONE
    assert (ledger.recorded, ledger.kept) == ([], [])
    assert ledger.said == ["orders 1 would be adopted from 2027-06-01 on; nothing was recorded"]


@pytest.mark.parametrize("sha256", ["digest", "another"])
def test_a_profile_that_is_in_force_is_adopted_once(sha256: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = SimpleNamespace(name="orders", version="1", office="ilves", sha256=sha256, index=3)
    older = SimpleNamespace(name="orders", version="0", office="ilves", sha256="x", index=2)
    ledger = Ledger(monkeypatch, older, ours)
    if sha256 == "digest":
        assert ledger.adopt() is Exit.DONE
        assert (ledger.kept, ledger.said) == ([b"data"], ["already adopted: orders 1, entry 3 of the log"])
    else:
        with pytest.raises(Stop, match="orders 1 is adopted with other content") as stopped:
            ledger.adopt()
        assert (stopped.value.code, ledger.kept) == (Exit.REFUSED, [])
    assert ledger.recorded == []
