"""The form of every kind: what it shows of an entry is read back as the same values."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from ledger.entries.case import Case, Entry, Unread
from ledger.facts import KINDS
from ledger.facts.value_forms import ABSENT
from ledger.facts.value_types import DATE, INSTANT
from server.desk.forms.entry_form import EntryForm, Person
from server.desk.forms.typed import NEVER, TWICE, Errors, read, write
from server.desk.site import Frame, render, texts
from server.desk.steps import recordable
from tests.server.desk.reading import Form, sent
from tests.support.samples import sampled
from tests.support.story_files import STORY_NAMES, cases

PERSON = Person("ilves", "XO", ("ISS", "VAL", "ADM"), "Europe/Oslo")
RECORDABLE = sorted(filter(recordable, KINDS))
FRAME = Frame("en", "/record", zone="Europe/Oslo")


def form_of(kind: str, case: Case) -> EntryForm:
    return EntryForm(kind, PERSON, case, texts("en"))


def html_of(form: EntryForm, typed: dict[str, list[str]], errors: Errors) -> str:
    says = lambda frame, text: text  # noqa: E731
    fields = render("fields.html.j2", FRAME, "", sections=form.sections(typed, errors), says=says)
    return f'<form id="entry">{fields}</form>'


def stated(e: Entry) -> dict[str, Any]:
    values = {**e.public, **e.sealed}
    fields = KINDS[e.kind].fields()
    return {n: v for n, v in values.items() if n in fields and v is not None and not isinstance(v, Unread)}


def written(form: EntryForm, values: dict[str, Any]) -> dict[str, list[str]]:
    typed: dict[str, list[str]] = {}
    for name, value in values.items():
        for place, text in write(form.kind.fields()[name].form, value, f"f.{name}", "Europe/Oslo"):
            typed.setdefault(place, []).append(text)
    return typed


@cache
def empty(case_of: str) -> Case:
    return next(iter(cases(case_of).values()))


def entries(story: str) -> Iterator[tuple[Case, Entry]]:
    """Yield each entry of a story with its order, each kind with the same fields once; an alias of a key is no key."""
    seen = set()
    for case in cases(story).values():
        for e in (*case.entries, *case.registry):
            shape = repr((e.kind, sorted(stated(e).items(), key=str)))
            if e.kind in KINDS and shape not in seen and not e.kind.startswith("key-"):
                seen.add(shape)
                yield case, e


def check_read_back(story: str) -> None:
    for case, e in entries(story):
        form, values = form_of(e.kind, case), stated(e)
        shown = Form(html_of(form, written(form, values), Errors()))
        errors = Errors()
        fields = {name: field.form for name, field in form.kind.fields().items()}
        back = {name: read(inner, sent(shown.pairs), f"f.{name}", errors) for name, inner in fields.items()}
        assert {n: v for n, v in back.items() if v is not ABSENT} == values, (story, e.kind, errors.by_name)


@pytest.mark.parametrize("story", [name for name in ("S1", "S4", "S9") if name in STORY_NAMES])
def test_the_form_of_an_entry_is_read_back_as_the_entry(story: str) -> None:
    check_read_back(story)


@pytest.mark.slow
@pytest.mark.parametrize("story", STORY_NAMES)
def test_the_form_of_every_entry_of_every_story_is_read_back_as_the_entry(story: str) -> None:
    check_read_back(story)


@pytest.mark.parametrize("kind", [RECORDABLE[n] for n in sampled(range(len(RECORDABLE)), 4)])
def test_each_control_of_the_form_of_a_kind_has_a_label_and_an_id_of_its_own(kind: str) -> None:
    shown = Form(html_of(form_of(kind, empty("S1")), {}, Errors()))
    assert shown.names <= shown.labels
    assert len(shown.ids) == len(set(shown.ids))
    names = {name.split(".")[1].partition("@")[0] for name, _ in shown.pairs if name.startswith("f.")}
    ticked = {n for n in KINDS[kind].fields() if any(each.startswith(f"f.{n}") for each in shown.ids)}
    assert names | ticked >= set(KINDS[kind].fields())


def test_a_kind_shows_its_meaning_and_that_of_each_field() -> None:
    html = html_of(form_of("order-closed", empty("S1")), {}, Errors())
    assert KINDS["order-closed"].fields()["outcome"].says in html


def test_what_was_typed_is_kept_where_it_is_wrong() -> None:
    form = form_of("order-corrected", empty("S1"))
    typed = {"f.corrects": ["no hash"], "f.changes": ["  two\nlines "], "f.changed_fields.0": ["<offences>"]}
    errors = Errors()
    for name, field in form.kind.fields().items():
        read(field.form, typed, f"f.{name}", errors)
    shown = sent(Form(html_of(form, typed, errors)).pairs)
    assert "f.corrects" in errors.by_name
    assert {name: shown[name] for name in typed} == typed


# -- moments -----------------------------------------------------------------------------------------------------------


def moment(local: str, zone: str) -> tuple[Any, dict[str, str]]:
    errors = Errors()
    value = read(INSTANT, {"c.on": [local], "c.on@zone": [zone]}, "c.on", errors)
    return (None if value is ABSENT else value), dict(errors.by_name)


@pytest.mark.parametrize(
    ("local", "zone", "wire"),
    [
        ("2027-03-09T10:30", "Europe/Stockholm", "2027-03-09T09:30:00Z"),
        ("2027-07-09T10:30:15", "Europe/Stockholm", "2027-07-09T08:30:15Z"),
        ("2027-03-09T10:30", "UTC", "2027-03-09T10:30:00Z"),
    ],
)
def test_a_local_time_is_recorded_in_utc(local: str, zone: str, wire: str) -> None:
    assert moment(local, zone) == (wire, {})


def test_a_local_time_that_comes_twice_or_never_is_no_moment() -> None:
    assert moment("2026-10-25T02:30", "Europe/Oslo") == (None, {"c.on": TWICE})
    assert moment("2026-03-29T02:30", "Europe/Oslo") == (None, {"c.on": NEVER})


@pytest.mark.parametrize("text", ["yesterday", "2027-02-30T10:00", "2027-03-09T10:30+02:00", "9999-12-31T23:59:59"])
def test_another_text_is_no_moment(text: str) -> None:
    value, errors = moment(text, "America/New_York")
    assert value is None
    assert set(errors) == {"c.on"}


def test_a_moment_that_comes_twice_at_the_place_is_shown_in_utc() -> None:
    assert list(write(INSTANT, "2026-10-25T00:30:00Z", "c.on", "Europe/Oslo")) == [
        ("c.on", "2026-10-25T00:30:00"),
        ("c.on@zone", "UTC"),
    ]


def test_a_date_that_does_not_exist_is_an_error_of_its_field() -> None:
    errors = Errors()
    assert read(DATE, {"f.day": ["2027-02-30"]}, "f.day", errors) is ABSENT
    assert set(errors.by_name) == {"f.day"}


# -- lists and objects -------------------------------------------------------------------------------------------------

MANIFEST = KINDS["evidence-received"].fields()["manifest"].form


def manifest(typed: dict[str, list[str]]) -> tuple[Any, set[str]]:
    errors = Errors()
    value = read(MANIFEST, typed, "f.manifest", errors)
    return (None if value is ABSENT else value), set(errors.by_name)


def test_an_empty_row_states_nothing() -> None:
    row = {"f.manifest.files.0.name": [""], "f.manifest.files.0.size": [" "]}
    assert manifest(row) == (None, set())
    file = {
        "f.manifest.files.3.name": ["a.zip"],
        "f.manifest.files.3.size": ["7"],
        "f.manifest.files.3.sha256": ["0" * 64],
    }
    value, errors = manifest({**row, **file, "f.manifest.elements.0": ["name"]})
    assert (value, errors) == (
        {"elements": ["name"], "files": [{"name": "a.zip", "size": 7, "sha256": "0" * 64}]},
        set(),
    )


def test_an_error_is_beside_the_member_that_is_wrong_or_missing() -> None:
    typed = {"f.manifest.files.0.name": ["a.zip"], "f.manifest.files.0.size": ["many"]}
    assert manifest(typed) == (None, {"f.manifest.files.0.size", "f.manifest.elements"})


def test_a_list_that_is_stated_to_be_empty_is_not_the_same_as_none() -> None:
    elements = MANIFEST.members["elements"]  # type: ignore[union-attr]
    assert read(elements, {"f.e@none": ["1"]}, "f.e", Errors()) == []
    assert read(elements, {}, "f.e", Errors()) is ABSENT
