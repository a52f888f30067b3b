"""Facts: strict validation, unchanged round trip, and a sentence for every refusal."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ledger.facts
from ledger.facts import (
    KINDS,
    FactError,
    build,
    check_audience,
    check_form,
    hint_for,
    json_schema,
    kind_of,
    meant,
    misformed,
    public_of,
    sealed_of,
)
from ledger.facts.order.issued import OrderIssued
from ledger.facts.schema import describe
from ledger.facts.value_forms import FormError, check, quick_check
from ledger.facts.vocabulary import ROLES
from ledger.messages import Message
from tests.support.facts import FILE, ORDER, REFUSALS, StatedFact, facts, in_full


@given(facts())
def test_a_fact_comes_back_as_it_was_told(stated_fact: StatedFact) -> None:
    fact = build(*stated_fact)
    assert (fact.kind, public_of(fact), sealed_of(fact)) == stated_fact


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_fact_that_states_every_field_comes_back_whole(kind: str) -> None:
    stated_fact = in_full(kind)
    fact = build(*stated_fact)
    assert (fact.kind, public_of(fact), sealed_of(fact)) == stated_fact


@given(facts(), st.data())
def test_a_fact_without_a_required_field_is_refused_by_name(stated_fact: StatedFact, data: st.DataObject) -> None:
    required = sorted(name for name, field in KINDS[stated_fact.kind].fields().items() if field.required)
    if required:
        lost = data.draw(st.sampled_from(required))
        less = [
            {name: value for name, value in side.items() if name != lost}
            for side in (stated_fact.public, stated_fact.sealed)
        ]
        with pytest.raises(FactError, match=f"^FACT {stated_fact.kind}.{lost}: expected .*, got nothing$"):
            build(stated_fact.kind, *less)


@given(facts(), st.data())
def test_null_is_no_value_but_of_a_field_that_is_always_committed_to(
    stated_fact: StatedFact, data: st.DataObject
) -> None:
    fields = KINDS[stated_fact.kind].fields()
    stated = [*stated_fact.public, *stated_fact.sealed]
    if stated:
        name = data.draw(st.sampled_from(stated))
        (stated_fact.sealed if fields[name].sealed else stated_fact.public)[name] = None
        if fields[name].always:
            assert name not in sealed_of(build(*stated_fact))
        else:
            with pytest.raises(FactError, match=f"^FACT {stated_fact.kind}.{name}: expected .*, got null$"):
                build(*stated_fact)


# ---------------------------------------------------------------------------------------------------------------------
# Refusals, word by word


@pytest.mark.parametrize(
    ("stated_fact", "sentence"), REFUSALS, ids=[sentence.partition(":")[0] for _, sentence in REFUSALS]
)
def test_a_refusal_names_the_field_and_what_was_expected(stated_fact: StatedFact, sentence: str) -> None:
    with pytest.raises(FactError) as refusal:
        build(*stated_fact)
    assert str(refusal.value) == sentence


OFFICE = {"actor": "ag-lk", "party": "LK", "roles": ["ISS"], "valid_from": "2027-01-01"}
OUTCOMES = "`comity vocabulary outcomes` explains them"


@pytest.mark.parametrize(
    ("stated_fact", "hint"),
    [
        (StatedFact("order-isued", {}, {}), "did you mean order-issued?"),
        (StatedFact("provider-declined", {}, {}), "`comity vocabulary` lists them"),
        (StatedFact("order-issued", {**ORDER, "return_timefame": "P20D"}, {}), "did you mean return_timeframe?"),
        (
            StatedFact("order-closed", {"outcome": "anwsered"}, {}),
            f"did you mean answered (the order was answered)? {OUTCOMES}",
        ),
        (StatedFact("order-closed", {"outcome": "zzz"}, {}), OUTCOMES),
        (
            StatedFact("authority-registered", {**OFFICE, "roles": ["zz"]}, {}),
            f"there are {', '.join(ROLES)}; `comity vocabulary roles` explains them",
        ),
    ],
    ids=["kind", "another word", "field", "code", "nothing near", "nothing near, and not listed"],
)
def test_a_slip_of_the_pen_is_met_with_what_was_meant(stated_fact: StatedFact, hint: str) -> None:
    with pytest.raises(FactError) as refusal:
        build(*stated_fact)
    assert refusal.value.hint == hint


@pytest.mark.parametrize(
    ("expected", "got", "suggestions", "hint"),
    [
        ("a colour", "zzz", ("red", "blue"), "there are red, blue"),
        ("a colour", "zzz", ("red",), "there are red"),
        ("a colour", "redd", ("red", "blue"), "did you mean red?"),
        ("a colour", "BLUE", ("red", "blue"), "did you mean blue?"),
        ("a colour", "dar", ("dark-red", "red"), "did you mean dark-red?"),
        ("a colour", "dar", ("dark-red", "dark-blue"), "there are dark-red, dark-blue"),
        ("a colour", "da", ("dark-red", "red"), "there are dark-red, red"),
        ("a colour", 7, ("red", "blue"), "there are red, blue"),
        (Message("one of {0}", "red, blue"), "zzz", ("red", "blue"), ""),
        ("a colour", "zzz", (), ""),
        ("a number", "zzz", tuple(map(str, range(39))), f"there are {', '.join(map(str, range(39)))}"),
        ("a number", "zzz", tuple(map(str, range(40))), ""),
    ],
)
def test_the_nearest_word_is_suggested_else_all_words_that_the_message_does_not_list(
    expected: str, got: object, suggestions: tuple[str, ...], hint: str
) -> None:
    assert hint_for(FormError(expected, got, "", suggestions)) == hint


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ({"name": "a", "size": 1}, ": expected sha256 or sha512 or digest, got nothing"),
        ({**FILE, "size": -1}, ".size: expected a size in bytes, 0 or more, got a number"),
        ({**FILE, "size": True}, ".size: expected a size in bytes, 0 or more, got true or false"),
        ({**FILE, "sha256": "6A" * 32}, ".sha256: expected a SHA-256, 64 hex digits in lower case, got a string"),
        ({**FILE, "sha512": "6a" * 32}, ".sha512: expected a SHA-512, 128 hex digits in lower case, got a string"),
        (
            {**FILE, "name": ""},
            ".name: expected the name of a file without its folders, such as return.zip, got a string",
        ),
        ("a", ": expected an object with name, size, sha256, sha512, digest, got a string"),
    ],
)
def test_a_file_that_was_handed_over_has_a_name_a_size_and_a_digest(file: Any, sentence: str) -> None:
    with pytest.raises(FactError) as refusal:
        build("data-returned", {"scope": "all"}, {"manifest": {"elements": [], "files": [FILE, file]}})
    assert str(refusal.value) == f"FACT data-returned.manifest.files[1]{sentence}"


def test_a_refusal_never_repeats_a_sealed_value() -> None:
    with pytest.raises(FactError) as refusal:
        build("order-issued", ORDER, {"identifiers": ["ana@example.org\u202e"]})
    assert "ana" not in f"{refusal.value} {refusal.value.hint}"


@pytest.mark.parametrize("good", ["P20D", "PT8H", "P1M", "P2W", "P1Y2M3DT4H5M6S", "PT90M", "P0D"])
def test_a_duration_of_whole_numbers_is_one(good: str) -> None:
    assert public_of(build("preservation-extended", {"extends_by": good}, {})) == {"extends_by": good}


@pytest.mark.parametrize(
    "bad", ["P", "PT", "P1DT", "20D", "P1.5D", "P-1D", "P1W2D", "P1D2M", "p1d", "P1234567D", "P1D\n"]
)
def test_anything_else_is_no_duration(bad: str) -> None:
    with pytest.raises(FactError, match="expected an ISO 8601 duration such as P20D"):
        build("preservation-extended", {"extends_by": bad}, {})


@pytest.mark.parametrize(
    "bad",
    [
        "2026-11-24T24:00:00Z",
        "2026-11-24T13:37:60Z",
        "2026-11-24 13:37:44Z",
        "2026-11-24T13:37:44.0Z",
        "2026-11-24T13:37:44Z\n",
        "2026-11-31T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "٢٠٢٦-11-24T13:37:44Z",
    ],
)
def test_an_instant_has_one_form_and_has_to_exist(bad: str) -> None:
    with pytest.raises(FactError, match="expected an instant in UTC"):
        build("compliance-ordered", {"new_due": bad}, {})


@pytest.mark.parametrize("element", ["name", "message-content#mailbox-2", "login-ip#0"])
def test_a_label_tells_several_elements_of_a_kind_apart(element: str) -> None:
    assert public_of(build("no-data-held", {"elements": [element]}, {})) == {"elements": [element]}


@pytest.mark.parametrize("element", ["name#", "name#Mailbox", "name#a#b", "name #a", "", "names"])
def test_an_element_is_known_and_its_label_plain(element: str) -> None:
    with pytest.raises(FactError, match=r"no-data-held.elements\[0\]: expected a data element"):
        build("no-data-held", {"elements": [element]}, {})


@pytest.mark.parametrize("point", [0x00, 0x09, 0x0D, 0x7F, 0x85, *range(0x202A, 0x202F), 0x2066, 0x2069])
def test_text_hides_and_reorders_nothing(point: int) -> None:
    with pytest.raises(FactError, match="without control or bidi-control characters"):
        build("order-maintained", {"answers": "0a" * 32}, {"reasons": f"a{chr(point)}b"})


@pytest.mark.parametrize("point", [0x61C, 0x200C, 0x200D, 0x200E, 0x200F, 0xFE0F, 0xE0100, 0x200B, 0xFEFF, 0x2028])
def test_what_nobody_sees_may_stand_in_free_text_and_in_no_name(point: int) -> None:
    reasons = f"a{chr(point)}b"
    assert sealed_of(build("order-maintained", {"answers": "0a" * 32}, {"reasons": reasons})) == {"reasons": reasons}
    with pytest.raises(FactError, match=rf"without U\+{point:04X}, which has no shape of its own, got"):
        build("order-issued", {**ORDER, "case_ref": f"KA{chr(point)}-2027"}, {})
    with pytest.raises(FactError, match=rf"without U\+{point:04X}"):
        build("order-issued", ORDER, {"identifiers": [f"ana{chr(point)}@example.org"]})


def test_a_name_in_a_script_that_joins_letters_may_join_them() -> None:
    for language, name in (("si", "ශ්‍රී ලංකා"), ("fa", "می‌خواهم")):
        assert public_of(build("authority-registered", {**OFFICE, "names": {language: name}}, {}))["names"]
    for hidden in "‍‌️​":
        with pytest.raises(FactError, match="has no shape of its own"):
            build("authority-registered", {**OFFICE, "names": {"en": f"Attorney{hidden} General"}}, {})
    with pytest.raises(FactError, match=r"U\+200B"):
        build("authority-registered", {**OFFICE, "names": {"fa": "می​خ"}}, {})


@pytest.mark.parametrize("point", [0x378, 0x1E08F, 0x1FAE8, 0xFDD0, 0xFFFE, 0x10FFFF, 0x2FE0])
def test_no_text_holds_what_unicode_has_not_assigned(point: int) -> None:
    for public, sealed in (({"case_ref": f"K{chr(point)}"}, {}), ({}, {"summary_of_facts": f"a{chr(point)}"})):
        with pytest.raises(FactError, match=rf"without U\+{point:04X}, which Unicode 14.0 does not have"):
            build("order-issued", {**ORDER, **public}, sealed)


def test_text_is_in_normal_form_and_made_of_characters() -> None:
    with pytest.raises(FactError, match="in Unicode normalisation form C"):
        build("order-maintained", {"answers": "0a" * 32}, {"reasons": "e\u0301"})
    with pytest.raises(FactError, match="got a string"):
        build("order-maintained", {"answers": "0a" * 32}, {"reasons": "\ud800"})


def test_free_text_may_have_lines_and_joiners() -> None:
    reasons = "می\u200cخواهم\nsecond line \N{MAN}\u200d\N{WOMAN}"
    assert sealed_of(build("order-maintained", {"answers": "0a" * 32}, {"reasons": reasons})) == {"reasons": reasons}


def test_an_empty_list_is_stated() -> None:
    said = {"party": "XO", "zone": "Europe/Stockholm", "declarations_verified": True, "holidays": []}
    assert public_of(build("party-registered", said, {})) == said


def test_readers_other_than_the_vocabularys_are_known_roles_of_a_sealed_field() -> None:
    check_audience("data-disclosed", {"manifest": ["ISS", "CT"]})
    with pytest.raises(FactError, match=r"^FACT data-disclosed.manifest: expected roles as readers, got 'COURT'$"):
        check_audience("data-disclosed", {"manifest": ["COURT"]})
    with pytest.raises(FactError, match=r"^FACT data-disclosed.channel: expected among the public fields"):
        check_audience("data-disclosed", {"channel": ["CT"]})
    with pytest.raises(FactError, match=r"^FACT data-disclosed: expected a field of data-disclosed, got 'files'$"):
        check_audience("data-disclosed", {"files": ["CT"]})


# ---------------------------------------------------------------------------------------------------------------------
# The rules of every class


def test_a_fact_is_frozen_and_told_by_keyword() -> None:
    fact = OrderIssued(instrument="2AP-7", from_party="XO", to_party="XV")
    assert fact == build("order-issued", ORDER, {})
    with pytest.raises(AttributeError):
        fact.to_party = "XN"  # type: ignore[misc]
    with pytest.raises(TypeError):
        OrderIssued("2AP-7", "XO", "XV")  # type: ignore[call-arg]


def test_a_kind_is_found_by_its_name_on_the_wire() -> None:
    assert kind_of("order-issued") is OrderIssued
    assert (OrderIssued.kind, OrderIssued.group, OrderIssued.schema) == ("order-issued", "order", 1)


def test_free_text_is_always_sealed_and_sealed_fields_have_readers() -> None:
    fields = [field for cls in KINDS.values() for field in cls.fields().values()]
    assert [field.name for field in fields if field.type == "text" and not field.sealed] == []
    assert [field.name for field in fields if field.sealed is not bool(field.audience)] == []


def test_signers_and_readers_are_roles() -> None:
    for cls in KINDS.values():
        readers = {role for field in cls.fields().values() for role in field.audience}
        assert {*cls.signers, *cls.shown_to, *readers} <= ROLES.keys(), cls.kind
        assert "CUST" not in cls.signers, "the person whose data are sought does not sign"


def test_no_field_has_a_name_that_the_wire_or_the_class_needs() -> None:
    taken = {"_sd", "_sd_alg", "...", "kind", "group", "says", "schema", "basis", "signers", "shown_to", "fields"}
    for cls in KINDS.values():
        assert taken.isdisjoint(cls.fields()), cls.kind
        assert all(re.fullmatch("[a-z_][a-z0-9_]{0,63}", name) for name in cls.fields()), cls.kind


ODD: tuple[object, ...] = (
    *(
        "",
        " ",
        "a",
        "a\n",
        "a\nb",
        "Ä",
        "\u200b",
        "\ud800",
        "e\u0301",
        "2AP-7",
        "SP",
        "2027-03-01",
        "2027-02-30",
        "P20D",
    ),
    *(
        "2027-03-01T00:00:00Z",
        "ab" * 32,
        "AB" * 32,
        "main",
        "skylark",
        "XO",
        "true",
        0,
        1,
        -1,
        1 << 53,
        1.0,
        True,
        False,
    ),
    *(None, [], ["a"], ["Ä"], [1], [["a"]], ["SP", "SP"], {}, {"a": "b"}, {"en": "a"}, [{"a": 1}]),
)


def test_a_value_that_plainly_has_a_form_has_it() -> None:
    asked = 0
    for fact in KINDS.values():
        for field in fact.fields().values():
            for value in ODD:
                with suppress(TypeError):  # a TypeError says that the value has no plain form
                    if quick_check(field.form)(value):
                        check(field.form, value)
                        asked += 1
    assert asked > 1_000


@pytest.mark.parametrize("kind", ["order-issued", "a-kind-of-a-later-version"])
@pytest.mark.parametrize("value", [7, None, ["a"], {"a": "b"}, True])
def test_the_reason_of_a_replacement_is_a_text_whatever_the_kind(kind: str, value: object) -> None:
    schema = KINDS["order-issued"].schema
    assert misformed(kind, schema, {"why": "it was mistyped"}) == {}
    (error,) = misformed(kind, schema, {"why": value}).values()
    assert (error.code, error.says, error.where) == ("FACT", "expected text", f"{kind}.why")


def test_a_sealed_value_of_another_form_is_said_by_its_field_and_never_repeated() -> None:
    schema = KINDS["order-issued"].schema
    errors = misformed("order-issued", schema, {"identifiers": [7], "summary_of_facts": "a text", "unknown": 7})
    assert list(errors) == ["identifiers"]
    assert errors["identifiers"].where.startswith("order-issued.identifiers")
    assert "7" not in errors["identifiers"].says
    assert misformed("order-issued", schema + 1, {"identifiers": [7]}) == {}


def test_null_has_the_form_of_a_sealed_field_that_is_always_committed_to_and_of_no_other() -> None:
    schema = KINDS["order-issued"].schema
    values = {"circumstances": None, "summary_of_facts": None, "identifiers": None}
    assert KINDS["order-issued"].fields()["circumstances"].always
    assert list(misformed("order-issued", schema, values)) == ["summary_of_facts", "identifiers"]
    assert list(misformed("order-issued", schema, {"circumstances": 7})) == ["circumstances"]
    assert misformed("order-issued", schema, {"circumstances": None}) == {}
    assert sealed_of(build("order-received", {}, {"circumstances": None})) == {}
    with pytest.raises(FactError, match=r"order-received.about: expected .*, got null"):
        build("order-received", {"about": None}, {})


def test_the_reason_of_a_replacement_is_sealed_and_no_public_field() -> None:
    kind, public, sealed = in_full("evidence-received")
    for name in ("why", "nothing"):
        with pytest.raises(FactError) as refused:
            build(kind, {**public, name: "it was mistyped"}, sealed)
        assert f"expected a field of evidence-received, got {name!r}" in refused.value.says
        assert refused.value.where == "evidence-received"
    with pytest.raises(FactError, match="got 'why'"):  # sealed, it belongs to the envelope
        build(kind, public, {**sealed, "why": "it was mistyped"})


GOT: list[tuple[object, str, str]] = [  # a value, how it is named in public, how it is named of a sealed field
    (None, "null", "null"),
    (True, "true", "true or false"),
    (False, "false", "true or false"),
    (7, "7", "a number"),
    (["a"], "a list", "a list"),
    ({"a": 1}, "an object", "an object"),
    ("x\n", r"'x\n'", "a string"),
    ("x" * 78, f"'{'x' * 78}'", "a string"),
    ("x" * 79, f"'{'x' * 75}...'", "a string"),
]


@pytest.mark.parametrize(("value", "public", "sealed"), GOT)
def test_a_wrong_value_is_named_in_at_most_80_letters_and_a_sealed_one_by_its_type(
    value: Any, public: str, sealed: str
) -> None:
    with pytest.raises(FactError) as refused:
        build("order-issued", {**ORDER, "instrument": value}, {})
    assert refused.value.says == f"expected the code of an instrument such as 2AP-7, got {public}"
    wrong = [value] if not isinstance(value, list) else [[]]
    if not isinstance(value, str) or "\n" in value:
        with pytest.raises(FactError) as refused:
            build("order-issued", ORDER, {"identifiers": wrong})
        assert refused.value.says.endswith(f", got {sealed}")
        assert refused.value.where == "order-issued.identifiers[0]"


def form_code(public: dict[str, Any], sealed: tuple[str, ...] = (), kind: str = "order-issued") -> str:
    """Return what is said of a recorded entry with these public fields and names of sealed ones; empty if nothing."""
    always = tuple(name for name, field in KINDS[kind].fields().items() if field.sealed and field.always)
    try:
        check_form(kind, public, always + sealed)
    except FactError as wrong:
        return f"{wrong.where}: {wrong.says}"
    return ""


def test_a_recorded_entry_has_the_form_of_its_kind_without_the_rules_before_signing() -> None:
    for more in (
        {},
        {"reference": "new"},
        {"date_issued": "2028-02-29"},
        {"case_ref": "\u200b"},
        {"template": "\u00e4"},
    ):
        assert form_code({**ORDER, **more}) == ""
    for template in ("a", "\u00e4"):  # read at a quick look, and in full
        assert form_code({**ORDER, "template": template}, ("identifiers", "why")) == ""
    check_audience("order-issued", {"why": ["CT"]})


@pytest.mark.parametrize(
    ("public", "sealed", "says"),
    [
        ({"instrument": "2AP-7", "from_party": "XO"}, (), "order-issued.to_party: expected the code of a Party"),
        ({**ORDER, "to_party": "xv"}, (), "order-issued.to_party: expected the code of a Party"),
        ({**ORDER, "instrument": []}, (), "order-issued.instrument: expected the code of an instrument"),
        ({**ORDER, "date_issued": "2027-02-29"}, (), "order-issued.date_issued: expected a date"),
        ({**ORDER, "date_issued": None}, (), "order-issued.date_issued: expected a date"),
        ({**ORDER, "colour": "red"}, (), "order-issued: expected a field of order-issued, got 'colour'"),
        ({**ORDER, "why": "x"}, (), "order-issued: expected a field of order-issued, got 'why'"),
        (
            {**ORDER, "identifiers": ["x"]},
            (),
            "order-issued.identifiers: expected among the sealed fields, got it among",
        ),
        (ORDER, ("colour",), "order-issued: expected a field of order-issued, got 'colour'"),
        (ORDER, ("reference",), "order-issued.reference: expected among the public fields, got it among the sealed"),
    ],
)
def test_a_recorded_entry_without_the_form_of_its_kind_is_named_by_the_field(
    public: dict[str, Any], sealed: tuple[str, ...], says: str
) -> None:
    assert form_code(public, sealed).startswith(says)


def test_a_recorded_entry_commits_to_every_field_that_its_kind_always_has() -> None:
    check_form("order-closed", {"outcome": "answered"}, [])
    with pytest.raises(FactError, match=r"^FACT order-closed.outcome: expected .*, got nothing$"):
        check_form("order-closed", {}, [])
    check_form("order-received", {}, ["circumstances"])
    with pytest.raises(
        FactError, match=r"^FACT order-received.circumstances: expected among the sealed fields, got nothing$"
    ):
        check_form("order-received", {}, [])


def test_of_the_sealed_fields_that_an_entry_lacks_the_first_is_named() -> None:
    with pytest.raises(FactError, match=r"^FACT protection-examined.privilege_condition: expected among the sealed"):
        check_form("protection-examined", {}, [])


@pytest.mark.parametrize("kind", ["consultation-opened", "order-withdrawn", "order-transmitted", "no-data-held"])
def test_an_entry_with_the_fewest_or_all_fields_and_plain_values_is_read_at_a_quick_look(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, public, sealed = in_full(kind)
    fields = KINDS[kind].fields()
    fewest = {name: value for name, value in public.items() if fields[name].required}
    always = [name for name in sealed if fields[name].required or fields[name].always]

    def in_depth(*_: object, **__: object) -> dict[str, Any]:
        raise AssertionError("the forms of its fields were asked one by one")

    monkeypatch.setattr(ledger.facts, "_checked", in_depth)
    for stated in (fewest, public):
        for names in (always, [*sealed], [*sealed, "why"]):
            check_form(kind, stated, names)
    with pytest.raises(AssertionError, match="one by one"):
        check_form(kind, public, [*sealed, "added_later"])
    with pytest.raises(AssertionError, match="one by one"):
        check_form(kind, {**public, "added_later": 1}, [*sealed])


def test_the_schema_of_a_kind_is_that_of_its_class() -> None:
    assert json_schema("order-issued") == describe(OrderIssued)
    with pytest.raises(FactError, match=r"^FACT-KIND: expected a kind of the vocabulary, got 'order-isued'$"):
        json_schema("order-isued")


@pytest.mark.parametrize(
    ("word", "known", "question"),
    [
        ("order-isued", ["order-issued", "order-closed"], "did you mean order-issued?"),
        ("XO", ["xo"], "did you mean xo?"),
        ("REDD", ["reed", "Red"], "did you mean Red?"),
        ("pro", ["Provider", "other"], "did you mean Provider?"),
        ("pr", ["Provider", "other"], ""),
        ("pro", ["Provider", "prosecutor"], ""),
        ("zzz", ["a", "b"], ""),
        ("a", [], ""),
        (7, ["7"], ""),
        (None, ["none"], ""),
    ],
)
def test_a_mistyped_word_is_met_with_the_one_known_word_that_is_near(
    word: object, known: list[str], question: str
) -> None:
    assert meant(word, known) == question


def test_a_kind_says_of_each_field_what_its_class_says() -> None:
    fields = KINDS["order-issued"].fields()
    public, sealed, always = fields["instrument"], fields["identifiers"], fields["circumstances"]
    assert (public.type, public.required, public.sealed, public.audience, public.always) == (
        "instrument",
        True,
        False,
        (),
        False,
    )
    assert (sealed.required, sealed.sealed, sealed.always, always.always) == (False, True, False, True)
    assert "ISS" in sealed.audience
    assert (public.one_of, fields["reference"].one_of) == ((), ())
    assert KINDS["order-closed"].fields()["outcome"].one_of[0] == "answered"
    assert "provider-portal" in fields["return_manner"].one_of
    assert fields["data_categories"].one_of, "the codes of a list are those of its items"
    assert public.says == "The instrument under which it is made."
