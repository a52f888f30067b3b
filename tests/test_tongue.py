"""Reports in another language: the catalogue is whole, and no sentence of it is left in English."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from projections.tongue import PLACE, tongue
from tests.hands import ledger_of
from tests.messages import messages
from tests.test_page import made

CATALOGUE = Path(__file__).parents[1] / "projections" / "locale" / "de" / "LC_MESSAGES" / "comity.po"


def test_every_message_has_a_translation_with_the_same_places_and_none_is_fuzzy() -> None:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="de")
    held = {m.id: m for m in catalogue if m.id}
    assert set(held) == set(messages())
    assert [m for m, said in held.items() if not said.string or said.fuzzy] == []
    assert [m for m, said in held.items() if set(PLACE.findall(str(m))) != set(PLACE.findall(str(said.string)))] == []


@pytest.mark.parametrize("kind", ["custody", "evidence-chain", "dpo", "replay"])
@pytest.mark.parametrize("story", ["S2", "S6"])
def test_no_english_sentence_of_the_catalogue_is_left_in_a_german_page(story: str, kind: str, tmp_path: Path) -> None:
    page = made(ledger_of(story, tmp_path), kind, tmp_path, "--lang", "de")
    assert '<html lang="de">' in page
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", page)))
    parts = {m: PLACE.split(m)[::2] for m in messages() if len(m.split()) > 3}
    assert [m for m, said in parts.items() if (longest := max(said, key=len)).count(" ") > 2 and longest in text] == []


def test_names_and_what_entries_state_stay_as_they_are() -> None:
    german = tongue("de")
    assert german.say("Code of Criminal Procedure of Orsinia, s. 88") == "Code of Criminal Procedure of Orsinia, s. 88"
    assert german.say("V-10-LATE: The data were not sent in time.") == (
        "V-10-LATE: Die Daten wurden nicht fristgerecht übermittelt."
    )
    assert tongue("en").say("The order has arrived.") == "The order has arrived."
