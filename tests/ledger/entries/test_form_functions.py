"""What is asked of a typed fact before it is signed, each rule alone: dates, names, digests and references."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.entries.case import Entry, Unread
from ledger.entries.form import (
    BY_COMMAND,
    RegisteredNames,
    check_by_hand,
    check_lookalike,
    check_quotable,
    check_reference,
    issuing_office,
    looks_alike,
    named_in,
    out_of_type,
    plain,
    shapes,
    slips,
)
from ledger.errors import RecordError
from ledger.facts import build
from tests.support.facts import ORDER

KNOWN = RegisteredNames(("ilves", "orn"), ("XO", "XV"))
NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
A, B = "9f" * 32, "6a" * 32


def code_of(call: Any, *args: Any) -> RecordError | None:
    try:
        call(*args)
    except RecordError as refused:
        return refused
    return None


# -- acts of the program -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BY_COMMAND)
def test_what_the_program_does_is_recorded_by_the_command_that_does_it(kind: str) -> None:
    with pytest.raises(RecordError, match=f"COMMAND-ONLY {kind}: {kind} says what this program has done") as refused:
        check_by_hand(kind)
    assert refused.value.hint == f"{BY_COMMAND[kind]} records it"
    check_by_hand("order-issued")


# -- names of the register ---------------------------------------------------------------------------------------------


def issued(**fields: Any) -> list[RecordError]:
    return list(slips(build("order-issued", {**ORDER, **fields}, {}), KNOWN, NOW))


def accessed(by: str, **how: Any) -> list[RecordError]:
    fields = {"exhibit": "EX-1", "released_by": by, "received_by": "orn", "check": "not-checked"}
    return list(slips(build("custody-transferred", fields, {}), KNOWN, NOW, **how))


def test_an_office_that_the_register_does_not_have_is_named_with_the_probable_one() -> None:
    assert accessed("ilves") == []
    (slip,) = accessed("ilvs")
    assert (slip.code, slip.where) == ("OFFICE-UNKNOWN", "custody-transferred.released_by")
    assert slip.says == "ilvs is no office of the register"
    assert slip.hint.startswith("did you mean ilves? `comity record authority-registered -f actor=ilvs -f party=PARTY ")
    assert "-f valid_from=2027-03-01 --as registrar` registers it" in slip.hint
    assert accessed("zzzzzz")[0].hint.startswith("`comity record authority-registered")


def test_a_party_that_the_register_does_not_have_is_named_with_the_command_that_registers_it() -> None:
    assert issued() == []
    (slip,) = issued(to_party="XW")
    assert (slip.code, slip.where, slip.says) == (
        "PARTY-UNKNOWN",
        "order-issued.to_party",
        "XW is no Party of the register",
    )
    assert "`comity record party-registered -f party=XW -f zone=" in slip.hint
    keeper = RegisteredNames((), (), "keeper")
    for each in slips(build("order-issued", ORDER, {}), keeper, NOW):
        assert "--as keeper` registers it" in each.hint


def test_a_name_that_the_order_names_already_is_no_slip_and_the_order_is_read_only_for_an_unknown_one() -> None:
    asked: list[int] = []

    def named() -> Collection[str]:
        asked.append(1)
        return ("lab",)

    assert accessed("ilves", named=named) == []
    assert asked == []
    assert accessed("lab", named=named) == []
    assert asked
    assert [slip.code for slip in accessed("lap", named=named)] == ["OFFICE-UNKNOWN"]
    assert accessed("lap", unregistered=True) == []


def test_the_office_whose_act_is_reported_is_one_of_the_register_or_of_the_order() -> None:
    (slip,) = accessed("ilves", whose="lab")
    assert (slip.code, slip.where) == ("OFFICE-UNKNOWN", "whose")
    for fine in ({"whose": "orn"}, {"whose": "lab", "named": lambda: ("lab",)}, {"whose": "lab", "unregistered": True}):
        assert accessed("ilves", **fine) == []
    for more in ({}, {"unregistered": True}, {"named": lambda: ("a b",)}):
        (slip,) = accessed("ilves", whose="a b", **more)
        assert (slip.code, slip.where) == ("FACT", "whose")
        assert slip.says == "expected the identifier of an actor such as pp-karsk, got 'a b'"


# -- dates -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("1969-12-31", "it is 1969-12-31, before 1970"),
        ("1970-01-01", ""),
        ("2027-03-01", ""),
        ("2027-03-02", "it is 2027-03-02, after it is signed at 2027-03-01T09:00:00Z"),
    ],
)
def test_a_date_that_states_what_has_happened_is_not_before_1970_or_after_the_signature(text: str, says: str) -> None:
    slip = issued(date_issued=text)
    assert [each.says for each in slip] == ([says] if says else [])
    assert [(each.code, each.where) for each in slip] == ([("FORM-DATE", "order-issued.date_issued")] if says else [])


def test_the_day_of_a_place_may_be_fourteen_hours_ahead() -> None:
    fact = build("order-issued", {**ORDER, "date_issued": "2027-03-02"}, {})
    midnight = datetime(2027, 3, 1, 10, tzinfo=UTC)
    assert list(slips(fact, KNOWN, midnight)) == []
    assert [each.code for each in slips(fact, KNOWN, midnight - SECOND)] == ["FORM-DATE"]


def test_a_moment_that_has_come_is_at_most_five_minutes_after_the_signature() -> None:
    for text, codes in (("2027-03-01T09:05:00Z", []), ("2027-03-01T09:05:01Z", ["FORM-DATE"])):
        fact = build("receipt-disputed", {"about": A, "claimed_on": text}, {})
        assert [each.code for each in slips(fact, KNOWN, NOW)] == codes


# -- digests that are said to be equal ---------------------------------------------------------------------------------


def compared(check: str, **sealed: Any) -> list[tuple[str, str, str]]:
    fields = {"exhibit": "EX-1", "released_by": "ilves", "received_by": "orn", "check": check}
    found = list(slips(build("custody-transferred", fields, sealed), KNOWN, NOW))
    assert {each.where for each in found} <= {"custody-transferred.digest_before"}
    return [(each.code, each.says, each.hint.partition(" ")[0]) for each in found]


def test_digests_that_are_said_to_be_equal_are_stated_and_equal() -> None:
    none = ("FORM-EQUAL", "check=equal is said of no digest: state the one that is equal", "digest_before=FILE")
    differ = ("FORM-EQUAL", "check=equal is said of two digests that differ", "check=differ")
    assert compared("equal") == [none]
    assert compared("equal", digest_before=A, digest_after=B) == [differ]
    assert compared("equal", digest_before=A) == compared("equal", digest_before=A, digest_after=A) == []
    for check in ("differ", "not-checked"):
        assert compared(check) == compared(check, digest_before=A, digest_after=B) == []


def test_two_files_of_one_manifest_have_two_digests_and_are_equal_to_what_was_sent() -> None:
    files = [{"name": "a", "size": 1, "sha256": A}, {"name": "b", "size": 1, "sha256": B}]
    for listed, codes in ((files, []), ([], ["FORM-EQUAL"])):
        manifest = {"elements": ["name"], "files": listed}
        fact = build("evidence-received", {"check": "equal"}, {"manifest": manifest})
        assert [(each.code, each.where) for each in slips(fact, KNOWN, NOW)] == [
            (code, "evidence-received.manifest") for code in codes
        ]
    examined = {"exhibit": "EX-1", "tool": "a tool", "tool_version": "1", "check": "equal"}
    for kind, fields in (("order-closed", {"outcome": "answered"}), ("analysis-performed", examined)):
        assert list(slips(build(kind, fields, {}), KNOWN, NOW)) == [], "it has no digest to state"


# -- recorded entries --------------------------------------------------------------------------------------------------


def entry(kind: str, public: dict[str, Any], sealed: dict[str, Any] | None = None, *, on: datetime = NOW) -> Entry:
    names: dict[str, Any] = {"instrument": "2AP-7", "by": "ilves", "role": "ISS", "party": "XO", "key": "k"}
    return Entry("ab" * 32, 0, "o", 1, kind, speaks="act", on=on, at=NOW, public=public, sealed=sealed or {}, **names)


def test_the_names_of_an_order_are_those_of_its_signers_actors_and_public_fields() -> None:
    given = entry("custody-transferred", {"exhibit": "EX-1", "released_by": "orn", "received_by": "lab"})
    other = entry("of-tomorrow", {"released_by": "nowhere"})
    assert named_in([given, other]) == {"ilves", "orn", "lab"}
    assert named_in([entry("order-issued", {**ORDER, "providers": ["skylark"]})]) == {"ilves", "XO", "XV", "skylark"}
    assert named_in([]) == set()


def test_a_recorded_value_is_out_of_type_if_a_new_one_would_be_refused() -> None:
    def of(public: dict[str, Any], sealed: dict[str, Any] | None = None, **more: Any) -> bool:
        return out_of_type(entry("order-issued", {**ORDER, **public}, sealed, **more))

    year = datetime(1970, 1, 1, tzinfo=UTC)
    assert [of({}), of({}, on=year), of({}, on=year - SECOND)] == [False, False, True]
    assert [of({"reference": text}) for text in ("PPO-1", "new", " x")] == [False, True, True]
    assert [of({"date_issued": day}) for day in ("2027-03-01", "2027-03-02", "1969-12-31")] == [False, True, True]
    assert [of({"languages": codes}) for codes in ([], ["en"], ["en", "english"])] == [False, False, True]
    assert not of({"reference": 7}), "a value without the form of its field has another finding"
    given = {"exhibit": "EX-1", "released_by": "orn", "received_by": "lab", "check": "equal"}
    for digest, out in ((A, False), ("return.zip", True), (Unread.WITHHELD, False), (None, False)):
        assert out_of_type(entry("custody-transferred", given, {"digest_before": digest})) is out
    assert not out_of_type(entry("of-tomorrow", {"reference": "new"}))
    zones = [entry("party-registered", {"party": "XQ", "zone": zone}) for zone in ("Europe/Oslo", "Mars/Olympus")]
    assert [out_of_type(each) for each in zones] == [False, True]


def test_an_order_belongs_to_its_signer_or_to_the_known_office_that_an_observer_names() -> None:
    known = ("ilves", "orn")
    assert issuing_office("act", "lind", known, "ilves", "orn") == "lind"
    for speaks in ("observation", "import"):
        assert issuing_office(speaks, "lind", known, "ilves", "orn") == "ilves"
        assert issuing_office(speaks, "lind", known, "unknown", "orn") == "orn"
        assert issuing_office(speaks, "lind", known, None, "orn") == "orn"
        assert issuing_office(speaks, "lind", known, None, "unknown") == "lind"
        assert issuing_office(speaks, "lind", known) == "lind"


# -- references --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("PPO-2026-123", "ppo-2026-123"),
        (" 47 Js\t123/26 ", "47js123/26"),
        ("PPO\u20132026\u2212123", "ppo-2026-123"),
        ("PPO\u00a02026", "ppo2026"),
        ("STRASSE-1\u00df", "strasse-1ss"),
        ("\uff11\uff12", "12"),
        ("\u02d7\u2043", "--"),
        ("\u00e4~_b", "\u00e4~_b"),
    ],
)
def test_a_reference_is_compared_as_it_is_read_out(text: str, read: str) -> None:
    assert plain(text) == read


CYRILLIC = "\u0420\u0420\u041e-1"  # looks like PPO-1


def test_two_references_look_alike_if_only_their_letters_differ() -> None:
    assert shapes("PPO-1") & shapes(CYRILLIC)
    assert looks_alike("PPO-1", CYRILLIC)
    assert looks_alike(CYRILLIC, "PPO-1")
    assert looks_alike("PPO\u20131 ", "PPO-1")
    assert looks_alike("PPO\u2e3a1", "PPO-1"), "every dash is one"
    assert not looks_alike("PPO-1", "PPO-I")
    assert not looks_alike("PPO-1", "PPO-1"), "two of ASCII never do"
    assert not looks_alike(CYRILLIC, "PPO-2")


def quotable(reference: str, own: Collection[str] = (), begun: Collection[str] = ()) -> str:
    refused = code_of(
        check_quotable, reference, own, lambda start: [id for id in begun if id.startswith(start)], ["orn"]
    )
    if refused is None:
        return ""
    assert (refused.code, refused.where) == ("FACT", "order-issued.reference")
    return f"{refused.says} | {refused.hint}"


@pytest.mark.parametrize(
    "reference", ["PPO-2026-123", "47 Js 123/26", "lind/7", "orn", "orn-7", "x orn/7", "12345678", "1234567", "abcdef7"]
)
def test_a_reference_that_can_be_typed_and_names_nothing_else_is_quotable(reference: str) -> None:
    assert quotable(reference) == ""


@pytest.mark.parametrize(
    ("reference", "simple"),
    [("a  b", "a b"), ("a\u00a0b", "a b"), ("a\u2013b", "a-b"), ("a\u2212b  c", "a-b c"), ("a\tb", "a b")],
)
def test_a_reference_has_single_blanks_and_plain_dashes(reference: str, simple: str) -> None:
    assert quotable(reference).startswith("expected a reference without white space but single blanks")
    assert quotable(reference).endswith(f"| such as {simple}")
    assert quotable(reference, own=[reference]) == "", "one that the order has already is not asked again"


def test_a_reference_does_not_begin_as_one_of_an_office() -> None:
    for reference in ("orn/7", "orn/ 7", "\uff4f\uff52\uff4e/7"):
        assert quotable(reference).startswith("expected a reference that does not begin as OFFICE/REFERENCE")
        assert quotable(reference).endswith("| orn is an office; such as 7")


def test_a_reference_begins_no_id_of_an_order() -> None:
    says = "expected a reference that begins no id"
    for reference in ("1234567a", "1234abcd-12", "1234 ABCD", "12345678-90ab"):
        assert quotable(reference).startswith(says), reference
    assert quotable("12345678-9", begun=["12345678-0000"]).startswith(says)
    assert quotable("12345678-9", begun=["12345679-0000"]) == ""
    assert quotable("1234567", begun=["1234567a-0000"]) == ""
    assert quotable("x12345678", begun=["12345678-0000"]) == ""


TAKEN = [("8f14e45f-0000", "PPO-1", ["ilves"]), ("c9f0f895-0000", "PPO-1", ["lind"])]


def test_an_office_issues_one_order_under_a_reference() -> None:
    check_reference("PPO-1", "orn", "new", TAKEN)
    check_reference("PPO-1", "ilves", "8f14e45f-0000", TAKEN)
    check_reference("PPO-1", "ilves", "new", [])
    taken = code_of(check_reference, "PPO-1", "ilves", "new", TAKEN)
    assert taken is not None
    assert (taken.code, taken.where) == ("REFERENCE-TAKEN", "order-issued.reference")
    assert taken.says == "ilves has an order of the reference 'PPO-1' here already, 8f14e45f"
    assert taken.hint.endswith("a new version of that one: --order 8f14e45f")
    alike = code_of(check_reference, "ppo-1", "ilves", "new", TAKEN, "a column")
    assert alike is not None
    assert alike.says.endswith("here already, 8f14e45f; 'ppo-1' looks like it")
    assert alike.hint == "a column"


def test_a_reference_in_lookalike_letters_is_refused_with_these_letters() -> None:
    for fine in (("PPO-1", "orn", "new"), (CYRILLIC, "ilves", "8f14e45f-0000"), ("PPO-1", "ilves", "new")):
        check_lookalike(*fine, TAKEN)
    alike = code_of(check_lookalike, CYRILLIC, "ilves", "new", TAKEN)
    assert alike is not None
    assert (alike.code, alike.where) == ("REFERENCE-ALIKE", "order-issued.reference")
    assert "ilves has an order of the reference 'PPO-1' here, 8f14e45f" in alike.says
    assert "is of other letters (\u041e U+041E, \u0420 U+0420)" in alike.says
    assert "`comity issue --lookalike`" in alike.hint
