"""Of two exhibits and two disclosures, each is compared with its own, and what cannot be read is said to be so."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ledger.entries.case import Unread
from projections.exchange.csv_file import custody_csv
from projections.render.html import page
from projections.reports.certificates import _copies
from projections.reports.custody_report import custody_report
from projections.reports.data_protection.processing_record import processing_record
from projections.reports.front_page import IntegrityResult, Provenance
from projections.views.custody import CustodyStep, custody, standing, trace
from projections.views.exhibit_digests import Digest
from tests.support.cli import ledger_of, reply, run
from tests.support.judging import judged
from tests.support.scenarios import LABELS, Fact, Story, disclosed, fact, given, issued

A, B, C = "a" * 64, "b" * 64, "c" * 64
ISSUED = issued("2027-03-01T09:00Z")
MAKING = Provenance(
    datetime(2027, 4, 1, tzinfo=UTC),
    "comity 0",
    "0" * 16,
    None,
    IntegrityResult("INDETERMINATE", "", (), ()),
    reveal=True,
)


def manifest(*files: tuple[str, str]) -> dict[str, Any]:
    return {"elements": ["name"], "files": [{"name": n, "size": 1, "sha256": d} for n, d in files]}


def hands_over(label: str, day: int, *files: tuple[str, str]) -> Fact:
    return disclosed(f"2027-03-{day:02}T09:00Z", label=label, manifest=manifest(*files))


def arrives(label: str, day: int, exhibit: str | None, *files: tuple[str, str], **more: Any) -> Fact:
    said = {**({"exhibit": exhibit} if exhibit else {}), **({"manifest": manifest(*files)} if files else {}), **more}
    return fact("evidence-received", f"2027-03-{day:02}T10:00Z", "orn", "RET", label=label, check="equal", **said)


def moves(label: str, day: int, exhibit: str, digest: str, hands: str = "orn lab", **more: Any) -> Fact:
    gives, takes = hands.split()
    said = {"exhibit": exhibit, "released_by": gives, "received_by": takes, "check": "equal"}
    both = {"digest_before": digest, "digest_after": digest, **more}
    return fact("custody-transferred", f"2027-03-{day:02}T11:00Z", gives, "RET", label=label, **said, **both)


TWO = (
    hands_over("one", 5, ("a.zip", A)),
    hands_over("two", 6, ("b.zip", B)),
    arrives("got a", 7, "EX-A", ("a.zip", A), about="one"),
    arrives("got b", 7, "EX-B", ("b.zip", B), about="two"),
    moves("move a", 8, "EX-A", A),
    moves("move b", 9, "EX-B", B),
    moves("back a", 10, "EX-A", A, "lab orn"),
)


def story(*facts: Fact) -> Story:
    return given(ISSUED, *facts)


def compared(*facts: Fact) -> dict[str, str]:
    return {LABELS[h.entry.leaf]: h.compared for h in custody(story(*facts).case)}


def named(hands: tuple[CustodyStep, ...]) -> list[str]:
    return [LABELS[h.entry.leaf] for h in hands]


def answer(story: Story, reveal: bool = True) -> Any:
    return custody_report(story.case, judged(story), replace(MAKING, reveal=reveal), ())


# -- each with its own -------------------------------------------------------------------------------------------------


def test_each_exhibit_is_compared_with_the_disclosure_that_it_arrived_by() -> None:
    assert compared(*TWO) == {
        "one": "first stated",
        "two": "first stated",
        **dict.fromkeys(("got a", "got b", "move a", "move b", "back a"), "equal"),
    }


def test_one_disclosure_that_became_two_exhibits_is_compared_file_by_file() -> None:
    both = hands_over("both", 5, ("a.zip", A), ("b.zip", B))
    got = (arrives("got a", 7, "EX-A", ("a.zip", A)), arrives("got b", 7, "EX-B", ("b.zip", B)))
    found = compared(both, *got, moves("move a", 8, "EX-A", A), moves("move b", 8, "EX-B", A))
    assert (found["got a"], found["got b"], found["move a"], found["move b"]) == ("equal", "equal", "equal", "differs")


@pytest.mark.parametrize("digest", [A, C])
def test_the_digest_of_another_exhibit_or_of_no_exhibit_differs(digest: str) -> None:
    wrong = moves("wrong b", 11, "EX-B", digest, "lab orn")
    assert {n for n, said in compared(*TWO, wrong).items() if said == "differs"} == {"wrong b"}
    assert (
        f"DIFFERS from the first one at entry {story(*TWO, wrong).case.entries[-1].seq}."
        in answer(story(*TWO, wrong)).face.answer
    )


def test_a_receipt_that_differs_from_the_disclosure_it_names_differs_although_another_is_equal() -> None:
    first, second = hands_over("first", 5, ("x", A)), hands_over("second", 6, ("x", B))
    assert compared(first, second, arrives("got", 7, "E", ("x", A), about="second"))["got"] == "differs"
    assert compared(first, second, arrives("got", 7, "E", ("x", A)))["got"] == "equal"
    assert compared(first, second, arrives("got", 7, "E", ("x", C)))["got"] == "differs"


def test_of_a_receipt_of_two_disclosures_the_one_that_agrees_does_not_excuse_a_file_of_the_other() -> None:
    first, second = hands_over("first", 5, ("a", A)), hands_over("second", 6, ("b", B))
    for digest, said in ((B, "equal"), (C, "differs")):
        facts = (first, second, arrives("got", 7, "E", ("a", A), ("b", digest)))
        assert compared(*facts)["got"] == said
        assert ("V-HASH-MISMATCH" in {f.code for f in judged(story(*facts)).findings}) == (said == "differs")


def observed(label: str, *files: tuple[str, str]) -> Fact:
    """Make a fact: the recipient states what it saw the provider hand over."""
    return disclosed(
        "2027-03-06T09:00Z", label=label, by="orn", role="RET", speaks="observation", whose="skylark",
        manifest=manifest(*files),
    )  # fmt: skip


def test_what_the_recipient_observed_is_a_source_only_where_there_is_no_other_or_the_provider_backs_it() -> None:
    given_out, seen = hands_over("given", 5, ("x", A)), observed("seen", ("y", C))
    got, on = arrives("got", 7, "E", about=None), moves("on", 8, "E", C)
    assert compared(given_out, seen, got, on)["on"] == "differs"
    assert compared(seen, got, on)["on"] == "equal"
    place: dict[str, Any] = {"origin": "o", "index": 1, "leaf": "0" * 64, "envelope": "0" * 64}
    backs = fact(
        "counterparty-record-received", "2027-03-06T10:00Z", "orn", "RET", proof_check="verifies", backs="seen", **place
    )
    assert compared(given_out, seen, backs, got, on)["on"] == "equal"


def test_copies_that_are_said_to_be_copies_of_one_another_are_compared_all_the_same() -> None:
    copies = [
        fact("working-copy-made", f"2027-03-0{day}T11:00Z", "orn", "RET", label=f"copy {of}", exhibit=of, copy=copy,
             check="equal", digest_before=A, digest_after=A)
        for day, of, copy in ((8, "E", "E/1"), (9, "E/1", "E"))
    ]  # fmt: skip
    found = compared(hands_over("one", 5, ("x", A)), arrives("got", 7, "E", ("x", A)), *copies)
    assert set(found.values()) <= {"first stated", "equal"}


def test_two_digests_of_one_step_that_differ_are_said_to_differ_as_the_law_does() -> None:
    files = hands_over("all", 5, ("a.zip", A), ("b.zip", B))
    changed = moves("changed", 8, "E", A, digest_after=B)
    facts = (files, arrives("got", 7, "E", ("a.zip", A), ("b.zip", B)), changed)
    assert compared(*facts)["changed"] == "differs"
    assert "V-HASH-MISMATCH" in {f.code for f in judged(story(*facts)).findings}


@pytest.mark.parametrize(
    ("digests", "said"),
    [
        ({"digest_before": A, "digest_after": A}, "equal"),
        ({"digest_before": A, "digest_after": None}, "equal"),
        ({"digest_before": None, "digest_after": A}, "equal"),
        ({"digest_before": C, "digest_after": C}, "differs"),
        ({"digest_before": None, "digest_after": C}, "differs"),
        ({"digest_before": B, "digest_after": B}, "differs"),
        ({"digest_before": None, "digest_after": None}, "no digest"),
    ],
)
@pytest.mark.parametrize("later", [False, True])
def test_a_step_is_held_to_its_exhibit_by_paper_and_law_alike(digests: dict[str, Any], said: str, later: bool) -> None:
    facts = (*TWO[:5], moves("back a", 9, "EX-A", A, "lab orn")) if later else TWO[:4]
    facts = (*facts, moves("looked at", 11, "EX-A", A, **digests))
    assert compared(*facts)["looked at"] == said
    found = judged(story(*facts))
    assert ("V-HASH-MISMATCH" in {f.code for f in found.findings}) == (said == "differs")
    assert (str(found.criteria["A2"].state) == "CONTRADICTED") == (said == "differs")


def test_a_copy_that_is_not_its_exhibit_is_found_by_paper_and_law_alike() -> None:
    for digest, said in ((B, "equal"), (A, "differs")):
        both = {"check": "equal", "digest_before": digest, "digest_after": digest}
        made = fact("working-copy-made", "2027-03-11T09:00Z", "lab", "LAB", label="c", exhibit="EX-B", copy="C", **both)
        assert compared(*TWO, made)["c"] == said
        assert ("V-HASH-MISMATCH" in {f.code for f in judged(story(*TWO, made)).findings}) == (said == "differs")


def test_files_of_one_order_and_of_several_disclosures_are_not_held_against_one_another() -> None:
    whole = (hands_over("all", 5, ("a", A), ("b", B)), arrives("got", 7, "E", ("a", A), ("b", B)))
    for facts in (TWO, (*whole, moves("a", 8, "E", A), moves("b", 9, "E", B, "lab orn"), moves("zip", 10, "E", C))):
        assert "V-HASH-MISMATCH" not in {f.code for f in judged(story(*facts)).findings}


def test_one_digest_for_an_exhibit_of_several_files_is_held_to_the_first_such_digest() -> None:
    files = (hands_over("all", 5, ("a", A), ("b", B)), arrives("got", 7, "E", ("a", A), ("b", B)))
    same = compared(*files, moves("first", 8, "E", C), moves("then", 9, "E", C, "lab orn"))
    assert (same["first"], same["then"]) == ("not comparable", "equal")
    assert compared(*files, moves("first", 8, "E", C), moves("then", 9, "E", "d" * 64))["then"] == "differs"


def test_a_working_copy_is_compared_with_the_exhibit_it_was_made_of() -> None:
    def copy(digest: str) -> Fact:
        said = {"exhibit": "EX-B", "copy": "EX-B/1", "check": "equal", "digest_before": B, "digest_after": B}
        made = fact("working-copy-made", "2027-03-11T09:00Z", "lab", "LAB", label="copy", **said)
        return moves("copy moves", 12, "EX-B/1", digest, "lab orn") if digest else made

    assert compared(*TWO, copy(""), copy(B))["copy moves"] == "equal"
    assert compared(*TWO, copy(""), copy(A))["copy moves"] == "differs"


def test_an_exhibit_that_no_receipt_names_is_held_to_what_it_first_stated_itself() -> None:
    found = compared(*TWO, moves("seized", 11, "EX-Z", C), moves("again", 12, "EX-Z", C, "lab orn"))
    assert (found["seized"], found["again"]) == ("first stated", "equal")
    assert compared(*TWO, moves("seized", 11, "EX-Z", C), moves("again", 12, "EX-Z", A))["again"] == "differs"


# -- a file in the hand ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "equal"),
    [
        (Digest("a.zip", 1, A, None), ["one", "got a", "move a", "back a"]),
        (Digest("b.zip", 1, B, None), ["two", "got b", "move b"]),
        (Digest("renamed", 1, B, None), ["two", "got b", "move b"]),
    ],
)
def test_a_genuine_file_names_the_steps_of_its_exhibit_and_no_step_of_another(file: Digest, equal: list[str]) -> None:
    found = trace(standing(custody(story(*TWO).case)), file)
    assert (named(found.equal), named(found.differs)) == (equal, [])


def test_a_file_that_was_changed_differs_from_the_steps_of_its_exhibit_only() -> None:
    found = trace(custody(story(*TWO).case), Digest("b.zip", 1, C, None))
    assert (named(found.equal), named(found.differs)) == ([], ["two", "got b", "move b"])


def test_a_file_nobody_stated_is_in_no_exhibit() -> None:
    found = trace(custody(story(*TWO).case), Digest("other.zip", 1, C, None))
    assert (found.equal, found.differs) == ((), ())


def test_the_hand_at_which_a_genuine_file_changed_is_named() -> None:
    wrong = moves("wrong b", 11, "EX-B", C, "lab orn")
    found = trace(custody(story(*TWO, wrong).case), Digest("b.zip", 1, B, None))
    assert named(found.differs) == ["wrong b"]
    altered = trace(custody(story(*TWO, wrong).case), Digest("b.zip", 1, C, None))
    assert (found.verdict, altered.verdict) == ("equal", "differs")
    assert (named(altered.equal), named(altered.differs)) == (["wrong b"], ["two", "got b", "move b"])


def test_two_disclosures_with_a_file_of_one_name_are_two_files() -> None:
    facts = (
        hands_over("one", 5, ("data.zip", A)),
        hands_over("two", 6, ("data.zip", B)),
        arrives("got a", 7, "EX-A", ("data.zip", A), about="one"),
        arrives("got b", 7, "EX-B", ("data.zip", B), about="two"),
        moves("move a", 8, "EX-A", A),
        moves("move b", 9, "EX-B", B),
    )
    found = trace(custody(story(*facts).case), Digest("data.zip", 1, B, None))
    assert (named(found.equal), named(found.differs)) == (["two", "got b", "move b"], [])
    assert set(compared(*facts).values()) == {"first stated", "equal"}


# -- what cannot be read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("why", "said"), [(Unread.WITHHELD, "[sealed]"), (Unread.ERASED, "[erased]")])
@pytest.mark.parametrize("reveal", [True, False])
def test_digests_that_cannot_be_read_are_said_to_be_sealed_or_erased(why: Unread, said: str, reveal: bool) -> None:
    hidden = (
        disclosed("2027-03-05T09:00Z", label="one", manifest=why),
        arrives("got", 7, "E", manifest=why),
        moves("move", 8, "E", A, digest_before=why, digest_after=why),
        moves("silent", 9, "E", A, digest_before=None, digest_after=None),
    )
    assert compared(*hidden) == {**dict.fromkeys(("one", "got", "move"), said), "silent": "no digest"}
    report = answer(story(*hidden), reveal)
    *closed, silent = (h.number for h in report.held)
    assert f"stated and cannot be read here, {said}, at entries {closed[0]}–{closed[-1]}." in report.face.answer
    assert f"Nothing to compare is stated at entry {silent}." in report.face.answer
    sheet = page(report)
    assert sheet.count(f'<span class="code">{said}</span></td>') == 3
    rows = custody_csv(report.held).decode().splitlines()[1:]
    assert [said in row for row in rows] == [True, True, True, False]


def test_a_receipt_of_what_cannot_be_read_is_not_called_the_first_statement() -> None:
    facts = (disclosed("2027-03-05T09:00Z", label="one", manifest=Unread.ERASED), arrives("got", 7, "E", ("a", A)))
    assert compared(*facts) == {"one": "[erased]", "got": "not comparable"}
    report = answer(story(*facts))
    says = report.face.answer
    assert f"cannot be compared with what was handed over: entry {report.held[-1].number}." in says
    assert "Nothing to compare" not in says


# -- who holds which ---------------------------------------------------------------------------------------------------


def holdings(*facts: Fact) -> list[tuple[str | None, str, str, str | None]]:
    record = story(*facts)
    found = processing_record(record.case, judged(record), MAKING, (), (), ()).holdings
    at = {str(e.seq): LABELS[e.leaf] for e in record.case.entries}
    return [(h.exhibit, h.holder, at[h.since_entry], h.until_entry and at[h.until_entry]) for h in found]


def test_each_exhibit_is_held_for_itself() -> None:
    assert holdings(*TWO) == [
        ("EX-A", "orn", "got a", "move a"),
        ("EX-B", "orn", "got b", "move b"),
        ("EX-A", "lab", "move a", "back a"),
        ("EX-B", "lab", "move b", None),
        ("EX-A", "orn", "back a", None),
    ]


def test_what_arrived_without_a_number_is_held_until_an_exhibit_is_handed_on_that_never_arrived() -> None:
    handed_over = hands_over("one", 5, ("a", A))
    rest, numbered = arrives("rest", 7, None, ("a", A)), arrives("numbered", 7, "EX-A", ("b", B))
    of_the_rest, arrived = moves("part of the rest", 9, "EX-B", A), moves("an exhibit that arrived", 8, "EX-A", B)
    assert (None, "orn", "rest", "part of the rest") in holdings(handed_over, rest, numbered, arrived, of_the_rest)
    assert (None, "orn", "rest", None) in holdings(handed_over, rest, numbered, arrived)


def test_what_a_holder_destroys_whole_ends_each_exhibit_it_holds_and_no_other() -> None:
    gone = fact("data-destroyed", "2027-03-12T09:00Z", "lab", "LAB", scope="all", method="overwritten", label="gone")
    assert ("EX-B", "lab", "move b", "gone") in holdings(*TWO, gone)
    assert ("EX-A", "orn", "back a", None) in holdings(*TWO, gone)
    part = fact("data-destroyed", "2027-03-12T09:00Z", "lab", "LAB", scope="part", method="overwritten", label="gone")
    assert ("EX-B", "lab", "move b", None) in holdings(*TWO, part)


# -- typed -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """S1, in which `skyl-return.json` is exhibit KA-0311/1, with a second disclosure, `b.zip`, as EX-B."""
    folder = tmp_path_factory.mktemp("two")
    ledger, file = ledger_of("S1", folder), folder / "b.zip"
    file.write_bytes(b"second")
    digest = hashlib.sha256(b"second").hexdigest()
    same = ("-f", f"digest_before={digest}", "-f", f"digest_after={digest}")
    by = ("-f", "released_by=orn", "-f", "received_by=lab")
    exhibit = ("-f", "exhibit=EX-B", "-f", "check=equal")
    steps = (
        ("disclose", str(file), "main", "--elements", "name", "--channel", "mail", "--as", "skylark"),
        ("record", "evidence-received", "main", *exhibit, "-f", f"manifest={file}", "--as", "orn"),
        ("record", "custody-transferred", "main", *exhibit, *by, *same, "--as", "orn"),
    )
    for step in steps:
        assert run(*step, ledger=ledger).exit_code == 0
    return ledger


def test_check_names_the_steps_of_the_files_exhibit_and_of_no_other(two: Path) -> None:
    file = two.parent / "b.zip"
    (found,) = reply("check", str(file), "main", ledger=two)["files"]
    assert (found["verdict"], found["differs_from"], found["changed_at"]) == ("equal", [], None)
    assert [step.partition(" ")[2] for step in found["equal_to"]] == [
        *("data-disclosed", "evidence-received", "custody-transferred")
    ]
    other = two.parent / "other" / "b.zip"
    other.parent.mkdir()
    other.write_bytes(b"changed")
    done = run("check", str(other), "main", "--json", ledger=two)
    (changed,) = json.loads(done.stdout)["files"]
    assert done.exit_code == 1
    assert (changed["verdict"], changed["differs_from"]) == ("differs", found["equal_to"])


def test_every_paper_on_two_exhibits_finds_each_equal(two: Path) -> None:
    steps = reply("custody", "main", ledger=two)["custody"]
    assert [step["against_first"] for step in steps] == [*("first stated", "equal", "equal")] * 2
    for asked in (("custody",), ("certificate", "--form", "fre-902-14")):
        words = run("report", asked[0], "main", *asked[1:], ledger=two).stdout
        assert not [says for says in (">differs<", "DIFFERS", "not comparable") if says in words]
        assert words.count("first stated") >= 2
    rows = run("export", "main", "--format", "custody-csv", "-o", "-", ledger=two).stdout
    assert (rows.count(",first stated,"), rows.count(",equal,equal,")) == (2, 4)


@pytest.mark.parametrize("lang", ["en", "de", "fr"])
def test_a_paper_says_of_erased_digests_that_they_are(lang: str) -> None:
    told_of = story(disclosed("2027-03-05T09:00Z", label="one", manifest=Unread.ERASED), moves("move", 8, "E", A))
    html = page(answer(told_of), lang)
    assert html.count("[erased]") >= 2
    hands = custody(told_of.case)
    sheet = _copies(hands, told_of.case, MAKING)
    assert sheet.lead.endswith("digests are stated and cannot be read here, [erased].")


def test_check_says_that_it_cannot_tell_where_the_digests_are_erased(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    file = tmp_path / "any.json"
    file.write_bytes(b"any")
    assert run("check", str(file), "main", ledger=ledger).exit_code == 1
    assert run("erase", "main", "--cause", "other", "--as", "ilves", "--yes", ledger=ledger).exit_code == 0
    done = run("check", str(file), "main", "--json", ledger=ledger)
    (found,) = json.loads(done.stdout)["files"]
    assert (done.exit_code, found["verdict"]) == (4, "unknown")
    assert [at.partition(" ")[2] for at in found["unread"]] == ["[erased]"] * 3
    steps = reply("custody", "main", ledger=ledger)["custody"]
    assert {step["against_first"] for step in steps} == {"[erased]"}
    assert all(step["files"] == ["[erased]"] for step in steps)
    words = run("report", "custody", "main", ledger=ledger).stdout
    assert "Digests are stated and cannot be read here, [erased], at entries 10–12." in words
    assert "No entry states a digest." not in words
