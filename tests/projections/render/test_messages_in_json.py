"""Messages in JSON: each finding and error can be said again from its pattern and values, which show nothing more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.session.ledger_reader import reading
from ledger.errors import RecordError
from ledger.facts import KINDS, FactError, build
from ledger.law import judge
from ledger.messages import Message, plain, rebuilt
from projections.documents.judgement import finding_item
from projections.render.translation import translation
from server.problems import in_language, problem_of
from tests.support.cli import ledger_of

SEALED = [(kind, name) for kind, fact in KINDS.items() for name, field in fact.fields().items() if field.sealed]


def texts(value: Any) -> list[str]:
    """Return every text in the values of a message, without its patterns."""
    match value:
        case {"id": _, "values": values}:
            return [text for each in values for text in texts(each)]
        case dict():
            return []
        case _:
            return [str(value)]


@pytest.mark.parametrize(
    "story", ["wrong-on-every-count", "receipts-in-doubt", "more-than-was-asked", "key-in-wrong-hands"]
)
def test_a_finding_is_said_again_from_json_and_its_values_show_no_more_than_its_words(
    story: str, tmp_path: Path
) -> None:
    with reading(ledger_of(story, tmp_path)) as reader:
        found = [f for label in reader.labels for f in judge(reader.case(label), reader.now()).findings]
    assert found != []
    for finding in found:
        item = finding_item(finding)
        assert item.message_id
        again = rebuilt(json.loads(json.dumps({"id": item.message_id, "values": item.values})))
        assert (str(again), translation("de").words(again)) == (finding.says, translation("de").words(finding.says))
        assert [text for value in item.values for text in texts(value) if text not in finding.says] == []


@given(st.sampled_from(SEALED), st.text("ŦɎʒ", min_size=3, max_size=9))
def test_an_error_about_a_sealed_value_has_it_neither_in_its_words_nor_in_its_values(
    place: tuple[str, str], secret: str
) -> None:
    kind, name = place
    for value in (f"{secret}\x00", {secret: secret}, [{secret: secret}], {"files": [{"name": secret, "no": secret}]}):
        with pytest.raises(FactError) as refused:
            build(kind, {}, {name: value})
        sent = msgspec.json.encode(problem_of(refused.value), enc_hook=plain).decode()
        assert secret not in json.dumps(json.loads(sent), ensure_ascii=False)


@pytest.mark.parametrize("lang", ["en", "de", "fr"])
def test_a_problem_has_the_same_pattern_and_values_in_each_language(lang: str) -> None:
    says = Message("{0} does not hold the role {1}", "ilves", "ISS")
    problem = in_language(problem_of(RecordError("KEY-ROLE", says, hint=Message("try again"))), lang)
    assert (problem.message_id, problem.values) == (says.id, ["ilves", "ISS"])
    assert (problem.hint_id, problem.hint_values) == ("try again", [])
    assert problem.detail == translation(lang).words(says)


def test_the_words_of_another_server_have_no_pattern() -> None:
    sent = json.loads(msgspec.json.encode(problem_of(RecordError("NEW", "something")), enc_hook=plain))
    assert {"message_id", "values", "hint_id", "hint_values"}.isdisjoint(sent)
