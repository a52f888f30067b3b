"""What is said of a bundle that is read in the place of a ledger, and how a command ends that reads one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner
from msgspec import UNSET

from cli.exit_codes import Exit
from cli.records import source as module
from cli.records.source import RecordSource, describe, ended, from_bundle, item, partial, server_item, source_of
from cli.session.record_reader import VerifiedBundle
from cli.terminal.answer import BundleItem, BundleReason
from ledger.trust.held import Came
from ledger.verify.report import Reason, Verdict

AT = datetime(2027, 6, 1, 12, tzinfo=UTC)


def bundle(
    *reasons: Reason,
    verdict: Verdict = Verdict.INDETERMINATE,
    withheld: int = 0,
    unread: int = 0,
    test: bool = False,
    audience: str = "CT",
    head: bool = True,
    as_of: datetime | None = AT,
) -> Any:
    said = SimpleNamespace(order="order-1", log="log.example", audience=audience, test=test, withheld_count=withheld)
    at = SimpleNamespace(checkpoint=SimpleNamespace(size=9)) if head else None
    report = SimpleNamespace(verdict=verdict, reasons=reasons, head=at, as_of=as_of, case=None, entries=unread)
    made: Any = VerifiedBundle("a.zip", said, report)  # type: ignore[arg-type]
    return made


READ = "judged on what this audience may read"


@pytest.mark.parametrize(
    ("withheld", "unread", "says"),
    [
        (0, 0, f"{READ}; no sealed value is withheld"),
        (1, 0, f"{READ}: 1 sealed value is withheld from it, shown as [sealed]; a gap may come of that"),
        (2, 0, f"{READ}: 2 sealed values are withheld from it, shown as [sealed]; a gap may come of that"),
        (
            0, 1,
            f"{READ}; no sealed value is withheld; 1 entry of other orders is proven in this bundle and not read here",
        ),
        (
            2, 3,
            f"{READ}: 2 sealed values are withheld from it, shown as [sealed]; a gap may come of that; "
            "3 entries of other orders are proven in this bundle and not read here",
        ),
    ],
)  # fmt: skip
def test_what_of_a_bundle_is_not_read_is_one_sentence(withheld: int, unread: int, says: str) -> None:
    assert partial(bundle(withheld=withheld, unread=unread)) == says


def test_a_bundle_is_described_by_its_verdict_its_moment_and_what_it_lacks() -> None:
    made = "made for CT (court), as of 2027-06-01T12:00:00Z, log log.example, size 9"
    lacks = f"{READ}; no sealed value is withheld"
    assert list(describe(bundle(verdict=Verdict.PASSED))) == ["a.zip: TOTAL-PASSED", made, lacks]
    doubts = Reason("CP-QUORUM", "", "too few"), Reason("KEY-SUSPECT", "#3", "reported")
    assert list(describe(bundle(*doubts, test=True))) == [
        "a.zip: INDETERMINATE CP-QUORUM: too few; KEY-SUSPECT: reported",
        "TEST: it comes from a test ledger and is not evidence",
        made,
        lacks,
    ]
    odd = list(describe(bundle(audience="XX", head=False)))[1]
    assert odd == "made for XX (XX), as of 2027-06-01T12:00:00Z, log log.example, size 0"


def test_a_bundle_is_part_of_an_answer_with_its_reasons() -> None:
    made = bundle(Reason("CP-QUORUM", "log", "too few"), withheld=2, test=True)
    assert item(made) == BundleItem(
        "a.zip", "order-1", "log.example", 9, "CT", AT, "INDETERMINATE", [BundleReason("CP-QUORUM", "log", "too few")],
        2, True, partial(made),
    )  # fmt: skip
    assert [item(each) for each in (None, bundle(head=False), bundle(as_of=None))] == [UNSET] * 3
    server: Any = SimpleNamespace(item=lambda: "the server")
    shown: list[Any] = [server_item(None), server_item(server)]
    assert shown == [UNSET, "the server"]


@pytest.mark.parametrize(
    ("verdict", "done", "code"),
    [
        (None, None, None),
        (None, Exit.FINDINGS, Exit.FINDINGS),
        (Verdict.PASSED, None, None),
        (Verdict.PASSED, Exit.DONE, Exit.DONE),
        (Verdict.INDETERMINATE, None, Exit.FINDINGS),
        (Verdict.INDETERMINATE, Exit.DONE, Exit.FINDINGS),
        (Verdict.INDETERMINATE, Exit.REFUSED, Exit.REFUSED),
    ],
)
def test_a_command_ends_with_findings_where_the_bundle_is_not_proven(
    verdict: Verdict | None, done: Exit | None, code: Exit | None
) -> None:
    source = RecordSource(bundle=None if verdict is None else bundle(verdict=verdict))
    assert ended(source, done) is code


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((None, "t", None, None), "--trust is for a bundle: --bundle FILE"),
        ((None, None, "w", None), "--root-fingerprint is for a bundle: --bundle FILE"),
        ((None, None, None, "a"), "--anchor is for a bundle: --bundle FILE"),
        (("b", None, "w", None), "--root-fingerprint is of the folder of --trust"),
    ],
)
def test_options_of_a_bundle_are_refused_without_one(given: tuple[str | None, ...], says: str) -> None:
    with pytest.raises(click.UsageError) as refused:
        source_of(*given)
    assert refused.value.message == says


def test_the_record_is_the_bundle_under_what_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anchor = tmp_path / "checkpoint"
    anchor.write_bytes(b"note")
    monkeypatch.setattr("cli.handover.trust_folder.read_trust", lambda *said: said)
    none: Any = source_of(None, None, None, None)
    assert none == RecordSource()
    held: Any = ("trust", "words")
    monkeypatch.chdir(tmp_path)
    assert source_of("a.zip", "trust", "words", str(anchor)) == RecordSource("a.zip", held, b"note")
    assert source_of("a.zip", None, None, None) == RecordSource("a.zip")


def test_only_a_bundle_names_its_order() -> None:
    ledger: Any = SimpleNamespace(bundle=None)
    read: Any = SimpleNamespace(bundle=bundle())
    names = [RecordSource().order(name, reader) for name in (None, "PPO-1") for reader in (ledger, read)]
    assert names == ["", "order-1", "PPO-1", "PPO-1"]


def test_a_command_gets_the_record_and_needs_an_order_without_a_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[Any] = []

    def reads(source: RecordSource, **given: Any) -> Exit:
        got.append((source.file, given))
        source.bundle = bundle() if source.file else None
        return Exit.DONE

    monkeypatch.setattr(module, "source_of", lambda file, *held, **more: RecordSource(file))
    argument = click.argument("order", required=False)
    command = click.command("reads")(argument(from_bundle(reads)))
    runner = CliRunner()
    missing = runner.invoke(command, [])
    assert (missing.exit_code, "Missing argument 'ORDER'." in missing.output) == (2, True)
    assert runner.invoke(command, ["PPO-1"], standalone_mode=False).return_value is Exit.DONE
    assert runner.invoke(command, ["--bundle", "a.zip"], standalone_mode=False).return_value is Exit.FINDINGS
    assert got == [(None, {"order": "PPO-1"}), ("a.zip", {"order": None})]
    without = click.command("all")(from_bundle(reads))
    assert runner.invoke(without, [], standalone_mode=False).return_value is Exit.DONE, "it takes no order"
    shown = [option.opts[0] for option in without.params]
    assert shown == ["--bundle", "--trust", "--root-fingerprint", "--anchor", "--trust-came", "--typed-as-printed"]


# -- opening -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    said: list[Any] = []

    @contextmanager
    def reading() -> Iterator[str]:
        yield "the ledger"

    @contextmanager
    def served(url: str, secret: Any) -> Iterator[str]:
        said.append(url)
        yield "the server"

    def open_bundle(*given: Any, **more: Any) -> Any:
        said.append((*given, *more.values()))
        return SimpleNamespace(bundle=bundle(Reason("CP-QUORUM", "", "too few")))

    monkeypatch.setattr(module, "reading", reading)
    monkeypatch.setattr("cli.remote.remote_reader.served", served)
    monkeypatch.setattr("cli.records.bundle_reader.open_bundle", open_bundle)
    monkeypatch.setattr("cli.records.source.ledger_choice.now", lambda: AT)
    return said


@pytest.mark.parametrize("url", [None, "https://office.example"])
def test_a_record_is_read_in_the_ledger_or_behind_the_chosen_server(
    url: str | None, opened: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("httpx", reason="needs the extra `server`")
    monkeypatch.setattr(module, "chosen_url", lambda: url)
    source = RecordSource()
    with source.reading_anywhere() as reader:
        read: Any = reader
    assert (read, source.server, opened) == (
        ("the server", "the server", [url]) if url else ("the ledger", None, [])
    )  # fmt: skip


def test_a_bundle_is_read_whatever_server_is_chosen_and_is_described(
    opened: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "chosen_url", lambda: "https://office.example")
    held: Any = "trust"
    source = RecordSource("a.zip", held, b"note", came=Came.APART, typed_as_printed=True)
    with source.reading_anywhere() as reader:
        assert reader.bundle is source.bundle
    assert opened == [("a.zip", "trust", b"note", AT, Came.APART, True)]
    assert source.bundle is not None
    assert capsys.readouterr().err.splitlines() == list(describe(source.bundle))
