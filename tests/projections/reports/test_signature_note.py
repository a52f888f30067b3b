"""The words of a paper about its electronic signature."""

from __future__ import annotations

from projections.render.translation import translation
from projections.reports.signature_note import signature_note


def test_a_signed_paper_names_who_signs_and_whether_an_authority_confirms_when() -> None:
    note = signature_note("Dina Ilves", "CN=Dina Ilves,O=Karsk", stamped=True)
    who, proves, when = note.says
    assert "Signed electronically by Dina Ilves (CN=Dina Ilves,O=Karsk)" in who
    assert "It proves nothing about what the file says." in proves
    assert when == "A time-stamp authority confirms when it was signed."
    assert signature_note("A", "CN=A", stamped=False).says[2].startswith("No time-stamp authority")


def test_a_copy_without_its_signature_says_that_it_is_not_signed() -> None:
    assert "A copy for which it shows none is not signed." in signature_note("A", "CN=A", stamped=True).says[0]


def test_the_name_in_a_certificate_is_one_line_and_hides_no_character() -> None:
    note = signature_note("A\n\tB\u202ec", "CN=A\nB\u202ec", stamped=True)
    assert (note.name, note.subject) == ("A B<U+202E>c", "CN=A B<U+202E>c")
    assert "\n" not in note.says[0]


def test_what_a_paper_says_of_its_signature_is_said_in_german_and_the_names_stay() -> None:
    german = translation("de").of(signature_note("Dina Ilves", "CN=Dina Ilves", stamped=False))
    assert german.says[0].startswith("Elektronisch signiert von Dina Ilves (CN=Dina Ilves)")
    assert german.name == "Dina Ilves"
    assert translation("de").say("Not signed electronically.") == "Nicht elektronisch signiert."
