"""What check, custody, erase and directory say of a record: each field of a row, each line, and how they end."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import check, custody, erase
from cli.exit_codes import Exit
from cli.invocation import Invocation
from projections.views.custody import Trace
from tests.support.cli import House, run

AT = datetime(2027, 6, 1, 12, tzinfo=UTC)


def hand(seq: int, *, unread: str = "", replaced: Any = None, hours: int = 0) -> Any:
    entry = SimpleNamespace(seq=seq, number=str(seq), kind="k", on=AT + timedelta(hours=hours), leaf=f"leaf {seq}")
    files = (SimpleNamespace(digest="md5:1"), SimpleNamespace(digest=None))
    return SimpleNamespace(entry=entry, files=files, unread=unread, replaced=replaced)


class Compared:
    """A check of one file against hands that a test gives; `trace` answers by the first hand that it gets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.every: list[Any] = []
        self.now: Trace = Trace((), (), False)
        self.before: Trace = Trace((), (), False)
        self.disclosed: tuple[Any, Any] = (None, None)
        self.asked: list[Any] = []
        self.emitted: list[Any] = []
        reader = SimpleNamespace(case=lambda order: f"case of {order}", now=lambda: AT)
        self.source: Any = SimpleNamespace(
            file=None, bundle=None, reading=lambda: nullcontext(reader), order=lambda order, of: order
        )
        monkeypatch.setattr(check, "order_and_files", lambda words, usage: (words[0], list(words[1:])))
        monkeypatch.setattr(check, "hands_of", self.hands)
        monkeypatch.setattr(check, "standing", lambda every: [h for h in every if h.replaced is None])
        monkeypatch.setattr(check, "digests", lambda files: [(3, "sha256", "sha512") for _ in files])
        monkeypatch.setattr(check, "digest_by", lambda file, algorithm: f"{algorithm} of {file}")
        monkeypatch.setattr(check, "disclosures", lambda case, at, t: self.disclosed)
        monkeypatch.setattr(check, "trace", self.trace)
        monkeypatch.setattr(check, "item", lambda bundle: None)
        monkeypatch.setattr(check, "CheckAnswer", lambda items, bundle: items)
        monkeypatch.setattr("cli.terminal.output.emit", lambda answer, *_, **more: self.emitted.append(answer))

    def hands(self, case: str, at: datetime | None) -> list[Any]:
        self.asked.append((case, at))
        return self.every

    def trace(self, steps: list[Any], one: Any) -> Trace:
        self.asked.append(([h.entry.seq for h in steps], one.digest))
        return self.before if steps and steps[0].replaced is not None else self.now

    def __call__(self, *files: str) -> tuple[Exit, list[Any]]:
        callback: Any = check.check.callback
        with check.check.make_context("check", ["x", "a"], obj=Invocation()):
            ended = callback.__wrapped__(words=("main", *files), source=self.source)
        return ended, self.emitted.pop()


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Compared:
    return Compared(monkeypatch)


def test_a_file_is_compared_with_what_holds_and_apart_from_it_with_what_was_replaced(compared: Compared) -> None:
    old, new, other = hand(2, replaced="by #3"), hand(3), hand(5, hours=1)
    compared.every = [old, new, other]
    compared.now, compared.before = Trace((new,), (other,), True), Trace((old,), (), True)
    compared.disclosed = new.entry, None
    ended, (item,) = compared("a.json")
    assert compared.asked == [("case of main", None), ([3, 5], "md5 of a.json"), ([2], "md5 of a.json")]
    assert ended is Exit.DONE
    assert (item.equal_to, item.differs_from, item.replaced) == (["#3 k"], ["#5 k"], ["#2 k"])
    assert (item.changed_at, item.disclosed_by, item.reported_by, item.unread) == ("#5 k", "#3 k", None, [])
    assert (item.file, item.verdict, item.sha256) == ("a.json", compared.now.verdict, "sha256")
    early = hand(1, hours=-1)
    for differs in (early, hand(6)):
        compared.now = Trace((new,), (differs,), True)
        assert compared("a.json")[1][0].changed_at is None, "not later than the last equal one"
    compared.now = Trace((), (other,), False)
    assert compared("a.json")[1][0].changed_at is None, "no entry states its digest"


@pytest.mark.parametrize(
    ("disclosed", "reported", "ends"),
    [(True, True, Exit.DONE), (True, False, Exit.DONE), (False, True, Exit.DONE), (False, False, Exit.UNDECIDABLE)],
)
def test_an_equal_file_needs_a_disclosure_or_a_report_of_one(
    disclosed: bool, reported: bool, ends: Exit, compared: Compared
) -> None:
    one = hand(3)
    compared.every, compared.now = [one], Trace((one,), (), True)
    compared.disclosed = (one.entry if disclosed else None, one.entry if reported else None)
    ended, items = compared("a.json", "b.json")
    assert (ended, len(items)) == (ends, 2)


def test_every_file_needs_a_disclosure_or_a_report_of_one(compared: Compared, monkeypatch: pytest.MonkeyPatch) -> None:
    one = hand(3)
    compared.every, compared.now = [one], Trace((one,), (), True)
    for first, second, ends in ((0, 1, Exit.UNDECIDABLE), (1, 0, Exit.UNDECIDABLE), (1, 1, Exit.DONE)):
        found = iter([(one.entry if first else None, None), (None, one.entry if second else None)])
        monkeypatch.setattr(check, "disclosures", lambda *_, found=found: next(found))
        assert compared("a.json", "b.json")[0] is ends


@pytest.mark.parametrize(("first", "second"), [("unknown", "equal"), ("equal", "unknown"), ("unknown", "unknown")])
def test_one_strange_file_is_enough(
    first: str, second: str, compared: Compared, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = hand(3)
    compared.every, compared.disclosed = [one], (one.entry, None)
    traces = {"equal": Trace((one,), (), True), "unknown": Trace((), (), False)}
    found = iter([traces[first], traces["unknown"], traces[second], traces["unknown"]])
    monkeypatch.setattr(check, "trace", lambda *_: next(found))
    ended, items = compared("a.json", "b.json")
    assert ([each.verdict for each in items], ended) == ([first, second], Exit.PROVED_BAD)


def test_a_strange_file_is_proved_bad_unless_digests_cannot_be_read(compared: Compared) -> None:
    compared.every = [hand(3), hand(4)]
    ended, (item,) = compared("a.json")
    assert (item.verdict, item.unread, ended) == ("unknown", [], Exit.PROVED_BAD)
    compared.every = [hand(3), hand(4, unread="[sealed]")]
    ended, (item,) = compared("a.json")
    assert (item.unread, ended) == (["#4 [sealed]"], Exit.UNDECIDABLE)
    compared.now = Trace((compared.every[0],), (), True)
    assert compared("a.json")[1][0].unread == [], "another digest has decided"


def test_a_file_of_a_bundle_is_compared_as_of_the_moment_of_the_bundle(compared: Compared) -> None:
    compared.source.bundle = "bundle"
    compared("a.json")
    assert compared.asked[0] == ("case of main", AT)


# -- custody -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reveal", [False, True])
def test_a_step_of_custody_has_each_field_of_its_entry(reveal: bool) -> None:
    digest = SimpleNamespace(name="a.json", size=0, sha256="s", sha512="t", digest="d")
    entry = SimpleNamespace(seq=4, number="4", leaf="leaf", on=AT, kind="custody-transferred")
    said = {"holder": "h", "released_by": "r", "received_by": "c", "exhibit": "X-1", "check": "equal", "compared": "eq"}
    one: Any = SimpleNamespace(entry=entry, files=(digest,), unread="[erased]", replaced=None, **said)
    item = custody._step(one, reveal, "after #2")
    assert (item.entry, item.leaf, item.on, item.kind) == ("#4", "leaf", AT, "custody-transferred")
    assert (item.holder, item.released_by, item.received_by, item.exhibit) == ("h", "r", "c", "X-1")
    assert (item.check, item.against_first, item.recorded) == ("equal", "eq", "after #2")
    shown = custody.DigestItem("a.json", 0, "s", "t", "d") if reveal else "[sealed]"
    assert item.files == [shown, "[erased]"]
    one.unread = None
    assert custody._step(one, reveal, None).files == [shown]


# -- erasure -----------------------------------------------------------------------------------------------------------


def judgement(a: str, *codes: str) -> Any:
    criteria = {"A1": SimpleNamespace(state=a), "A2": SimpleNamespace(state="MET")}
    return SimpleNamespace(criteria=criteria, findings=[SimpleNamespace(code=c, says=f"says {c}") for c in codes])


def test_what_an_erasure_changes_is_each_criterion_and_each_new_finding() -> None:
    assert erase._changed(judgement("MET", "F1"), judgement("OPEN", "F1", "F2")) == [
        "A1 MET becomes OPEN",
        "F2: says F2",
    ]
    assert erase._changed(judgement("MET", "F1", "F2"), judgement("MET", "F1")) == []


def test_open_deadlines_and_losses_are_named_with_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    case: Any = SimpleNamespace(order="o")
    ledger: Any = SimpleNamespace(now=lambda: AT)
    after = SimpleNamespace(order="after")
    running = [
        SimpleNamespace(clock=SimpleNamespace(id="D-7-7", due=AT)),
        SimpleNamespace(clock=SimpleNamespace(id="X-1", due=None)),
    ]
    judged = {"o": judgement("MET"), "after": judgement("OPEN")}
    monkeypatch.setattr(erase, "judge", lambda of, now: judged[of.order])
    monkeypatch.setattr(erase, "_without", lambda of, gone: after)
    monkeypatch.setattr(erase, "called", lambda of, order: f"<{order}>")
    monkeypatch.setattr("projections.views.due.due", lambda of, now: running if of is judged["o"] else [])
    lines = erase.losses(case, ledger, {"d"})
    assert lines[0].startswith("<o>: open: D-7-7, due 2027-06-01")
    assert lines[1:] == ["<o>: open: X-1, due not known", "<o>: loses: A1 MET becomes OPEN"]
    judged["after"] = judgement("MET")
    running.clear()
    assert erase.losses(case, ledger, {"d"}) == ["<o>: no duty is open, and no criterion changes"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("P-1 --lost", "no ORDER, no --subject"),
        ("--lost --subject x", "no ORDER, no --subject"),
        ("--lost --everywhere", "no ORDER, no --subject"),
        ("", "whose values?"),
    ],
)
def test_whose_values_are_erased_is_said_once(words: str, says: str, tmp_path: Path) -> None:
    done = run("erase", *words.split(), "--cause", "withdrawn", ledger=tmp_path)
    assert done.exit_code != Exit.DONE
    assert says in " ".join(done.stderr.split())


# -- directories -------------------------------------------------------------------------------------------------------


def test_a_directory_says_what_it_lists_takes_and_proves(tmp_path: Path) -> None:
    house = House(tmp_path / "house").furnished()
    assert house.run("checkpoint").exit_code == Exit.DONE
    folder, origin, ledger = str(tmp_path / "directory"), "directory.example/xo/ledgers", "ledger.example/xo/karsk"
    made = house.away("directory", "new", folder, "--origin", origin)
    assert (made.exit_code, made.stdout) == (Exit.DONE, f"directory {origin} in {folder}\n")
    words = ("directory", "add", folder, str(house.ledger), "--holder", "Karsk", "--at", str(house.ledger))
    added = house.away(*words, "--since", "2027-01-02")
    assert added.stdout == f"{ledger} is listed, leaf 0 of 1\n"
    assert house.away("directory", "add", folder, str(tmp_path), "--holder", "Karsk").exit_code != Exit.DONE
    taken = house.away("directory", "take", folder, "--json")
    (item,) = json.loads(taken.stdout)["ledgers"]
    assert (taken.exit_code, item["log"], item["code"], item["before"]) == (Exit.DONE, ledger, "", None)
    shown = json.loads(house.away("directory", "show", folder, "--json").stdout)
    (listed,) = shown["ledgers"]
    assert (shown["origin"], listed["log"], listed["holder"], listed["since"]) == (
        origin,
        ledger,
        "Karsk",
        "2027-01-02",
    )
    assert (listed["address"], listed["checkpoints"], listed["size"]) == (str(house.ledger), 1, item["taken"])
    name = str(tmp_path / "karsk")
    proved = house.away("directory", "prove", folder, ledger, "-o", name)
    assert proved.stderr.startswith(f"{name}.note, {name}.tlog-proof; comity directory check {name}.note ")
    assert house.away("directory", "prove", folder, ledger, "-o", name).exit_code == Exit.USAGE
    trust = ("--trust", str(tmp_path / "directory" / "trust"))
    unsigned = house.away("directory", "check", f"{name}.note", *trust)
    assert unsigned.exit_code == Exit.DONE
    assert unsigned.stdout.startswith(f"a checkpoint in the name of {ledger} is leaf 1 of 2 in {origin}")
    signed = house.away("directory", "check", f"{name}.note", *trust, "--of", str(house.ledger))
    assert signed.stdout == f"the checkpoint of {ledger}, which its keys signed, is leaf 1 of 2 in {origin}\n"
    other = house.away("directory", "check", f"{name}.note", *trust, "--of", str(tmp_path / "directory" / "trust"))
    assert (other.exit_code, "CP-ORIGIN" in other.stderr) == (Exit.PROVED_BAD, True)
