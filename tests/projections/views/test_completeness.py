"""What an order lacks is judged as if it were sent now, to its first provider, unless it was sent already."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ledger.entries.case import Case
from ledger.law import Judgement, judge
from projections.views import completeness
from projections.views.completeness import known_register, lacking, lint
from tests.support.scenarios import given, issued, sent

NOW = datetime(2027, 3, 5, 9, tzinfo=UTC)
ORDER: dict[str, Any] = {"instrument": "2AP-7", "from_party": "XO", "to_party": "XV"}


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Case, datetime]]:
    seen: list[tuple[Case, datetime]] = []

    def kept(case: Case, now: datetime) -> Judgement:
        seen.append((case, now))
        return judge(case, now)

    monkeypatch.setattr(completeness, "judge", kept)
    return seen


@pytest.mark.parametrize(
    ("providers", "addressee"), [(["skylark", "fjord"], "skylark"), ([], "addressee"), (None, "addressee")]
)
def test_an_order_is_judged_as_sent_now_by_its_issuer_to_its_first_provider(
    providers: list[str] | None, addressee: str, judged: list[tuple[Case, datetime]]
) -> None:
    public = ORDER | {"issuing_authority": "ilves"} | ({} if providers is None else {"providers": providers})
    register = known_register(NOW)
    lint(public, {"identifiers": ["a"]}, register, NOW, "post")
    ((case, now),) = judged
    first, last = case.entries
    assert now == NOW
    assert (first.kind, first.public, first.sealed, first.seq, first.index) == (
        *("order-issued", public, {"identifiers": ["a"]}, 1, 0),
    )
    assert (last.kind, last.public, last.sealed, last.seq, last.index) == (
        *("order-transmitted", {"addressee": addressee, "channel": "post"}, {}, 2, 1),
    )
    for entry in (first, last):
        assert (entry.on, entry.at, entry.instrument, entry.role, entry.speaks) == (NOW, NOW, "2AP-7", "ISS", "act")
        assert entry.order == case.order
    assert (first.by, first.party, case.instrument) == ("ilves", "XO", "2AP-7")
    assert first.leaf != last.leaf
    assert case.registry == tuple(register)


def test_an_order_that_was_sent_is_judged_as_it_is(judged: list[tuple[Case, datetime]]) -> None:
    on_its_way = given(issued("2027-03-01T09:00Z"), sent("2027-03-01T10:00Z")).case
    lacking(on_its_way, NOW, "post")
    assert judged == [(on_its_way, NOW)]
    unsent = given(issued("2027-03-01T09:00Z")).case
    lacking(unsent, NOW, "courier")
    (case, _) = judged[1]
    assert case.entries[:-1] == unsent.entries
    assert (case.entries[-1].kind, case.entries[-1].public["addressee"]) == ("order-transmitted", "skylark")
    assert (case.order, case.registry, case.label) == (unsent.order, unsent.registry, unsent.label)


def test_what_is_missing_names_the_fields_that_are_not_stated_and_no_other() -> None:
    found = {each.code: each for each in lint(ORDER, {}, known_register(NOW), NOW, "provider-portal")}
    stated = ORDER | {"offences": ["fraud"], "issuing_authority": "ilves"}
    less = {each.code: each for each in lint(stated, {}, known_register(NOW), NOW, "provider-portal")}
    assert found.keys() > less.keys()
    for each in found.values():
        assert each.says
        assert each.add
        assert each.cite
    for each in less.values():
        assert "offences:" not in each.add
        assert "issuing_authority:" not in each.add


def test_the_register_of_the_known_parties_was_there_a_second_before_and_says_what_each_declared() -> None:
    register = known_register(NOW)
    assert [entry.index for entry in register] == list(range(len(register)))
    assert [entry.seq for entry in register] == list(range(1, len(register) + 1))
    assert len({entry.leaf for entry in register}) == len(register)
    assert {(NOW - entry.on).total_seconds() for entry in register} == {1.0}
    parties = [entry.public["party"] for entry in register if entry.kind == "party-registered"]
    assert len(parties) == len({*parties}) > 1
    for entry in register:
        if entry.kind == "declaration-recorded":
            assert entry.public["party"] in parties
            assert datetime.fromisoformat(entry.public["valid_from"]).year > 2020
