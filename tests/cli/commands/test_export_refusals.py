"""What an export cannot be is refused before anything is made; what is asked for reaches what makes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import export as module
from cli.exit_codes import Exit
from tests.support.cli import run

ABSENT = "1b4e28ba-2fa1-4f1d-883f-0016d3cca427"
SERVER = "https://office.example"


class Made:
    """What would be handed out, and what was asked for."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.done: list[str] = []

    @contextmanager
    def bundle(self, order: str, file: str, handed: Any) -> Iterator[Any]:
        self.asked.append((order, file, handed))
        yield SimpleNamespace(data=b"bundle", close_access=lambda: self.done.append("access closed"))
        self.done.append("block left")

    def write_new(self, file: str, data: bytes, *before: Any) -> None:
        self.done.append(f"{data.decode()} to {Path(file).name}")
        for each in before:
            each()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Made:
    what = Made()
    monkeypatch.setattr("cli.session.ledger_choice.ledger_folder", lambda: f"{tmp_path}/here/..")
    monkeypatch.setattr(module, "bundle", what.bundle)
    monkeypatch.setattr(module, "write_new", what.write_new)
    monkeypatch.setattr(module, "write", lambda form, request: what.asked.append((form, request)))
    return what


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("main --audience COURT --as-of 2027-03-01T00:00:00Z", "a bundle is of one ORDER, as it is recorded now"),
        ("main --audience COURT --reveal", "a bundle is of one ORDER, as it is recorded now"),
        ("--audience COURT", "a bundle is of one ORDER, as it is recorded now"),
        ("main --audience COURT --unsigned", "--sign and --unsigned are of --format asic-e"),
        (f"main --absent {ABSENT}", "--absent is of no order, and the same for every reader"),
        (f"--audience COURT --absent {ABSENT}", "--absent is of no order, and the same for every reader"),
    ],
)
def test_what_an_export_cannot_be_is_usage(words: str, says: str, made: Made, tmp_path: Path) -> None:
    done = run("export", *words.split(), "-o", str(tmp_path / "out.zip"), ledger=tmp_path)
    assert done.exit_code == Exit.USAGE, done.output
    assert says in " ".join(done.stderr.split())
    assert (made.asked, made.done, list(tmp_path.iterdir())) == ([], [], [])


def test_a_key_that_signs_is_of_a_container_alone(made: Made, tmp_path: Path) -> None:
    (tmp_path / "seal.p12").write_bytes(b"key")
    words = ("export", "main", "--audience", "COURT", "--sign", str(tmp_path / "seal.p12"))
    done = run(*words, "-o", str(tmp_path / "out.zip"), ledger=tmp_path)
    assert (done.exit_code, "the keys of the ledger sign a bundle" in " ".join(done.stderr.split())) == (2, True)
    assert made.asked == []


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (f"--absent {ABSENT}", "--absent"),
        ("main --format case --reveal", "--reveal"),
        ("--format parquet", "--format parquet"),
        ("main --audience COURT --format cose-receipts", "--format cose-receipts"),
        ("--format parquet --reveal", "--reveal"),
    ],
)
def test_what_needs_the_folder_is_refused_at_a_server(words: str, part: str, made: Made, tmp_path: Path) -> None:
    done = run("export", *words.split(), "-o", str(tmp_path / "out"), "--ledger", SERVER)
    assert done.exit_code != Exit.DONE
    assert f"{part} of `comity export` needs the folder of the ledger" in " ".join(done.stderr.split())
    assert made.asked == []


def test_another_form_is_made_of_a_folder_and_of_a_server(made: Made, tmp_path: Path) -> None:
    for words in (("--ledger", str(tmp_path)), ("--ledger", SERVER)):
        assert run("export", "main", "--format", "case", "-o", "out", *words).exit_code == Exit.DONE
    assert run("export", "--format", "ics", "-o", "out", "--reveal", ledger=tmp_path).exit_code == Exit.DONE
    assert [(form, asked.order, asked.reveal) for form, asked in made.asked] == [
        ("case", "main", False),
        ("case", "main", False),
        ("ics", None, True),
    ]
    assert made.done == []


def test_a_bundle_is_handed_out_while_its_access_is_open_and_checked_afterwards(made: Made, tmp_path: Path) -> None:
    file = tmp_path / "a court.zip"
    done = run("export", "main", "--audience", "COURT", "-o", str(file), "--linked", ledger=tmp_path)
    assert (done.exit_code, made.done) == (Exit.DONE, ["bundle to a court.zip", "access closed", "block left"])
    assert f"check it with: comity verify '{file}' --trust {tmp_path / 'trust'}" in done.stderr
    ((order, where, handed),) = made.asked
    assert (order, where, handed.audience, handed.linked, handed.unwitnessed) == (
        "main",
        str(file),
        "COURT",
        True,
        False,
    )


def test_a_bundle_on_standard_output_is_handed_out_when_all_is_recorded(made: Made, tmp_path: Path) -> None:
    done = run("export", "main", "--audience", "COURT", "-o", "-", ledger=tmp_path)
    assert (done.exit_code, made.done) == (Exit.DONE, ["block left", "bundle to -"])


def test_a_file_that_is_there_is_refused_before_a_bundle_is_made(made: Made, tmp_path: Path) -> None:
    file = tmp_path / "out.zip"
    file.write_bytes(b"mine")
    assert run("export", "main", "--audience", "COURT", "-o", str(file), ledger=tmp_path).exit_code == Exit.USAGE
    assert made.asked == []


def test_a_bundle_of_a_server_is_written_and_its_reader_checks_it_by_what_he_has(
    made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def served(url: str, secret: Any, order: str, file: str, handed: Any) -> bytes:
        made.asked.append((url, order))
        return b"served"

    monkeypatch.setattr("cli.handover.served_bundle.served_bundle", served)
    done = run("export", "main", "--audience", "COURT", "-o", str(tmp_path / "out.zip"), "--ledger", SERVER)
    assert (done.exit_code, made.asked, made.done) == (Exit.DONE, [(SERVER, "main")], ["served to out.zip"])
    assert "check it with" not in done.stderr
