"""The errors of signed bytes and of the files of a ledger: what a person reads, and what a caller decides by."""

from __future__ import annotations

from ledger.errors import Busy, LedgerError, RecordError, TooManyAttempts, TooManyRequests


def test_an_error_in_signed_bytes_is_written_with_its_code_its_place_and_its_sentence() -> None:
    placed = RecordError("CP-SIG", "the line does not verify", where="ledger.example/x", hint="ask its operator")
    assert str(placed) == "CP-SIG ledger.example/x: the line does not verify"
    assert (placed.code, placed.says) == ("CP-SIG", "the line does not verify")
    assert (placed.where, placed.hint) == ("ledger.example/x", "ask its operator")
    assert str(RecordError("CP-SIG", "no line")) == "CP-SIG: no line"
    for part in ("CP-SIG", "the line does not verify", "ledger.example/x", "ask its operator"):
        assert part in repr(placed), "a traceback loses nothing"


def test_an_error_of_the_files_is_written_with_its_code_and_its_sentence() -> None:
    error = LedgerError("NO-LEDGER", "there is no ledger here", "comity init makes one")
    assert str(error) == "NO-LEDGER: there is no ledger here"
    assert (error.code, error.says, error.hint) == ("NO-LEDGER", "there is no ledger here", "comity init makes one")
    assert LedgerError("NO-LEDGER", "there is no ledger here").hint == ""


def test_a_ledger_that_another_process_holds_is_named_and_can_be_tried_again() -> None:
    error = Busy("entries.db")
    assert str(error) == "BUSY: entries.db was held by another process for 30 seconds"
    assert error.hint == "try again"


def test_the_caller_is_told_in_how_many_seconds_to_try_again() -> None:
    attempts, requests = TooManyAttempts(9), TooManyRequests("40 requests wait", 3)
    assert (str(attempts), attempts.hint) == ("API-WAIT: too many attempts have failed", "wait 9 seconds")
    assert (str(requests), requests.hint) == ("BUSY: 40 requests wait", "try again in 3 s")
    assert (attempts.seconds, requests.seconds) == (9, 3)
    assert isinstance(attempts, RecordError)
    assert isinstance(requests, LedgerError)
