"""Names that read like words of this program: codes, verdicts, digests, and letters that look alike."""

from __future__ import annotations

import pytest

from ledger.formats.misleading_names import misleading
from tests.generate.reserved_names import codes, words

ORDINARY = ("Court", "May", "Richter", "Trust", "A1", "Feedback", "112", "CERT-EU", "Baden-Baden", "Enforcement")
FOREIGN = ("Суд", "Київ-Kyiv", "Κέντρο", "東京地方検察庁", "Öffentliche Anwaltschaft", "Cour d’appel", "המשטרה")


@pytest.mark.parametrize("name", [*ORDINARY, *FOREIGN, "Oberster Gerichtshof", "the ledger ledger.example/xo/court"])
def test_ordinary_words_and_words_of_another_script_are_names(name: str) -> None:
    assert misleading(name) is None


@pytest.mark.parametrize("name", ["TOTAL-PASSED", "Bestanden", "échouée", "met", "KEY-SUSPECT", "D-7-7", "DISCLOSED"])
def test_a_code_or_a_result_in_any_language_is_no_name(name: str) -> None:
    assert misleading(name) == "words"


@pytest.mark.parametrize(
    "name",
    [
        "total passed",
        "Total\u2011Passed.",
        "T O T A L  P A S S E D",
        "T0TAL-PASSED",
        "“TOTAL-PASSED”",
        "ＴＯＴＡＬ－ＰＡＳＳＥＤ",
        "ECHOUEE",
        "Integrität: bestanden",
        "ВЕSТАNDEN",
        "КЕY-SUSРЕСТ",
    ],
)
def test_case_blanks_marks_accents_and_look_alikes_make_no_other_name(name: str) -> None:
    assert misleading(name) == "words"


@pytest.mark.parametrize(
    "name", ["0badc0de", "0badc0de..", "SHA-256 0badc0de", "0BAD C0DE", "sha3-512:5a0f0badc0de", "f" * 64, "2027-03-01"]
)
def test_hex_digits_alone_are_no_name(name: str) -> None:
    assert misleading(name) == "digest"


@pytest.mark.parametrize("name", ["District Cоurt", "Кarsk", "Οslo Police"])
def test_a_word_of_two_scripts_that_look_alike_is_no_name(name: str) -> None:
    assert misleading(name) == "scripts"


def test_every_code_and_every_word_for_a_verdict_is_in_the_table() -> None:
    """Run `make reserved-names` if this fails: a catalogue or a page of codes has changed."""
    assert {text for text in codes() | words() if misleading(text) is None} == set()
