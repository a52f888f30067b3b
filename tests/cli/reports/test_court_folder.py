"""READ-ME.txt of each folder that is handed out, word for word.

`python -m tests.cli.reports.test_court_folder` writes the expected texts again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.reports.court_folder import PAGE, filing_read_me, receipts_read_me, trust_read_me, versions_read_me

EXPECTED = Path(__file__).parent / "read_me"
NOTE = b"log.example\n12\nROOT=\n\n- log.example signature\n"
BUNDLE = "court.evidence.zip"
PDF = ("custody.pdf", "hearing.pdf", "certificate-fre-902-14.pdf")


def some(**fields: Any) -> Any:
    return SimpleNamespace(**fields)


def filing(*names: str, called: str | None = "PPO-1", test: bool = False, signature: Any = None) -> str:
    made_at = datetime(2027, 3, 4, 15, 6, 7, tzinfo=UTC)
    about = some(test=test, order="1b4e28ba-2fa1-11d2-883f-0016d3cca427", audience="CT", made_at=made_at)
    return filing_read_me(about, NOTE, BUNDLE, [BUNDLE, *names], called, "en", signature)


def stick(*, page: bool) -> str:
    said = some(
        version=3, issued="2027-01-01", expires="2028-01-01", threshold=2,
        roots=[some(name="first", key="KEY1"), some(name="second", key="KEY2")],
    )  # fmt: skip
    return versions_read_me(some(fingerprint="ab01" * 16), some(said=said), page=page)


def receipts(*, test: bool) -> str:
    made = some(entries=[(7, b""), (9, b"")], origin="log.example", signed=some(size=40))
    return receipts_read_me(made, ("log.cose", "log.pem"), test=test)


TEXTS: dict[str, Callable[[], str]] = {
    "filing": lambda: filing(*PDF, "trust/policy", PAGE),
    "filing-signed-test": lambda: filing(
        *PDF, "trust/policy", PAGE, test=True, signature=some(says=("It was made at noon.", "It is of Dina."))
    ),
    "filing-as-pages": lambda: filing("custody.html", "evidence-chain.html", "trust/policy", PAGE),
    "filing-without-page": lambda: filing(*PDF, "trust/policy", called=None),
    "versions": lambda: stick(page=True),
    "versions-without-page": lambda: stick(page=False),
    "trust": lambda: trust_read_me("cd23" * 16, ["policy", "tsa/a.pem", "others/x/policy", "mirrors"], page=False),
    "trust-with-page": lambda: trust_read_me("cd23" * 16, ["policy", "registrar"], page=True),
    "receipts": lambda: receipts(test=False),
    "receipts-test": lambda: receipts(test=True),
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_read_me_of_a_folder_says_word_for_word_what_is_expected(name: str) -> None:
    assert TEXTS[name]() == (EXPECTED / f"{name}.txt").read_text("utf-8")


def test_every_expected_text_is_compared() -> None:
    assert {path.stem for path in EXPECTED.iterdir()} == set(TEXTS)


if __name__ == "__main__":
    for name, text in TEXTS.items():
        (EXPECTED / f"{name}.txt").write_text(text(), "utf-8")
