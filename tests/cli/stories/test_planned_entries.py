"""A story is read into the entries that a ledger records: its defaults, and the key that signs each entry."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cli.exit_codes import Exit, Stop
from cli.stories.model import Story, read_story
from cli.stories.planned_entries import PlannedEntry, plan_entries, public_of, registrar, seed_of
from ledger.entries.case import wire
from ledger.facts import build

STORIES = sorted((Path(__file__).parents[3] / "fixtures" / "stories").glob("*.toml"))

HEAD = """
story = "T"
title = "A test"
source = "fictional"
[parties.XO]
name = "Orsinia"
zone = "Atlantic/Reykjavik"
holidays = [2027-01-01]
declarations = ["D-9-5", "N-7-5-b"]
declarations_verified = true
designates = { D-9-5 = "ilves" }
terms = { D-9-5 = "P14D", N-7-5-b = ["media-account"] }
[actors.ilves]
name = "Dina Ilves"
office = "Prosecutor's Office"
party = "XO"
roles = ["ISS"]
[actors.skylark]
name = "Skylark AS"
office = "desk"
party = "XO"
roles = ["SP"]
key = "none"
[actors.keeper]
name = "Keeper"
office = "Register"
party = "XO"
roles = ["ADM"]
[orders.main]
instrument = "2AP-7"
from = "XO"
to = "XO"
"""
ISSUED = """
[[facts]]
label = "issued"
order = "main"
type = "order-issued"
by = "ilves"
as = "ISS"
on = 2027-03-02T09:00:00Z
"""


def story_with(*more: str) -> Story:
    return read_story((HEAD + "".join(more)).encode(), "T.toml")


def register_fact(kind: str, by: str, role: str, day: int, **public: str) -> str:
    stated = "\n".join(f'{name} = "{value}"' for name, value in public.items())
    said = f'type = "{kind}"\nby = "{by}"\nas = "{role}"\non = 2027-03-{day:02}T10:00:00Z'
    return f"[[facts]]\n{said}\n[facts.public]\n{stated}\n"


def deeds(story: Story, kind: str) -> list[PlannedEntry]:
    return [deed for deed in plan_entries(story) if deed.kind == kind]


@pytest.mark.parametrize("path", STORIES, ids=lambda p: p.stem)
def test_every_deed_of_every_shipped_story_is_a_fact_of_the_vocabulary(path: Path) -> None:
    story = read_story(path.read_bytes(), path.name)
    for deed in plan_entries(story):
        labels = {name for name, field in _fields(deed).items() if field in ("event", "list[event]", "order")}
        stated = {name: value for name, value in deed.public.items() if name not in labels}
        stated |= {
            name: ["0" * 64] if _fields(deed)[name].startswith("list") else _placeholder(_fields(deed)[name])
            for name in labels
            if name in deed.public
        }
        build(deed.kind, stated, deed.sealed)


def _fields(deed: PlannedEntry) -> dict[str, str]:
    from ledger.facts import kind_of

    return {name: field.type for name, field in kind_of(deed.kind).fields().items()}


def _placeholder(kind: str) -> str:
    return "00000000-0000-0000-0000-000000000000" if kind == "order" else "0" * 64


def test_a_story_is_read_with_its_moments_and_days() -> None:
    story = story_with(ISSUED)
    assert story.facts[0].at == datetime(2027, 3, 2, 9, tzinfo=UTC)
    assert story.begins == datetime(2027, 3, 1, 9, tzinfo=UTC)
    assert story.valid_from == date(2027, 3, 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not toml", "T.toml"),
        ("story = 1", "Expected `str`"),
        (HEAD, "facts"),
        ("facts = []\n" + HEAD, "at least one fact"),
        (HEAD + ISSUED.replace("ilves", "nobody"), "'nobody' is not in this story"),
        (HEAD + ISSUED.replace('"main"', '"second"'), "'second' is not in this story"),
        (HEAD + ISSUED.replace('by = "ilves"', 'by = "skylark"'), "has no key"),
        (HEAD + ISSUED.replace("09:00:00Z", "09:00:00"), "offset or Z"),
        (HEAD + ISSUED + ISSUED, "label issued is taken"),
        (HEAD + ISSUED + "lable = 'x'", "lable"),
        (HEAD.replace('party = "XO"', 'party = "XX"') + ISSUED, "'XX' is not in this story"),
    ],
)
def test_a_slip_in_a_story_is_named_with_its_place_and_is_undecidable(text: str, says: str) -> None:
    with pytest.raises(Stop) as stop:
        read_story(text.encode(), "T.toml")
    assert stop.value.code == Exit.UNDECIDABLE
    assert says in str(stop.value)
    assert str(stop.value).startswith("T.toml: ")


def test_bytes_that_are_no_text_are_undecidable() -> None:
    with pytest.raises(Stop, match="not UTF-8 at byte 0"):
        read_story(b"\xff", "T.toml")


def test_what_a_story_takes_for_granted_is_recorded_the_day_before_by_its_own_registrar() -> None:
    taken = [deed for deed in plan_entries(story_with(ISSUED)) if deed.setup]
    assert {wire(deed.at) for deed in taken} == {"2027-03-01T09:00:00Z"}
    assert {deed.by for deed in taken if deed.kind != "key-accepted"} == {"keeper"}
    assert [deed.kind for deed in taken] == [
        *("party-registered", "declaration-recorded", "declaration-recorded"),
        *("authority-registered", "key-registered", "key-accepted", "authority-registered", "authority-changed"),
    ]


def test_what_a_story_registers_itself_is_registered_once_and_not_taken_for_granted() -> None:
    party = register_fact("party-registered", "keeper", "ADM", 1, party="XO", zone="Europe/Tallinn")
    office = register_fact("authority-registered", "keeper", "ADM", 1, actor="ilves", party="XO")
    story = story_with(party, office, ISSUED)
    assert [(d.public["zone"], d.setup) for d in deeds(story, "party-registered")] == [("Europe/Tallinn", False)]
    offices = [(d.public["actor"], d.setup) for d in deeds(story, "authority-registered")]
    assert sorted(offices) == [("ilves", False), ("skylark", True)]


def test_a_story_without_a_registrar_gets_one() -> None:
    story = story_with(ISSUED)
    assert registrar(story) == ("keeper", "XO")
    without = read_story((HEAD.replace('roles = ["ADM"]', 'roles = ["LAB"]') + ISSUED).encode(), "T.toml")
    assert registrar(without) == ("registrar", "XO")


def test_terms_are_a_code_or_the_circumstances_a_declaration_names() -> None:
    period, circumstances = (dict(d.public) for d in deeds(story_with(ISSUED), "declaration-recorded"))
    assert period["terms"] == "P14D"
    assert "named_circumstances" not in period
    assert circumstances["named_circumstances"] == ["media-account"]
    assert circumstances["valid_from"] == "2027-03-01"


def test_an_office_of_the_paper_world_is_registered_without_a_key() -> None:
    story = story_with(ISSUED)
    assert "skylark" in {deed.public["actor"] for deed in deeds(story, "authority-registered")}
    assert "skylark" not in {deed.public["actor"] for deed in deeds(story, "key-registered")}


def test_no_person_is_named_in_the_register() -> None:
    names = {d.public["actor"]: d.public["names"]["en"] for d in deeds(story_with(ISSUED), "authority-registered")}
    assert names == {"ilves": "Prosecutor's Office", "skylark": "Skylark AS"}


def test_a_treaty_assumed_to_be_in_force_stands_with_every_party() -> None:
    story = read_story(
        (HEAD.replace("[parties.XO]", "assume_in_force = { 2AP = 2027-01-01 }\n[parties.XO]", 1) + ISSUED).encode(), "T"
    )
    assert deeds(story, "party-registered")[0].public["in_force"] == ["2AP=2027-01-01"]


def test_what_stands_with_the_order_is_filled_in_where_the_fact_leaves_it_out() -> None:
    assert dict(deeds(story_with(ISSUED), "order-issued")[0].public) == {
        "instrument": "2AP-7",
        "from_party": "XO",
        "to_party": "XO",
    }


def test_a_key_that_is_rotated_by_itself_committed_to_its_successor_before() -> None:
    first, second, third = (public_of(seed_of("T", "ilves", name)) for name in ("first", "second", "third"))
    story = story_with(
        register_fact("key-rotated", "ilves", "ISS", 1, actor="ilves", old_key="one", new_key="second"),
        register_fact("key-rotated", "ilves", "ISS", 3, actor="ilves", old_key="second", new_key="third"),
        ISSUED.replace("03-02", "03-04"),
    )
    registered = deeds(story, "key-registered")[0]
    assert registered.public["key"] == first
    assert registered.public["next_key_sha256"] == hashlib.sha256(bytes.fromhex(second)).hexdigest()
    one, two = deeds(story, "key-rotated")
    assert (one.public["old_key"], one.public["new_key"], public_of(one.seed)) == (first, second, first)
    assert one.public["next_key_sha256"] == hashlib.sha256(bytes.fromhex(third)).hexdigest()
    assert (two.public["old_key"], two.public["new_key"], public_of(two.seed)) == (second, third, second)
    assert public_of(deeds(story, "order-issued")[0].seed) == third
    assert len(deeds(story, "key-accepted")) == 1  # a key that its predecessor signed needs no acceptance


def test_a_key_that_the_registrar_puts_in_place_accepts_itself_before_it_signs() -> None:
    second = public_of(seed_of("T", "ilves", "second"))
    for kind, public in (
        ("key-rotated", {"actor": "ilves", "old_key": "one", "new_key": "second"}),
        ("key-registered", {"actor": "ilves", "key": "second"}),
    ):
        fact = register_fact(kind, "keeper", "ADM", 1, **public)
        if kind == "key-registered":
            fact += 'roles = ["ISS"]\n'
        story = story_with(fact, ISSUED)
        accepted = deeds(story, "key-accepted")[-1]
        assert (accepted.by, accepted.public["key"], public_of(accepted.seed)) == ("ilves", second, second)
        assert public_of(deeds(story, "order-issued")[0].seed) == second


def test_the_first_name_given_to_an_earlier_key_means_the_first_key() -> None:
    story = story_with(
        register_fact("key-revoked", "keeper", "ADM", 1, actor="ilves", key="lost one", cause="lost"), ISSUED
    )
    assert deeds(story, "key-revoked")[0].public["key"] == public_of(seed_of("T", "ilves", "first"))


def test_a_key_the_story_goes_on_signing_with_is_ended_behind_the_last_of_its_entries() -> None:
    for kind, more in (
        ("key-revoked", {"cause": "lost"}),
        ("key-compromised", {"suspected_since": "2027-03-01T00:00:00Z"}),
    ):
        for named in ({"key": "first"}, {}):
            end = register_fact(kind, "keeper", "ADM", 1, actor="ilves", **named, **more)
            assert [d.kind for d in plan_entries(story_with(end, ISSUED))][-2:] == ["order-issued", kind]


def test_a_key_that_signs_nothing_more_is_ended_where_the_story_ends_it() -> None:
    end = register_fact("key-revoked", "keeper", "ADM", 3, actor="ilves", key="first", cause="lost")
    later = register_fact("key-registered", "keeper", "ADM", 4, actor="ilves", key="second") + 'roles = ["ISS"]\n'
    kinds = [deed.kind for deed in plan_entries(story_with(ISSUED, end, later))]
    assert kinds[kinds.index("order-issued") :][:3] == ["order-issued", "key-revoked", "key-registered"]


def test_the_same_story_gives_the_same_deeds() -> None:
    assert list(plan_entries(story_with(ISSUED))) == list(plan_entries(story_with(ISSUED)))
