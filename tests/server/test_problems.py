"""Every error has a status and a title, and one that was not foreseen shows nothing of itself."""

from __future__ import annotations

import pytest

from ledger.errors import LedgerError, RecordError
from server.problems import STATUS, TITLES, problem_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RecordError("CTX-CHAIN", "it does not continue"), 409),
        (RecordError("SIG-BAD", "it does not hold"), 422),
        (RecordError("API-DENIED", "no"), 403),
        (LedgerError("BUSY", "held"), 429),
        (LedgerError("LOG-ROLLBACK", "older"), 503),
        (KeyError("secret"), 500),
    ],
)
def test_a_problem_has_the_status_of_its_code(error: Exception, status: int) -> None:
    assert problem_of(error).status == status


def test_an_unforeseen_error_shows_nothing_of_itself() -> None:
    problem = problem_of(ValueError("the passphrase is swordfish"))
    assert problem.code == "API-UNFORESEEN"
    assert "swordfish" not in str(problem)


def test_an_error_for_the_operator_shows_its_code_alone() -> None:
    problem = problem_of(LedgerError("DISK-FULL", "/srv/karsk/entries.db: no room left", "make room"))
    assert (problem.code, problem.status) == ("DISK-FULL", 503)
    assert "/srv" not in str(problem)


def test_every_status_has_a_title() -> None:
    assert {*STATUS.values(), 422, 503} == set(TITLES)
