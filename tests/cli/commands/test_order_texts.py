"""What `show`, `replay`, `register` and `timeline` print of one order, whole."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent, indent

import pytest
from msgspec import UNSET

from cli.commands import replay
from cli.exit_codes import Exit
from cli.terminal import output
from tests.support.cli import ledger_of, reply, run

LATE = ("--as-of", "2027-12-01T00:00:00Z")
MARCH = "2027-03-10T00:00:00Z"
WHY = ("--reveal", "--because", "hearing on Monday", "--as", "ilves")


@pytest.fixture(scope="module")
def s1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S1", tmp_path_factory.mktemp("s1"))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return a ledger in which values may be opened, which is recorded."""
    return ledger_of("S1", tmp_path)


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("corrections", tmp_path_factory.mktemp("corrected"))


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("one-matter-three-orders", tmp_path_factory.mktemp("linked"))


def printed(*words: str, ledger: Path, **env: str) -> str:
    done = run(*words, ledger=ledger, **env)
    assert (done.exit_code, done.stderr) == (Exit.DONE, ""), done.output
    return done.stdout


def test_an_order_is_shown_with_its_matter_and_what_is_due_in_it(linked: Path) -> None:
    head = """\
        kept  BC-29  MLA_SUBMITTED

          order      d0305ea1-84d9-507b-b089-1486ed8954ab
          from       XO
          to         XN
          issued     2027-01-11T09:00:00Z
          last entry 2027-03-13T23:59:59Z
          entries    5
          linked     b0c1e30a-eab1-5026-bf87-d9a52964debb
          as of      2027-12-01T00:00:00Z
        """
    matter = """\

        Matter
        * kept           BC-29     MLA_SUBMITTED
          direct         2AP-7     ESCALATED
          through        2AP-8     DISCLOSED

        Due
          through        NOTICE-REVIEW  2027-11-02T00:00:00Z  over by 29 d 0 h EPOC:13(2), LED:13(3), 2AP:14(11)(b)
              the issuing Party: until the end of that day; until the end of Monday 1
              November 2027, Reykjavik
        """
    end = "\nNo finding. What was checked: comity judge.\n"
    assert printed("show", "kept", *LATE, ledger=linked) == dedent(head) + dedent(matter) + end
    assert printed("show", "kept", "--only", *LATE, ledger=linked) == dedent(head) + end
    coloured = printed("show", "kept", "--color", "always", *LATE, ledger=linked)
    assert coloured.count("\x1b[1m") == 4, "the state of the order, and of each in the matter"


def test_an_order_whose_deadline_has_no_end_says_unknown(tmp_path: Path) -> None:
    text = printed("show", "no-receipt", "--as-of", "2027-05-01T00:00:00Z", ledger=ledger_of("more-time", tmp_path))
    assert [line.split()[:2] for line in text.splitlines() if line.startswith("  D-7-7")] == [["D-7-7", "unknown"]]


def test_a_replaced_entry_and_good_practice_are_shown(corrected: Path) -> None:
    expected = """\
        put-right  2AP-7  DECLINED

          order      397604d2-04de-5729-932b-65a98a6689ef
          from       XO
          to         XN
          provider   Fjordlink Hosting
          issued     2027-02-26T10:00:00Z
          last entry 2027-03-30T09:00:00Z
          entries    6
          as of      2027-12-01T00:00:00Z

        No finding. What was checked: comity judge.

        Replaced by their own signers
            #3 order-received: REPLACED by #4, signed 2027-03-01T09:00:00Z by fjordlink
            (SP): [sealed]

          refused: The request asked for too much. Name single data, single accounts and
            the time they are needed for (SIRIUS EU digital evidence situation report
            2018, reasons for refusal (as summarised in eucrim)).
        """
    assert printed("show", "put-right", *LATE, ledger=corrected) == dedent(expected)
    (item,) = reply("show", "put-right", *LATE, ledger=corrected)["replaced"]
    leaves = {f"#{each['seq']}": each["leaf"] for each in reply("timeline", "put-right", ledger=corrected)["timeline"]}
    assert (item["entry"], item["leaf"], item["replaced_by"]) == ("#3", leaves["#3"], leaves["#4"])
    before = reply("show", "put-right", "--as-of", "2027-02-28T00:00:00Z", ledger=corrected)
    assert (before["replaced"], before["practice"]) == ([], [])


def test_findings_and_what_is_due_are_shown_of_an_order_alone(corrected: Path) -> None:
    expected = """\
          beside     notification RECEIVED, customer notice OVERDUE, custody HELD
          as of      2027-12-01T00:00:00Z

        Due
          NOTICE-REVIEW  2027-09-02T00:00:00Z  over by 90 d 0 h EPOC:13(2), LED:13(3), 2AP:14(11)(b)
              the issuing Party: until the end of that day; until the end of Wednesday 1
              September 2027, Reykjavik

        Findings
          violation V-NOTICE-OVERDUE: The date to look at the delay again passed with
            nothing decided, or the person was not told once the delay was lifted.
          remark W-7-5a-LATE: The notification was not simultaneous; it came 22 h 55 min
            after service.
        """
    text = printed("show", "widened", *LATE, ledger=corrected)
    assert text[text.index("  beside") :] == dedent(expected)
    found = reply("show", "widened", *LATE, ledger=corrected)
    assert found["findings"] == ["V-NOTICE-OVERDUE", "W-7-5a-LATE"]
    assert {name: found["due"][0][name] for name in ("label", "id", "due", "policy", "verdict", "cite")} == {
        "label": "widened",
        "id": "NOTICE-REVIEW",
        "due": "2027-09-02T00:00:00Z",
        "policy": "STATED",
        "verdict": "MISSED",
        "cite": "EPOC:13(2), LED:13(3), 2AP:14(11)(b)",
    }


def test_an_order_is_shown_as_rows_of_field_and_value(s1: Path) -> None:
    rows = list(csv.reader(printed("show", "main", *LATE, "--format", "csv", ledger=s1).splitlines()))
    assert rows == [
        ["field", "value"],
        ["order", "759427d8-1153-5992-988f-bcef32246d2d"],
        ["ref", ""],
        ["label", "main"],
        ["instrument", "2AP-7"],
        ["from", "XO"],
        ["to", "XV"],
        ["providers", "skylark"],
        ["as_of", "2027-12-01T00:00:00Z"],
        ["state", "DISCLOSED"],
        ["regions", "notification=RECEIVED, customer_notice=NOTIFIED, custody=HELD"],
        ["issued_on", "2027-03-01T09:40:00Z"],
        ["last_on", "2027-09-01T09:00:00Z"],
        ["entries", "15"],
        ["linked", ""],
    ]


# -- replay ------------------------------------------------------------------------------------------------------------


def test_an_order_is_replayed_as_it_was_known_with_the_values_that_are_opened(own: Path) -> None:
    text = printed("replay", "main", "--at", MARCH, *WHY, ledger=own)
    head, _, rest = text.partition("\n\n")
    assert head == f"Log size 33 at {MARCH} (the log's own clock; no witness had signed); 9 entries of this order."
    assert rest.startswith(f"main  2AP-7  SERVED  as of {MARCH}\n  notification RECEIVED, customer notice DELAYED\n")
    expected = """\
          #2 order-issued
             applicable_penalties: imprisonment up to 5 years
             identifiers: skyl-4471
             information_sought: Identity, address and registration data of the holder
             of the account.
             offence_provisions: Penal Code of Orsinia, s. 214
             offences: fraud by means of a computer
             summary_of_facts: An online shop took payments for goods that were never
             sent. The account was used to answer the buyers.

          #3 customer-notification-delayed
             reasons: Telling the holder now would warn others who are still being
             looked for.

          #8 additional-information-requested
             question: Is the account also used by a person other than the suspect?

          #9 additional-information-provided
             reply: Nothing points to a second user.
        """
    assert text[text.index("  #2 order-issued\n") :] == indent(dedent(expected), "  ")
    closed = printed("replay", "main", "--at", MARCH, ledger=own)
    assert "#2 order-issued" not in closed
    found = reply("replay", "main", "--at", MARCH, *WHY, ledger=own)
    assert [each["entry"] for each in found["values"]] == ["#2", "#3", "#8", "#9"]
    assert "values" not in reply("replay", "main", "--at", MARCH, ledger=own)
    assert reply("replay", "main", "--at", "2020-01-01T00:00:00Z", *WHY, ledger=own)["values"] == []


def test_a_replay_is_rows_of_what_and_value(s1: Path) -> None:
    lines = printed("replay", "main", "--at", MARCH, "--format", "csv", ledger=s1).splitlines()
    assert lines == ["what,value", "state,SERVED", "entries,9", "log size,33", "clock,log"]
    lines = printed("replay", "main", "--at", "2020-01-01T00:00:00Z", "--format", "csv", ledger=s1).splitlines()
    assert lines == ["what,value", "state,'-", "entries,0", "log size,0", "clock,none"]
    found = reply("replay", "main", "--at", "2020-01-01T00:00:00Z", ledger=s1)["replay"]
    assert found["says"] == "no head was kept at or before this moment"
    found = reply("replay", "main", "--at", MARCH, ledger=s1)["replay"]
    assert (found["size"], found["dated"], len(found["head"])) == (33, "2027-03-05T09:00:00Z", 64)


def test_a_difference_is_new_entries_then_what_reads_differently(s1: Path, own: Path) -> None:
    span = f"{MARCH}..2027-03-20T00:00:00Z"
    expected = f"""\
        {MARCH} .. 2027-03-20T00:00:00Z

        + #10 2027-03-15T13:00:00Z data-disclosed
        + #11 2027-03-15T13:20:00Z evidence-received
        + #12 2027-03-16T08:00:00Z custody-transferred

        - state: SERVED
        + state: DISCLOSED
        - deadline answer of the provider (D-7-7), counted as 2AP-CAL: OPEN, end of 2027-04-01 (Stockholm)
        + deadline answer of the provider (D-7-7), counted as 2AP-CAL: MET, end of 2027-04-01 (Stockholm)
        - criterion A1: NOT_APPLICABLE
        + criterion A1: DEMONSTRATED
        - criterion A2: NOT_APPLICABLE
        + criterion A2: DEMONSTRATED
        - criterion A3: NOT_APPLICABLE
        + criterion A3: DEMONSTRATED
        - criterion A6: GAP
        + criterion A6: DEMONSTRATED
        - criterion A7: NOT_APPLICABLE
        + criterion A7: GAP
        - criterion A8: NOT_APPLICABLE
        + criterion A8: GAP
        + region custody: HELD
        """
    text = printed("replay", "main", "--diff", span, ledger=s1)
    assert text == dedent(expected)
    coloured = printed("replay", "main", "--diff", span, "--color", "always", ledger=s1)
    assert (coloured.count("\x1b[31m- "), coloured.count("\x1b[32m+ ")) == (8, 9)
    opened = printed("replay", "main", "--diff", span, *WHY, ledger=own)
    assert opened.startswith(text)
    assert [line for line in opened.splitlines() if line.startswith("  #")] == [
        *("  #10 data-disclosed", "  #11 evidence-received", "  #12 custody-transferred"),
    ]
    found = reply("replay", "main", "--diff", span, *WHY, ledger=own)
    assert [each["entry"] for each in found["values"]] == ["#10", "#11", "#12"]
    found = reply("replay", "main", "--diff", span, ledger=s1)
    assert (found["from"]["size"], found["to"]["size"], "values" in found) == (33, 36, False)
    assert found["changes"][-1] == {"what": "region custody", "before": None, "after": "HELD"}


def test_between_two_moments_without_an_entry_nothing_is_new(s1: Path) -> None:
    text = printed("replay", "main", "--diff", "2027-03-21T00:00:00Z..2027-03-22T00:00:00Z", ledger=s1)
    assert text == "2027-03-21T00:00:00Z .. 2027-03-22T00:00:00Z\n\nno new entries\n\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "one of --at TIME, --diff A..B and --html FILE"),
        (("--at", MARCH, "--html", "x.html"), "one of --at TIME, --diff A..B and --html FILE"),
        (("--at", MARCH, "--lang", "de"), "--lang is of the page: --html FILE"),
        (("--diff", MARCH), "--diff is two moments with two dots between: A..B"),
    ],
)
def test_a_replay_of_no_one_moment_is_usage(words: tuple[str, ...], says: str, s1: Path) -> None:
    done = run("replay", "main", *words, ledger=s1)
    assert (done.exit_code, says in done.stderr) == (Exit.USAGE, True)


def test_a_bundle_is_replayed_by_its_newest_dated_state() -> None:
    class Reader:
        def __init__(self, *clocks: str) -> None:
            self.states = [State(n, clock) for n, clock in enumerate(clocks, 1)]

        def dated(self) -> list[State]:
            return self.states

    class State:
        def __init__(self, day: int, clock: str) -> None:
            self.at, self.size, self.clock = datetime(2027, 3, day, tzinfo=UTC), 10 * day, clock
            self.digest = "" if clock == "claimed" else f"digest {day}"

    def moment(day: int, *clocks: str) -> tuple[int, str, str, object]:
        size, made = replay._moment(Reader(*clocks), datetime(2027, 3, day, tzinfo=UTC))  # type: ignore[arg-type]
        assert made.size == size
        return size, made.clock, made.says, made.head

    shown = "by then a witness or a time stamp shows it"
    assert moment(2, "cosigned", "stamp", "stamp") == (20, "stamp", shown, "digest 2")
    assert moment(9, "claimed")[:3] == (10, "claimed", replay.CLAIMED)
    assert moment(1) == (0, "none", "no state of the log is dated at or before this moment", UNSET)


# -- register ----------------------------------------------------------------------------------------------------------


def test_the_register_of_an_order_has_a_paragraph_for_each_question_and_says_which_duty_is_open(s1: Path) -> None:
    done = run("register", "main", "--as-of", MARCH, ledger=s1)
    assert done.exit_code == Exit.FINDINGS
    third = """\
        3. Was more received than asked for, and what became of the surplus?
          (2AP:14(2)(b), LED:4(1)(c))
            Nothing on record.
        """
    fourth = """\
        4. Was the person told; if not, on which ground, by whose decision, and when is
          it looked at again? (2AP:14(11), LED:13, EPOC:13)
            2027-03-01 09:41 UTC: Prosecutor's Office Karsk delayed the notice to the
            person: not to obstruct inquiries, investigations or procedures. The ground
            is reviewed on 1 June 2027.
            customer notice: delayed
            Review of the delayed notice (NOTICE-REVIEW): the period is still open. Its
            last day: 2027-06-01 (Reykjavik)
            A duty is open.
        """
    assert done.stdout.startswith("main  2AP-7\n\n1. On what legal basis")
    assert f"\n{dedent(third)}\n{dedent(fourth)}\n5. " in done.stdout
    assert done.stdout.count("A duty is open.") == 1
    whole = run("register", "main", "--as-of", MARCH, "--open", ledger=s1)
    assert (whole.exit_code, whole.stdout) == (Exit.FINDINGS, f"main  2AP-7\n\n{dedent(fourth)}")
    full = run("register", "--full", "--as-of", MARCH, "--question", "3", ledger=s1)
    assert (full.exit_code, full.stdout) == (Exit.DONE, f"main  2AP-7\n\n{dedent(third)}")
    coloured = run("register", "main", "--as-of", MARCH, "--open", "--color", "always", ledger=s1).stdout
    assert coloured.startswith("\x1b[1mmain  2AP-7\x1b[0m\n")
    assert coloured.endswith("    \x1b[33mA duty is open.\x1b[0m\n")


def test_the_register_of_the_ledger_is_rows_of_what_was_asked(s1: Path) -> None:
    moment = ("--as-of", MARCH, "--format", "csv")
    whole = list(csv.reader(run("register", *moment, ledger=s1).stdout.splitlines()))
    assert whole[0] == ["number", "question", "cite", "orders", "open"]
    assert [(row[0], *row[3:]) for row in whole[1:]] == [
        (str(n), str(int(n in (1, 4, 5))), str(int(n == 4))) for n in range(1, 11)
    ]
    one = list(csv.reader(run("register", "--question", "10", *moment, ledger=s1).stdout.splitlines()))
    assert [row[0] for row in one] == ["number", "10"]
    says = "Review of the delayed notice (NOTICE-REVIEW): the period is still open."
    done = run("register", "--open", *moment, ledger=s1)
    assert list(csv.reader(done.stdout.splitlines())) == [["question", "says", "orders"], ["4", says, "main"]]
    kept = run("register", "--kept-until", "2099-01-01", *moment, ledger=s1)
    assert (kept.exit_code, kept.stdout) == (Exit.DONE, "order,until\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("main", "--subject", "x"), "an ORDER or --subject S, not both"),
        (("main", "--kept-until", "2099-01-01"), "--kept-until DAY is a question about the whole ledger"),
        (("--full", "--kept-until", "2099-01-01"), "--kept-until DAY is a question about the whole ledger"),
        (("--question", "5", "--kept-until", "2099-01-01"), "--kept-until DAY is a question about the whole ledger"),
        (("--open", "--kept-until", "2099-01-01"), "--kept-until DAY is a question about the whole ledger"),
    ],
)
def test_a_question_to_the_register_that_does_not_fit_is_usage(words: tuple[str, ...], says: str, s1: Path) -> None:
    done = run("register", *words, ledger=s1)
    assert (done.exit_code, says in done.stderr) == (Exit.USAGE, True)


def test_what_is_held_may_be_asked_with_the_number_of_its_question(s1: Path) -> None:
    alone = run("register", "--kept-until", "2099-01-01", "--as-of", MARCH, "--json", ledger=s1)
    numbered = run("register", "--question", "6", "--kept-until", "2099-01-01", "--as-of", MARCH, "--json", ledger=s1)
    assert (alone.exit_code, numbered.exit_code) == (Exit.DONE, Exit.DONE)
    assert [each["number"] for each in json.loads(alone.stdout)["questions"]] == [6]
    assert alone.stdout == numbered.stdout


# -- timeline ----------------------------------------------------------------------------------------------------------


def test_a_step_of_the_timeline_says_how_long_afterwards_it_was_recorded_and_what_replaced_it(corrected: Path) -> None:
    words = ("timeline", "put-right", *LATE, "--format", "csv")
    rows = list(csv.DictReader(printed(*words, ledger=corrected).splitlines()))
    assert list(rows[0]) == ["entry", "on", "kind", "who", "says", "state", "written", "replaced", "fields", "order"]
    assert [(row["entry"], row["state"], row["written"], row["replaced"][:14], row["order"]) for row in rows] == [
        ("#1", "ISSUED", "", "", "put-right"),
        ("#3", "", "2 d 0 h later", "REPLACED by #4", "put-right"),
        ("#2", "SERVED", "", "", "put-right"),
        ("#4", "", "", "", "put-right"),
        ("#5", "", "", "", "put-right"),
        ("#6", "DECLINED", "", "", "put-right"),
    ]


def test_at_a_terminal_a_timeline_ends_with_how_an_entry_is_put_right(
    s1: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("timeline", "main", ledger=s1).stderr == ""
    monkeypatch.setattr(output, "terminal", lambda stream=None: stream is None)
    done = run("timeline", "main", ledger=s1, LESS="-FRX", PAGER="cat")
    assert done.stderr.splitlines() == [
        "Its signer puts an entry right: comity record KIND main --replaces 7 --why TEXT ...",
        "Another office disputes it: comity record event-disputed main -f about=7 ...",
    ]
    assert run("timeline", "main", "--format", "csv", ledger=s1).stderr == ""
