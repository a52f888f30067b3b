"""A report is written to a new file or to standard output; the entry about it states its digest and renderer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Stop
from cli.reports.issued_report import put, record_report, recording
from cli.reports.report_files import MEDIA
from ledger.law.provisions import rules_digest

AT = datetime(2027, 6, 1, 12, tzinfo=UTC)


def signer(said: list[str]) -> Any:
    return SimpleNamespace(tell=lambda: said.append("signed by us"))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<html>", "open it in any browser; it needs no network"),
        (b"%PDF <", "written, 6 bytes"),
        (b"", "written, 0 bytes"),
    ],
)
def test_a_report_in_a_file_is_named_with_what_to_do_with_it(
    data: bytes, says: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "a report"
    put(str(file), data)
    assert file.read_bytes() == data
    out, err = capfdbinary.readouterr()
    assert (out, err.decode()) == (b"", f"{file}: {says}\n")


def test_a_report_on_standard_output_is_its_bytes_alone(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    said: list[str] = []
    put("-", b"%PDF\xff", signer(said))
    assert capfdbinary.readouterr() == (b"%PDF\xff", b"")
    assert said == ["signed by us"]


def test_a_report_never_replaces_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, said = tmp_path / "taken", list[str]()
    file.write_bytes(b"before")
    with pytest.raises(Stop) as stopped:
        put(str(file), b"<after", signer(said))
    assert stopped.value.message == f"{file} is there already"
    assert stopped.value.hint == "a report is never overwritten; choose another name"
    assert (file.read_bytes(), said, capsys.readouterr().err) == (b"before", [], "")


@pytest.mark.parametrize("medium", list(MEDIA))
def test_the_entry_about_a_report_states_its_digest_and_its_renderer(
    medium: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded: list[Any] = []

    def record(fact: Any, order: str, hand: Any) -> Any:
        recorded.append((fact, order, hand))
        return SimpleNamespace(index=41)

    @contextmanager
    def writing() -> Iterator[Any]:
        yield SimpleNamespace(record=record)

    monkeypatch.setattr("cli.session.open_ledger.writing", writing)
    held: Any = "the signer"
    record_report("custody", "order-1", AT, b"<html>", medium, held)
    ((fact, order, hand),) = recorded
    renderer = {"pdf": f".typst-{version('typst')}", "html": f".jinja2-{version('jinja2')}"}.get(medium, "")
    assert (fact.kind, order, hand) == ("report-issued", "order-1", "the signer")
    assert (fact.report, fact.as_of, fact.rules_digest) == ("custody", "2027-06-01T12:00:00Z", rules_digest())
    document = fact.document
    assert (document.code, document.media) == (f"custody{renderer}", MEDIA[medium])
    assert (document.size, document.sha256) == (6, sha256(b"<html>").hexdigest())
    assert capsys.readouterr().err == "recorded as entry 41 of the log\n"


def test_the_signer_of_a_report_is_chosen_for_the_kind_of_its_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def writing() -> Iterator[str]:
        yield "journal"

    monkeypatch.setattr("cli.session.open_ledger.writing", writing)
    monkeypatch.setattr("cli.session.open_ledger.hand", lambda *said: said)
    chosen: Any = recording("orn", "order-1")
    assert chosen == ("journal", "report-issued", "orn", None, None, "order-1")
