"""A form may be sent with any names and any texts: it states a draft, or has errors at its texts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RecordError
from ledger.facts import KINDS
from server.desk.entry_pages import rows_changed
from server.desk.forms.entry_form import EntryForm, Person
from server.desk.site import texts
from server.desk.steps import recordable
from server.documents import Draft
from tests.server.desk.reading import Form
from tests.server.desk.test_forms import html_of
from tests.support.samples import examples
from tests.support.story_files import cases

NOW = datetime(2027, 4, 15, tzinfo=UTC)
CASE = max(cases("S2").values(), key=lambda case: len(case.entries))
PERSON = Person("ilves", "XO", ("ISS", "VAL"), "Europe/Oslo")
FIELDS = sorted({name for kind in KINDS.values() for name in kind.fields()})
PLACES = (
    "",
    ".0",
    ".7",
    ".0.name",
    ".files.0.size",
    ".elements.0",
    ".files.99999999.sha256",
    ".key",
    "@zone",
    "@none",
    "..",
    ".0.0",
)
names = st.one_of(
    st.builds(lambda a, b, c: f"{a}.{b}{c}", st.sampled_from("fc"), st.sampled_from(FIELDS), st.sampled_from(PLACES)),
    st.sampled_from(("c.role", "c.on", "c.on@zone", "c.replaces", "c.why", "c.whose", "c.instrument", "do", "order")),
    st.text(max_size=20),
)
values = st.one_of(
    st.sampled_from(
        ("", "ISS", "true", "7", "-1", "9" * 17, "2027-02-30", "2027-03-01T10:00", "UTC", "No/Zone", "a" * 64)
    ),
    st.text(max_size=40),
)
forms = st.dictionaries(names, st.lists(values, max_size=3), max_size=12)
kinds = st.sampled_from(sorted(filter(recordable, KINDS)))


@given(kinds, forms)
@examples(200)
def test_any_form_states_a_draft_or_has_errors_and_is_shown_again(kind: str, typed: dict[str, list[str]]) -> None:
    form = EntryForm(kind, PERSON, CASE, texts("en"))
    stated = form.state(typed, CASE.order, NOW)
    assert isinstance(stated.draft, Draft) is (not stated.errors.by_name)
    shown = Form(html_of(form, typed, stated.errors))
    assert shown.names <= shown.labels


@given(forms, st.sampled_from(("add", "remove")), names)
@examples(200)
def test_any_row_is_added_or_removed_or_nothing_is(typed: dict[str, list[str]], act: str, name: str) -> None:
    changed = rows_changed({**typed, "do": [f"{act}:{name}"]})
    if changed is not None:
        assert {n: t for n, t in changed[0].items() if n in typed and n != "do"}.items() <= typed.items()


@given(st.text(max_size=80), st.text(max_size=20))
@examples(100)
def test_an_error_of_a_whole_entry_is_of_one_control_or_of_none(where: str, code: str) -> None:
    form = EntryForm("order-closed", PERSON, CASE, texts("en"))
    place = form.place_of(RecordError(code, "", where=where))
    assert place == "" or place[:2] in ("f.", "c.")
