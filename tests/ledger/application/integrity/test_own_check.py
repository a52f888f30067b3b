"""The verdict of an office on its ledger, and whether the witnesses are asked what they remember."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.integrity import own_check
from ledger.application.integrity.own_check import OwnCheck, _OfficeFiles
from ledger.errors import LedgerError
from ledger.verify.report import Reason


def office(urls: tuple[str, ...], mirrors: tuple[str, ...]) -> tuple[_OfficeFiles, OwnCheck]:
    check = OwnCheck(report=None)  # type: ignore[arg-type]
    folder: Any = SimpleNamespace(policy=SimpleNamespace(urls=urls), mirrors=mirrors)
    store: Any = SimpleNamespace(size=3, hashes=None)
    return _OfficeFiles(folder, store, 3, check), check


@pytest.mark.parametrize(
    ("urls", "mirrors", "asks"),
    [((), (), False), (("https://w.example",), (), True), ((), ("https://m.example",), True), (("w",), ("m",), True)],
)
def test_witnesses_are_asked_where_there_is_a_witness_or_a_mirror_with_an_address(
    urls: tuple[str, ...], mirrors: tuple[str, ...], asks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr(own_check, "check_witnesses", lambda *given: asked.append(given))
    files, check = office(urls, mirrors)
    files.check_witness_memory()
    assert (len(asked), check.wrong, check.missing) == (int(asks), [], [])


@pytest.mark.parametrize(
    ("code", "wrong"), [("LOG-ROLLBACK", True), ("LOG-FORKED", True), ("HTTP-SILENT", False), ("WITNESS-NONE", False)]
)
def test_what_a_witness_contradicts_is_wrong_and_a_silent_witness_leaves_the_verdict_open(
    code: str, wrong: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise LedgerError(code, "in its words")

    monkeypatch.setattr(own_check, "check_witnesses", refuse)
    files, check = office(("https://w.example",), ())
    files.check_witness_memory()
    reasons = [Reason(code, "witnesses", "in its words")]
    assert (check.wrong, check.missing) == ((reasons, []) if wrong else ([], reasons))


def test_one_contradiction_decides_and_what_is_missing_leaves_it_open() -> None:
    one = Reason("LOG-CORRUPT", "heads.db", "wrong")
    verdicts = {}
    for rests in (0, 2):
        for wrong in ([], [one]):
            for missing in ([], [one]):
                check = OwnCheck(report=None, rests=rests, wrong=[*wrong], missing=[*missing])  # type: ignore[arg-type]
                verdicts[rests, len(wrong), len(missing)] = check.verdict.value
    assert verdicts == {
        (0, 0, 0): "CONSISTENT",
        (0, 0, 1): "UNDECIDED",
        (0, 1, 0): "INCONSISTENT",
        (0, 1, 1): "INCONSISTENT",
        (2, 0, 0): "CONTINUED",
        (2, 0, 1): "UNDECIDED",
        (2, 1, 0): "INCONSISTENT",
        (2, 1, 1): "INCONSISTENT",
    }
