"""A story is read within bounds, planned entry by entry, and always makes the same log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from cli.exit_codes import Exit, Stop
from cli.stories import model
from cli.stories.expectations import check
from cli.stories.model import Story, on_the_wire, read_story
from cli.stories.other_log import OtherLog, OtherLogOffice, receive_entry
from cli.stories.planned_entries import PlannedEntry, StoryKeys, _register_name, plan_entries, public_of, seed_of
from cli.stories.player import StoryClock, _batches, origin_of, play_story, simulated_randomness
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.application.journal import Journal
from ledger.entries.envelope import open_
from ledger.facts import build
from ledger.tlog.note import open_checkpoint
from ledger.tlog.tree import check_inclusion, leaf_hash, parse_proof
from ledger.trust.trust_folder import parse_trust
from tests.cli.stories.test_planned_entries import HEAD, ISSUED, story_with
from tests.support.story_files import story


@pytest.mark.parametrize(
    ("name", "size", "root"),
    [
        ("word-of-the-other-side", 31, "oiHbzul/CNPnCH/qrZU/RuNrkK1oTg5mxF+SAeDm9XI="),  # receives from another log
        ("key-in-wrong-hands", 33, "kchK1plrxAqDQkvDirPhYdPp24SEm09xbTjazJa8IjU="),  # keys are lost and replaced
        ("registrar", 35, "GFy4O3Kpo2hGF/FsXd+uu1QKsQmY4ekrxhlBCJzcikw="),  # a register that changes
    ],
)
def test_a_story_makes_the_same_log_on_every_machine_and_its_expectations_hold(
    name: str, size: int, root: str, tmp_path: Path
) -> None:
    """The reports of docs/examples state these logs, and a reader who plays the story compares them."""
    made = play_story(story(name), tmp_path / "ledger")
    note = (made.path / "log" / "checkpoint").read_text("utf-8")
    assert note.split("\n")[:3] == [f"story.example/{name}", str(size), root]
    assert [outcome for outcome in check(made) if outcome.differs] == []


# -- reading -----------------------------------------------------------------------------------------------------------


def refused(text: str | bytes) -> str:
    with pytest.raises(Stop) as stop:
        read_story(text if isinstance(text, bytes) else text.encode(), "T.toml")
    assert stop.value.code is Exit.UNDECIDABLE
    return str(stop.value)


def padded(size: int) -> bytes:
    text = (HEAD + ISSUED).encode()
    comment = b"#" * 900 + b"\n"
    text += comment * ((size - len(text)) // len(comment))
    return text + b"#" * (size - len(text))


def test_a_story_has_at_most_four_mebibytes() -> None:
    assert read_story(padded(1 << 22), "T.toml").story == "T"
    assert f"{(1 << 22) + 1} bytes are too many for a story" in refused(padded((1 << 22) + 1))


@pytest.mark.parametrize(
    ("most", "says"),
    [
        (lambda more: "#" + "." * (500 + more), "more than 500 dots"),
        (lambda more: "# " + "7" * (999 + more), "a number of too many digits"),
        (lambda more: "# 0x" + "aF_" * 333 + "7" * more, "a number of too many digits"),
    ],
)
def test_a_line_has_bounded_dots_and_digits(most: Callable[[int], str], says: str) -> None:
    assert read_story((HEAD + ISSUED + most(0)).encode(), "T.toml").story == "T"
    number = (HEAD + ISSUED).count("\n") + 1
    assert f"T.toml: line {number}: {says}" in refused(HEAD + ISSUED + most(1))


EXPECTED = """
[[expect]]
order = "main"
as_of = 2027-03-09T00:00:00Z
state = "ISSUED"
"""
VIEWED = """
[[expect_view]]
order = "main"
audience = "SP"
"""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ISSUED + "at = 2027-03-02T10:00:00\n", ": at needs"),
        (ISSUED.replace('label = "issued"\n', "").replace("09:00:00Z", "09:00:00"), "fact 1 (order-issued): on needs"),
        (ISSUED.replace('"ilves"', '"nobody"'), "fact 1 (issued): by: 'nobody' is not in this story (there are "),
        (ISSUED + EXPECTED.replace("main", "other"), "expectation 1: order: 'other' is not in this story (there are "),
        (ISSUED + EXPECTED + VIEWED.replace("main", "other"), "expectation 2: order: 'other' is not in this story"),
        (ISSUED + EXPECTED.replace("00:00Z", "00:00"), "as_of needs its offset or Z"),
        (ISSUED + VIEWED + EXPECTED.replace("00:00Z", "00:00"), "as_of needs its offset or Z"),
    ],
)  # fmt: skip
def test_a_slip_names_the_fact_or_the_expectation_by_its_number(text: str, says: str) -> None:
    assert says in refused(HEAD + text)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('D-9-5 = "ilves"', 'D-9-5 = "nobody"', "parties.XO.designates.D-9-5: 'nobody' is not in this story"),
        ('from = "XO"', 'from = "XX"', "orders.main.from: 'XX' is not in this story (there are XO)"),
        ('to = "XO"', 'to = "XX"', "orders.main.to: 'XX' is not in this story"),
        ('party = "XO"\nroles = ["ISS"]', 'party = "XX"\nroles = ["ISS"]', "actors.ilves.party: 'XX'"),
    ],
)
def test_a_slip_in_a_table_names_its_key(old: str, new: str, says: str) -> None:
    assert old in HEAD
    assert says in refused(HEAD.replace(old, new) + ISSUED)


def test_a_label_is_taken_in_its_own_order_only() -> None:
    second = HEAD.replace(
        "[orders.main]", '[orders.other]\ninstrument = "2AP-7"\nfrom = "XO"\nto = "XO"\n[orders.main]'
    )
    story = read_story((second + ISSUED + ISSUED.replace('"main"', '"other"')).encode(), "T.toml")
    assert [(fact.order, fact.label) for fact in story.facts] == [("main", "issued"), ("other", "issued")]
    unlabelled = ISSUED.replace('label = "issued"\n', "")
    assert len(story_with(unlabelled, unlabelled).facts) == 2


def test_a_story_begins_a_day_before_its_first_fact_and_ends_with_its_last_moment() -> None:
    late = ISSUED.replace('"issued"', '"again"').replace("2027-03-02T09:00:00Z", "2027-03-05T00:30:00+02:00")
    recorded = late + "at = 2027-03-08T00:00:00Z\n"
    story = story_with(late, recorded.replace("again", "third"), ISSUED)
    assert story.begins == datetime(2027, 3, 1, 9, tzinfo=UTC)
    assert story.ends == datetime(2027, 3, 8, tzinfo=UTC)
    assert [fact.at.astimezone(UTC) for fact in story.facts[:2]] == [
        *(datetime(2027, 3, 4, 22, 30, tzinfo=UTC), datetime(2027, 3, 8, tzinfo=UTC)),
    ]
    assert story_with(late).valid_from == date(2027, 3, 3), "of the day in UTC"
    assert story_with(ISSUED, EXPECTED).ends == datetime(2027, 3, 9, tzinfo=UTC)


def test_the_registrar_of_a_story_has_a_key() -> None:
    assert story_with(ISSUED).registrar == "keeper"
    without = HEAD.replace('roles = ["ADM"]', 'roles = ["ADM"]\nkey = "none"')
    assert read_story((without + ISSUED).encode(), "T.toml").registrar is None
    assert model.StoryFact(type="x", by="a", role="ISS", on=datetime(2027, 1, 1, tzinfo=UTC)).speaks == "act"


def test_moments_and_days_are_texts_at_every_depth() -> None:
    moment, day = datetime(2027, 3, 1, 12, tzinfo=UTC), date(2027, 3, 1)
    value = {"a": [moment, {"b": day}], "c": [1, True, "x", None]}
    assert on_the_wire(value) == {"a": ["2027-03-01T12:00:00Z", {"b": "2027-03-01"}], "c": [1, True, "x", None]}
    with pytest.raises(Stop, match="2027-03-01T12:00:00 needs its offset or Z") as stop:
        on_the_wire({"a": [moment.replace(tzinfo=None)]})
    assert stop.value.code is Exit.UNDECIDABLE


# -- planning ----------------------------------------------------------------------------------------------------------


def test_the_setup_of_a_story_is_planned_field_by_field() -> None:
    story = story_with(ISSUED)
    begins = story.begins
    keeper, ilves = seed_of("T", "keeper", "first"), seed_of("T", "ilves", "first")

    def by_keeper(kind: str, **public: Any) -> PlannedEntry:
        return PlannedEntry(kind, None, "keeper", "ADM", keeper, begins, begins, public, setup=True)

    declared = {"verified": True, "valid_from": "2027-03-01"}
    assert list(plan_entries(story)) == [
        by_keeper(
            "party-registered",
            party="XO", names={"en": "Orsinia"}, zone="Atlantic/Reykjavik", holidays=["2027-01-01"],
            declarations_verified=True,
        ),
        by_keeper("declaration-recorded", party="XO", declaration="D-9-5", terms="P14D", **declared),
        by_keeper(
            "declaration-recorded", party="XO", declaration="N-7-5-b", named_circumstances=["media-account"], **declared
        ),
        by_keeper(
            "authority-registered",
            actor="ilves", roles=["ISS"], names={"en": "Prosecutor's Office"}, designations=["D-9-5"],
            valid_from="2027-03-01", party="XO",
        ),
        by_keeper("key-registered", actor="ilves", key=public_of(ilves), roles=["ISS"]),
        PlannedEntry(
            *("key-accepted", None, "ilves", "ISS", ilves, begins, begins, {"key": public_of(ilves)}), setup=True
        ),
        by_keeper(
            "authority-registered",
            actor="skylark", roles=["SP"], names={"en": "Skylark AS"}, valid_from="2027-03-01",
            party="XO",
        ),
        by_keeper(
            "authority-changed",
            actor="keeper", roles=["ADM"], names={"en": "Register"}, valid_from="2027-03-01",
        ),
        PlannedEntry(
            *("order-issued", "main", "ilves", "ISS", ilves, story.facts[0].on, story.facts[0].on),
            {"instrument": "2AP-7", "from_party": "XO", "to_party": "XO"},
            label="issued",
        ),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("roles", "key", "source", "named"),
    [
        (["ISS"], "own", "fictional", "desk"),
        (["SP"], "own", "fictional", "Lena Berg"),
        (["ISS", "REG"], "own", "fictional", "Lena Berg"),
        (["ISS"], "none", "fictional", "desk"),
        (["ISS"], "own", "https://court.example", "desk"),
        (["ISS"], "none", "https://court.example", "Lena Berg"),
    ],
)
def test_the_register_has_the_name_of_a_company_or_of_an_office(
    roles: list[str], key: Any, source: str, named: str
) -> None:
    actor = model.StoryActor(name="Lena Berg", office="desk", party="XO", roles=roles, key=key)
    story: Story = story_with(ISSUED)
    assert _register_name(msgspec.structs.replace(story, source=source), actor) == named


def test_a_key_is_known_by_its_name_and_the_newest_is_held() -> None:
    keys = StoryKeys("T")
    assert keys.resolve("ilves", None) == "first"
    assert keys.resolve("ilves", "one") == "first", "an unknown name is the first key"
    keys.introduce("ilves", "second")
    assert [keys.resolve("ilves", name) for name in (None, "one", "second")] == ["second", "first", "second"]
    assert keys.resolve("orn", None) == "first"
    assert keys.seed("ilves") == seed_of("T", "ilves", "second") != keys.seed("ilves", "one")


# -- playing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("S1", "story.example/s1"),
        ("An order - in Ärger!", "story.example/an-order-in-rger"),
        ("--", "story.example/untitled"),
        ("", "story.example/untitled"),
    ],
)
def test_the_log_of_a_story_is_called_by_its_name(name: str, origin: str) -> None:
    assert origin_of(msgspec.structs.replace(story_with(ISSUED), story=name)) == origin


def test_the_clock_of_a_story_never_goes_back() -> None:
    clock = StoryClock(datetime(2027, 3, 2, tzinfo=UTC))
    for day, stands in ((5, 5), (3, 5), (6, 6)):
        clock.reach(datetime(2027, 3, day, tzinfo=UTC))
        assert clock() == datetime(2027, 3, stands, tzinfo=UTC)


def test_the_setup_is_one_batch_and_each_fact_another() -> None:
    def planned(name: str, *, setup: bool) -> PlannedEntry:
        moment = datetime(2027, 3, 1, tzinfo=UTC)
        return PlannedEntry(name, None, "a", "ADM", b"", moment, moment, {}, setup=setup)

    entries = [planned(name, setup=name.isupper()) for name in "ABcdEf"]
    assert [[each.kind for each in batch] for batch in _batches(entries)] == [["A", "B"], ["c"], ["d"], ["E"], ["f"]]


def test_what_stands_for_chance_never_repeats_and_is_the_same_again() -> None:
    one, same, other = (simulated_randomness(name) for name in ("S1", "S1", "S2"))
    drawn = [one(16), one(16), one(32)]
    assert drawn == [same(16), same(16), same(32)]
    assert len({each[:16] for each in (*drawn, other(16))}) == 4
    assert [len(each) for each in drawn] == [16, 16, 32]


# -- the other log -----------------------------------------------------------------------------------------------------

MOMENT = datetime(2027, 3, 2, 9, tzinfo=UTC)


def recorded() -> tuple[OtherLog, OtherLogOffice]:
    log = OtherLog("T", "log.example/other", "XN")
    office = OtherLogOffice("fjordlink", "XN", "SP", seed_of("T", "fjordlink", "first"))
    assert (log.register, log.proof.__name__) == ({}, "proof")
    for index in (3, 4):
        fact = build("order-received", {"proof_kind": "own-stamp"}, {})
        assert log.record(office, fact, "11111111-1111-5111-8111-111111111111", "2AP-7", MOMENT) == index
    return log, office


def test_another_log_enrols_its_office_once_and_chains_the_entries_of_an_order() -> None:
    log, _ = recorded()
    opened = [open_(raw).payload for raw in log.entries]
    assert [(p.kind, p.signer.actor, p.seq) for p in opened] == [
        *(("authority-registered", "registrar", 1), ("key-registered", "registrar", 2)),
        *(("key-accepted", "fjordlink", 3), ("order-received", "fjordlink", 1), ("order-received", "fjordlink", 2)),
    ]
    assert opened[4].prev == open_(log.entries[3]).leaf
    assert {p.log for p in opened} == {"log.example/other"}
    assert opened[0].public["valid_from"] == "2027-03-02"
    assert len({p.entry for p in opened}) == 5


def test_the_register_of_another_log_is_its_first_three_entries_with_proofs_under_a_signed_head() -> None:
    log, _ = recorded()
    assert sorted(log.register) == [0, 1, 2]
    trust = parse_trust(log.trust)
    for index, (raw, proof) in log.register.items():
        parsed = parse_proof(proof)
        vkeys = tuple(trust.policy.logs)
        head = open_checkpoint(parsed.note, log.origin, vkeys, ()).checkpoint
        assert (parsed.index, head.size) == (index, 5)
        check_inclusion(index, 5, leaf_hash(raw), parsed.path, head.root)
    assert trust.registrar is not None
    assert (trust.registrar.actor, trust.registrar.party) == ("registrar", "XN")


@pytest.mark.parametrize("backs", [{}, {"backs": "ab" * 32}])
def test_a_received_entry_names_the_entry_that_it_backs(backs: dict[str, str], tmp_path: Path) -> None:
    made = play_story(story_with(ISSUED), tmp_path / "ledger")
    public = {"origin": "log.example/other", "index": 1, "leaf": "cd" * 32, "envelope": "e30=", "proof_check": "fails"}
    draft: Any = SimpleNamespace(fact=build("counterparty-record-received", {**public, **backs}, {}))
    entry: Any = SimpleNamespace(kind="counterparty-record-received", at=MOMENT)
    with (
        Journal.open(made.path, writable=False) as journal,
        pytest.raises(Stop, match="2027-03-02T09:00:00Z does not say what it backs") as stop,
    ):
        receive_entry(journal, made.story, {}, entry, draft)
    assert stop.value.code is Exit.UNDECIDABLE
    assert stop.value.hint == "backs = the label of an earlier fact of the order"


def test_a_ledger_says_of_which_other_log_it_holds_entries(tmp_path: Path) -> None:
    made = play_story(story("word-of-the-other-side"), tmp_path / "ledger")
    (log,) = made.logs.values()
    assert (log.origin, log.party, len(log.entries)) == ("log.fjordlink.example", "XN", 5)
    with Journal.open(made.path, writable=False) as journal:
        register = journal.cases.register(reveal=False)
        adopted = [e for e in register if e.kind == "policy-adopted"]
        received = [e for e in journal.case(made.orders["main"]).entries if e.kind == "counterparty-record-received"]
    assert [(e.by, e.role) for e in adopted] == [("registrar", "ADM")]
    assert [(e.get("proof_check"), e.get("index"), e.on) for e in received] == [
        ("fails", 3, datetime(2027, 5, 6, 10, tzinfo=UTC)),
        ("verifies", 4, datetime(2027, 5, 10, 10, tzinfo=UTC)),
    ]
    assert read_folder(made.path).test
