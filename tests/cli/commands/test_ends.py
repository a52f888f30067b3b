"""How single commands end, and the last words that they say."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from cli.commands import archive, auditors, backup, files, receive
from cli.commands.demo import _scratched, _Shown
from cli.exit_codes import Exit, Stop
from cli.imports.columns import near
from cli.invocation import Invocation
from cli.reports import issued_report
from ledger.errors import RecordError
from tests.support.cli import run


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the texts of the answers that are printed."""
    texts: list[str] = []

    def emit(answer: Any, columns: Any = (), rows: Any = (), *, text: Any = None, **more: Any) -> None:
        texts.append(text() if text else repr(rows))

    monkeypatch.setattr("cli.terminal.output.emit", emit)
    return texts


def test_the_version_is_printed() -> None:
    done = run("--version")
    assert done.exit_code == 0
    assert done.stdout.startswith("comity ")


@pytest.mark.parametrize(
    ("fresh", "written", "text"),
    [(True, 1, "9 entries in 1 segment, 1 of them new: a"), (False, 0, "9 entries in 1 segment, nothing is new: a")],
)
def test_an_archive_says_what_of_it_is_new(
    fresh: bool, written: int, text: str, monkeypatch: pytest.MonkeyPatch, emitted: list[str]
) -> None:
    signers: list[Any] = []
    registrar = SimpleNamespace(actor="registrar")
    journal = SimpleNamespace(folder=SimpleNamespace(registrar=registrar))
    made = SimpleNamespace(size=9, segments=1, written=written, index=9, manifest="ab", fresh=fresh)
    monkeypatch.setattr(archive, "writing", lambda: nullcontext(journal))
    monkeypatch.setattr(archive, "hand", lambda of, *who: signers.append(who))
    monkeypatch.setattr(archive, "make_archive", lambda *said: made)
    for words in (["a"], ["a", "--as", "keeper"]):
        archive.archive.main(words, standalone_mode=False, obj=Invocation())
    assert emitted == [f"{text}\nentry 9 states its manifest ab"] * 2
    assert [who[1:3] for who in signers] == [("registrar", "ADM"), ("keeper", "ADM")]


@pytest.mark.parametrize(
    ("words", "size", "files", "text"),
    [
        (["l", "-o", "a.tar"], 9, 4, "9 entries in 4 files: a.tar"),
        (["l", "-o", "b.tar", "--since", "a.tar"], 9, 4, "6 entries behind 3 in 4 files: b.tar"),
        (["l", "-o", "b.tar", "--since", "a.tar"], 4, 1, "1 entry behind 3 in 1 file: b.tar"),
        (["l", "-o", "k.db", "--keys"], 9, 4, "1 key: k.db"),
    ],
)
def test_a_copy_says_what_is_in_it(
    words: list[str], size: int, files: int, text: str, monkeypatch: pytest.MonkeyPatch, emitted: list[str]
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(backup, "checked_ledger", lambda folder: f"{folder}/checked")
    monkeypatch.setattr(backup, "copy_keys", lambda path, file: 1)
    made = SimpleNamespace(size=size, files=files, since=3)

    def back_up(*said: Any) -> Any:
        asked.append(said)
        return made

    monkeypatch.setattr(backup, "back_up", back_up)
    backup.backup.main(words, standalone_mode=False, obj=Invocation())
    assert emitted == [text]
    since = "a.tar" if "--since" in words else ""
    assert asked == ([] if "--keys" in words else [(Path("l/checked"), words[2], since)])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["l", "-o", "k.db", "--keys", "--since", "a.tar"], "a copy of keys is whole"),
        (["l", "-o", "k.tar", "--keys"], "nothing here is written as .tar"),
        (["l", "-o", "a.zip"], "nothing here is written as .zip"),
    ],
)
def test_a_copy_has_the_ending_of_its_kind(words: list[str], says: str) -> None:
    with pytest.raises(click.UsageError) as refused:
        backup.backup.main(words, standalone_mode=False, obj=Invocation())
    assert says in refused.value.message


@pytest.mark.parametrize(
    ("damaged", "locked", "orphans", "collect", "ends", "deleted"),
    [
        ([], [], [], False, Exit.DONE, 1),
        ([], [], ["o"], True, Exit.DONE, 5),
        (["d"], [], [], False, Exit.PROVED_BAD, 1),
        ([], ["l"], [], False, Exit.PROVED_BAD, 1),
    ],
)
def test_a_store_with_a_damaged_or_locked_file_is_proved_bad(
    damaged: list[str], locked: list[str], orphans: list[str], collect: bool, ends: Exit, deleted: int,
    monkeypatch: pytest.MonkeyPatch, emitted: list[str],
) -> None:  # fmt: skip
    found = SimpleNamespace(kept=2, unfinished=0, damaged=damaged, locked=locked, orphans=orphans)
    asked: list[Any] = []

    class Store:
        def __init__(self, folder: Any) -> None: ...

        def check(self, *, digests: bool, progress: Any) -> Any:
            asked.append(digests)
            return found

        def collect(self, names: list[str]) -> int:
            asked.append(names)
            return 5

        def delete_gone(self) -> int:
            return 1

        def close(self) -> None: ...

    monkeypatch.setattr(files, "chosen_url", lambda: None)
    monkeypatch.setattr(files, "writing", lambda: nullcontext(SimpleNamespace(folder="folder")))
    monkeypatch.setattr("server.files.links.has_links", lambda folder: True)
    monkeypatch.setattr("server.files.checking.StoreCheck", Store)
    words = ["--collect"] if collect else ["--digests"]
    assert files.check.main(words, standalone_mode=False, obj=Invocation()) is ends
    assert asked == ([False, orphans] if collect else [True])
    assert emitted[0].endswith(f"deleted: {deleted} object" + "s" * (deleted > 1))


def test_a_ledger_that_keeps_no_file_or_is_elsewhere_has_no_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ledger_choice", SimpleNamespace(ledger_folder=lambda: "karsk"))
    monkeypatch.setattr(files, "chosen_url", lambda: None)
    monkeypatch.setattr(files, "writing", lambda: nullcontext(SimpleNamespace(folder="folder")))
    monkeypatch.setattr("server.files.links.has_links", lambda folder: False)
    with pytest.raises(Stop, match="no files are kept for the ledger in karsk") as stopped:
        files.check.main([], standalone_mode=False, obj=Invocation())
    assert stopped.value.code is Exit.UNDECIDABLE
    monkeypatch.setattr(files, "chosen_url", lambda: "https://office.example")
    with pytest.raises(Exception, match="FOLDER-ONLY"):
        files.check.main([], standalone_mode=False, obj=Invocation())


@pytest.mark.parametrize("lacking", ["", "no font here"])
def test_the_demonstration_says_why_a_paper_is_missing(lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: Any = _Shown.__new__(_Shown)
    said: list[str] = []
    shown.folder, shown.page, shown.no_paper, shown._say = "demo", False, lacking, lambda text="": said.append(text)
    shown._where_next()
    paper = said[said.index(next(line for line in said if line.endswith(".pdf"))) + 1].strip()
    assert paper == (lacking or "the same on paper, the court's bundle attached to it")
    assert "  make browser" in said
    said.clear()
    shown.page = True
    shown._where_next()
    assert "  make browser" not in said


def test_a_hint_names_what_may_be_meant_else_all_that_is_known() -> None:
    known = {"order-issued": 1, "order-received": 2}
    assert "order-issued" in near("order-isued", known)
    assert near("zzz", known) == "there are order-issued, order-received"


def test_where_a_report_was_recorded_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded: list[Any] = []
    said: list[str] = []

    def record(fact: Any, order: str, signer: Any) -> Any:
        recorded.append((fact.kind, order, signer))
        return SimpleNamespace(index=41)

    from datetime import UTC, datetime

    monkeypatch.setattr("cli.session.open_ledger.writing", lambda: nullcontext(SimpleNamespace(record=record)))
    monkeypatch.setattr("cli.terminal.output.tell", said.append)
    signer: Any = "signer"
    issued_report.record_report("custody", "order-1", datetime(2027, 6, 1, tzinfo=UTC), b"data", "html", signer)
    assert recorded == [("report-issued", "order-1", "signer")]
    assert said == ["recorded as entry 41 of the log"]


def test_notes_of_an_auditor_need_a_published_log(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = SimpleNamespace(log=SimpleNamespace(files=SimpleNamespace(head=lambda: None)))
    monkeypatch.setattr("cli.session.open_ledger.writing", lambda: nullcontext(journal))
    with pytest.raises(Stop, match="nothing is published yet"):
        auditors.take.main(["notes"], standalone_mode=False, obj=Invocation())


# -- what arrives ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backs", [None, "#3"])
@pytest.mark.parametrize("name", [None, "PPO-1"])
def test_what_arrives_goes_to_the_named_order_and_backs_the_named_entry(
    backs: str | None, name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def take_in(journal: Any, arrivals: Any, signer: Any, check: str, **more: Any) -> list[Any]:
        asked.update(more)
        opened = SimpleNamespace(payload=SimpleNamespace(order="of its id"))
        return [SimpleNamespace(already=already, opened=opened) for already in (False, True, False)]

    told: list[Any] = []
    place = SimpleNamespace(event=lambda text: f"leaf of {text}")
    monkeypatch.setattr(receive, "take_in", take_in)
    monkeypatch.setattr(receive, "find", lambda journal, order: f"id of {order}")
    monkeypatch.setattr(receive, "_row", lambda taken: taken.already)
    monkeypatch.setattr(receive, "tell_same_orders", lambda journal, orders: asked.update(offered=orders))
    monkeypatch.setattr(receive, "changed_by", lambda target, before, orders: [*orders])
    monkeypatch.setattr(receive, "_tell", lambda *what: told.append(what))
    monkeypatch.setattr("cli.session.record_target.Place.of", lambda target, kind, order, entry: place)
    nothing: Any = None
    assert receive._take_in(nothing, [], nothing, "verified", nothing, name, backs, anyway=True) is Exit.DONE
    assert told == [([False, True, False], 2, [f"id of {name}" if name else "of its id"] * 3)]
    assert asked["offered"] == {f"id of {name}" if name else "of its id"}
    assert (asked["order"], asked["anyway"]) == (f"id of {name}" if name else "", True)
    assert (asked["backs"] and asked["backs"]("order-1")) == (f"leaf of {backs}" if backs else None)


class Sealed:
    """A ledger to which an entry comes that was sealed for it; `refused` is raised when it is taken as it is."""

    def __init__(self, refused: str = "", newest: Any = "newest", reserved: tuple[str, ...] = ()) -> None:
        self.refused = refused
        self.checked: list[Any] = []
        self.store = SimpleNamespace(newest=lambda order: newest, size=lambda: 40)
        self.cases = SimpleNamespace(reserved=reserved)
        self.received = "received"
        self.drafts: list[Any] = []

    def receive_sealed(self, raws: list[bytes]) -> list[Any]:
        if self.refused:
            raise RecordError(self.refused, "no")
        return ["receipt"]

    def read_keyring(self) -> Any:
        return SimpleNamespace(
            check=lambda opened, size: self.checked.append(("key", size)),
            check_role=lambda signer, size: self.checked.append(("role", signer, size)),
        )

    def now(self) -> str:
        return "now"

    def record_batch(self, drafts: list[Any]) -> list[Any]:
        self.drafts += drafts
        return ["wrapped"]


OPENED: Any = SimpleNamespace(
    raw=b"raw", leaf="ab" * 32, payload=SimpleNamespace(order="order-1", kind="order-received", signer="ilves")
)


def arrives(
    journal: Any, monkeypatch: pytest.MonkeyPatch, before: int | None = None
) -> tuple[list[Any], list[str], list[Any]]:
    kept: list[Any] = []
    said: list[str] = []
    told: list[Any] = []
    monkeypatch.setattr(receive, "keep_alone", lambda raw, where: kept.append((raw, where)))
    monkeypatch.setattr(receive, "hand", lambda of, kind, *who: f"signer of {kind}")
    monkeypatch.setattr(receive, "_crossed", lambda of, opened: ("id", before))
    monkeypatch.setattr(receive, "wrapping_crossed", lambda raw, size: f"wrapped at {size}")
    monkeypatch.setattr(receive, "Draft", lambda *said, **more: (*said[:3], more))
    monkeypatch.setattr(receive, "Circumstances", lambda *moments: moments)
    monkeypatch.setattr("cli.session.record_target.FolderTarget", lambda of: "target")
    monkeypatch.setattr("cli.terminal.receipt.tell", lambda *given: told.append(given))
    monkeypatch.setattr("cli.terminal.output.tell", said.append)
    assert receive._sealed_for_us(journal, OPENED, None, None, None) is Exit.DONE
    return kept, said, told


def test_an_entry_that_was_sealed_for_this_ledger_is_recorded_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Sealed()
    assert arrives(journal, monkeypatch) == ([], [], [("target", "order-received", "receipt")])
    assert journal.drafts == []


@pytest.mark.parametrize(("before", "kept"), [(None, [(b"raw", "received")]), (7, [])])
def test_an_entry_that_others_came_before_is_kept_and_wrapped_once(
    before: int | None, kept: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Sealed("CTX-CHAIN")
    found, said, told = arrives(journal, monkeypatch, before)
    assert (found, told) == (kept, [("target", receive.KIND, "wrapped")])
    assert said == (["others wrote first: it is wrapped, and counts as its signer's act"] if before is None else [])
    wrapped = (f"wrapped at {40 if before is None else before}", "order-1", f"signer of {receive.KIND}")
    assert journal.drafts == [(*wrapped, {"entry": "id", "wraps": b"raw"})]
    assert journal.checked == [("key", 40), ("role", "ilves", 40)]


@pytest.mark.parametrize(
    ("journal", "code"),
    [
        (Sealed("SIG-BAD"), "SIG-BAD"),
        (Sealed("CTX-CHAIN", newest=None), "CTX-CHAIN"),
        (Sealed("CTX-CHAIN", reserved=("order-1",)), "CTX-CHAIN.*others wrote to the register first"),
    ],
)
def test_any_other_entry_is_refused(journal: Sealed, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecordError, match=code):
        arrives(journal, monkeypatch)
    assert journal.drafts == []


@pytest.mark.parametrize("size", [1, 2, 9, 10])
def test_a_scratch_changes_one_bit_in_the_middle(size: int) -> None:
    data = bytes(range(size))
    changed = _scratched(data)
    assert len(changed) == size
    assert [at for at in range(size) if changed[at] != data[at]] == [size // 2]
    assert changed[size // 2] ^ data[size // 2] == 1


def test_a_paragraph_of_the_demonstration_is_eighty_columns_wide_and_breaks_no_word() -> None:
    shown: Any = _Shown.__new__(_Shown)
    said: list[str] = []
    shown._say = lambda text="": said.append(text)
    word = "cross-border"
    shown._paragraph(f"{'x' * 79} {word}")
    shown._paragraph(f"{'x' * 73} {word}")
    shown._paragraph(f"{'x' * 67} {word} y")
    shown._hanging(f"{'x' * 65} {word} y")
    shown._hanging(f"{'x' * 66} {word}")
    assert [text.split("\n") for text in said] == [
        ["x" * 79, word],
        ["x" * 73, word],
        [f"{'x' * 67} {word}", "y"],
        [f"  {'x' * 65} {word}", "    y"],
        [f"  {'x' * 66}", f"    {word}"],
    ]
    said.clear()
    shown._heading(3, "Title")
    shown._heading(4, "t" * 90)
    assert said == ["", "3  Title", "-" * 8, "", f"4  {'t' * 90}", "-" * 80]
