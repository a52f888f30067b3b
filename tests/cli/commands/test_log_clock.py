"""Who confirms the clock of a log that goes on at an earlier time: witnesses, an authority, or the caller."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import log_clock
from cli.session import clock_check
from ledger.adapters.timestamps import rfc3161
from ledger.adapters.witness.client import WitnessResult
from ledger.application.journal import Journal
from ledger.errors import LedgerError
from ledger.tlog.policy import parse_policy
from tests.support.memory_ledger import Ledger

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
NEAR, FAR = timedelta(minutes=10), timedelta(minutes=10, seconds=1)
POLICY = parse_policy(Ledger(witnesses=2).policy())


def answer(n: int, off: timedelta | None) -> WitnessResult:
    """Return the answer of a witness whose clock differs so much, or that gave no time."""
    times = () if off is None else (int((NOW + off).timestamp()),)
    return WitnessResult(f"https://{n}.example", (f"w{n}",), {}, times=times)


@pytest.mark.parametrize(
    ("witnesses", "stamped", "right", "says"),
    [
        ([timedelta(), NEAR], [], False, "a quorum of witnesses"),
        ([-NEAR, timedelta()], ["tsa"], False, "a quorum of witnesses"),
        ([timedelta(), None], ["tsa", "other"], False, "time-stamp authority tsa"),
        ([], ["tsa"], False, "time-stamp authority tsa"),
        ([timedelta(), None], [], True, "--clock-is-right"),
        ([], [], True, "--clock-is-right"),
        ([timedelta(), None], [], False, "CLOCK-BACK"),
        ([], [], False, "CLOCK-BACK"),
        ([timedelta(), FAR], [], False, "CLOCK-BACK"),  # one of two may be wrong
        ([timedelta(), -FAR], ["tsa"], False, "time-stamp authority tsa"),
        ([FAR, -FAR], ["tsa"], False, "CLOCK-AHEAD"),
        ([FAR, -FAR], ["tsa"], True, "time-stamp authority tsa"),
    ],
)
def test_a_quorum_an_authority_or_the_caller_confirms_the_clock(
    witnesses: list[timedelta | None], stamped: list[str], right: bool, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [answer(n, off) for n, off in enumerate(witnesses, 1)]
    for module in (log_clock, clock_check):
        monkeypatch.setattr(module, "said", lambda: SimpleNamespace(clock_is_right=right))
    monkeypatch.setattr(Journal, "open", lambda *_, **__: nullcontext())
    monkeypatch.setattr(log_clock, "_asked", lambda journal, last, now: answers)
    monkeypatch.setattr(log_clock, "_stamped", lambda folder, last, now: stamped)
    folder: Any = SimpleNamespace(path=Path(), policy=POLICY)
    last: Any = None
    if says.startswith("CLOCK-"):
        with pytest.raises(LedgerError, match=says):
            log_clock._says_so(folder, last, last, NOW)
    else:
        assert log_clock._says_so(folder, last, last, NOW) == says


@pytest.mark.parametrize(
    ("answers", "right", "names"),
    [
        (["", ""], False, ["one", "two"]),
        (["TSA-AWAY", ""], False, ["two"]),
        (["TSA-AWAY", "TSA-AWAY"], False, []),
        (["", "CLOCK-AHEAD"], True, ["one"]),
        (["", "CLOCK-AHEAD"], False, None),
    ],
)
def test_an_authority_that_stamps_the_newest_head_now_confirms_the_clock(
    answers: list[str], right: bool, names: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = {"one": "https://1.example", "two": "https://2.example"}
    codes = dict(zip(urls.values(), answers, strict=True))

    def obtain(url: str, note: bytes, roots: object, now: datetime) -> bytes:
        assert (note, now) == (b"note", NOW)
        if codes[url]:
            raise LedgerError(codes[url], "no")
        return b""

    monkeypatch.setattr(clock_check, "said", lambda: SimpleNamespace(clock_is_right=right))
    for name, value in {
        "authorities": lambda tsa: urls,
        "need": lambda: None,
        "obtain": obtain,
        "trusted": lambda tsa: None,
    }.items():
        monkeypatch.setattr(rfc3161, name, value)
    folder: Any = SimpleNamespace(path=Path())
    last: Any = SimpleNamespace(note=b"note")
    if names is None:
        with pytest.raises(LedgerError, match="CLOCK-AHEAD"):
            log_clock._stamped(folder, last, NOW)
    else:
        assert log_clock._stamped(folder, last, NOW) == names


@pytest.mark.parametrize(("reached", "asked"), [((), False), (("w1",), True), (("w1", "w2"), True)])
def test_witnesses_are_asked_if_one_of_them_has_an_address(
    reached: tuple[str, ...], asked: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fault = LedgerError("WITNESS-SILENT", "it is silent")
    answers = [WitnessResult("https://1.example", ("w1", "w2"), {}, fault), answer(3, NEAR)]
    monkeypatch.setattr("ledger.adapters.witness.client.ask_witnesses", lambda *said, now: answers)
    monkeypatch.setattr(log_clock, "open_checkpoint", lambda *said, mldsa: "head")
    policy = SimpleNamespace(urls=reached, witnesses={"a": "w1", "b": "w2"})
    log = SimpleNamespace(origin="log.example", key="key", consistency=None)
    journal: Any = SimpleNamespace(folder=SimpleNamespace(policy=policy), log=log)
    last: Any = SimpleNamespace(note=b"note")
    assert log_clock._asked(journal, last, NOW) == (answers if asked else [])
    said = capsys.readouterr().err
    assert said.startswith("w1, w2: ") if asked else said == ""
    assert "w3" not in said
