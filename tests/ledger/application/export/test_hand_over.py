"""Values are opened only under an entry that says so, and an export that fails says that nothing was handed out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.export import hand_over as module
from ledger.application.export.hand_over import Export, ExportedBundle, committed_for, hand_over
from ledger.application.export.witnessed_head import WaitingForWitness
from ledger.errors import LedgerError, RecordError


class World:
    """An export whose parts say what is asked of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: list[str] = []
        self.fails: dict[str, BaseException] = {}
        self.disclosures: dict[int, Any] = {3: "value"}
        self.recorded = False
        self.already = False
        self.missing: list[str] = []
        self.unwitnessed = self.whole = False
        self.size, self.commit_index = 9, 12
        self.guard: LedgerError | None = None
        patches = {
            "published_head": lambda journal: SimpleNamespace(checkpoint=SimpleNamespace(size=self.size)),
            "bundle_contents": lambda journal, request, head, committed=None: SimpleNamespace(
                disclosures=self.disclosures, head=head, committed=committed
            ),
            "export_access": lambda *_: self,
            "begin": lambda folder, digest, new: self.say(f"begin {folder}", self),
            "commit_heads": self.commit,
            "orders_of": lambda *_: ["order"],
            "pack": lambda contents, signer: self.step("pack", b"bundle"),
            "replace": lambda request, **more: request,
            "where": lambda store, missing: f"{len(missing)} values",
        }
        for name, made in patches.items():
            monkeypatch.setattr(module, name, made)

    def say(self, what: str, answer: Any = None) -> Any:
        self.said.append(what)
        return answer

    def step(self, what: str, answer: Any = None) -> Any:
        self.said.append(what)
        if what in self.fails:
            raise self.fails[what]
        return answer

    # -- the export, its access entry, and its file of unfinished exports

    def digest(self, opener: Any) -> str:
        return "digest"

    entry = "id"

    def record(self, journal: Any, opener: Any, entry: str) -> Any:
        return self.step("record", SimpleNamespace(index=10, already=self.already))

    def record_failure(self, journal: Any, opener: Any, receipt: Any, says: str) -> Any:
        return self.step(f"failure {says}", SimpleNamespace(index=11))

    def end(self) -> None:
        self.said.append("end")

    def release(self) -> None:
        self.said.append("release")

    def commit(self, journal: Any, orders: list[str]) -> Any:
        return self.step(f"commit {orders}", SimpleNamespace(index=self.commit_index))

    # -- witnesses

    def check_reachable(self) -> None:
        self.step("reachable")

    def witnessed_head(self, above: int, *, unwitnessed: bool, frozen: bool = False) -> str:
        return str(self.step(f"head above {above}" + (" frozen" if frozen else ""), "head"))

    # -- the whole

    def signed(self) -> None:
        if self.guard is not None:
            raise self.guard

    def run(self, fails: BaseException | None = None) -> ExportedBundle:
        store = SimpleNamespace(sealing_keys=lambda orders: self.missing)
        journal: Any = SimpleNamespace(
            log=self,
            store=store,
            subject_keys=None,
            registry="registry",
            origin="o",
            home=SimpleNamespace(log=lambda origin: Here()),
            new_id=lambda: "new",
            has=lambda entry: self.recorded,
            now=lambda: "now",
        )
        request = SimpleNamespace(order="o", audience="CT", with_linked=False)
        export: Any = SimpleNamespace(
            bundle=request,
            say=self.said.append,
            opener=lambda: "opener",
            because="why",
            person=lambda opener: None,
            unwitnessed=self.unwitnessed,
            whole=self.whole,
            describe=lambda error: type(error).__name__,
            signer="signer",
        )
        witnesses: Any = self
        with hand_over(journal, export, witnesses) as bundle:
            self.said.append("handed")
            if fails is not None:
                raise fails
        return bundle


class Here:
    """The state folder of a log."""

    def __truediv__(self, name: str) -> str:
        return name


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


COMMIT = "commit ['order', 'registry']"


def test_an_export_without_opened_values_records_nothing_and_waits_for_the_newest_head(world: World) -> None:
    world.disclosures = {}
    bundle = world.run()
    assert (bundle.recorded, bundle.data) == (False, b"bundle")
    assert world.said == [COMMIT, "head above 12", "pack", "handed"]
    bundle.close_access()
    world.said.clear()
    world.size, world.commit_index = 30, 12
    world.run()
    assert world.said[1] == "head above 29"


def test_opened_values_are_recorded_before_the_bundle_is_made_and_the_entry_ends_with_it(world: World) -> None:
    bundle = world.run()
    assert bundle.recorded
    steps = ["begin pending", "reachable", "record", COMMIT, "head above 12", "pack", "handed", "end", "release"]
    assert world.said == steps
    world.said.clear()
    bundle.close_access()
    assert world.said == ["end"]
    world.said.clear()
    world.commit_index = 4
    world.run()
    assert "head above 10" in world.said


def test_nothing_is_recorded_that_no_quorum_would_cosign_unless_it_was_recorded_or_is_not_asked(world: World) -> None:
    world.fails["reachable"] = LedgerError("UNWITNESSED", "x")
    with pytest.raises(LedgerError, match="UNWITNESSED"):
        world.run()
    assert world.said == ["begin pending", "reachable", "end", "release"]
    for change in ("recorded", "unwitnessed"):
        world.said.clear()
        setattr(world, change, True)
        world.run()
        assert world.said[:2] == ["begin pending", "record"]
        setattr(world, change, False)


def test_an_entry_that_says_it_already_is_gone_on_with(world: World) -> None:
    world.already = True
    world.run()
    assert "entry 10 of the log says already why values are opened, and nothing came of it yet" in world.said


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), LedgerError("DISK-FULL", "x")])
def test_of_an_export_that_fails_an_entry_says_that_nothing_was_handed_out(world: World, error: BaseException) -> None:
    with pytest.raises(type(error)):
        world.run(error)
    name = type(error).__name__
    ends = [f"failure {name}", "end", "nothing was handed out; entry 11 of the log says so", "release"]
    assert world.said[-5:] == ["handed", *ends]


def test_where_that_fails_too_the_entry_stays_open(world: World) -> None:
    world.fails["failure ValueError"] = OSError("full")
    with pytest.raises(ValueError, match="the first"):
        world.run(ValueError("the first"))
    assert world.said[-3:] == [
        "failure ValueError",
        "nothing was handed out; entry 10 of the log stays open: OSError",
        "release",
    ]


def test_an_export_that_waits_for_a_witness_is_continued_later(world: World) -> None:
    waits = WaitingForWitness.__new__(WaitingForWitness)
    world.fails["head above 12"] = waits
    with pytest.raises(WaitingForWitness):
        world.run()
    assert world.said[-2:] == ["head above 12", "release"]


def test_a_copy_without_its_guard_hands_out_and_can_record_nothing(world: World) -> None:
    world.guard = LedgerError("GUARD-MISSING", "x")
    world.run()
    noted = "this copy can record nothing any more, so who was given these values has to be noted elsewhere"
    assert world.said == [noted, "head above 8 frozen", "pack", "handed"]
    world.said.clear()
    world.disclosures = {}
    world.run()
    assert world.said == ["head above 8 frozen", "pack", "handed"]
    world.guard = LedgerError("LOG-CORRUPT", "x")
    with pytest.raises(LedgerError, match="LOG-CORRUPT"):
        world.run()


def test_values_whose_keys_are_not_here_are_said_or_refused(world: World) -> None:
    world.missing = ["a", "b"]
    world.run()
    says = "2 values stay closed for every reader: their keys are not in this keys.db"
    assert world.said[0] == f"KEYS-OTHER: {says}"
    world.said.clear()
    world.whole = True
    with pytest.raises(LedgerError, match="nothing was handed out"):
        world.run()
    assert world.said == []


def test_without_a_key_to_commit_with_the_bundle_says_what_it_cannot_show(world: World) -> None:
    request: Any = SimpleNamespace(order="o", audience="CT", with_linked=False)
    journal: Any = SimpleNamespace(registry="registry")
    said: list[str] = []
    begins = "CMP-NOT-COMMITTED: the bundle cannot show that nothing was left out, for"
    for error, text in (
        (LedgerError("KEY-MISSING", "no key", "make one"), f"{begins} no key (make one)"),
        (RecordError("KEY-ROLE", "no role"), f"{begins} no role"),
    ):
        world.fails[COMMIT] = error
        assert committed_for(journal, request, said.append) is None
        assert said.pop() == text
    world.fails[COMMIT] = LedgerError("BUSY", "x")
    with pytest.raises(LedgerError, match="BUSY"):
        committed_for(journal, request, said.append)


def test_an_export_says_all_that_it_can_unless_it_is_asked_otherwise() -> None:
    nothing: Any = None
    export = Export(nothing, nothing, nothing, nothing)
    assert (export.unwitnessed, export.whole) == (False, False)
    assert [export.describe(error) for error in (ValueError("no disk"), KeyboardInterrupt())] == [
        "no disk",
        "KeyboardInterrupt",
    ]


@pytest.mark.parametrize("erasure", [["elsewhere"], []])
def test_keys_that_are_elsewhere_are_those_that_an_erasure_leaves(erasure: list[str], world: World) -> None:
    said: list[str] = []
    store = SimpleNamespace(sealing_keys=lambda orders: ["all"])
    journal: Any = SimpleNamespace(
        store=store, subject_keys=object(), erasure=SimpleNamespace(elsewhere=lambda o: erasure)
    )
    export: Any = SimpleNamespace(bundle=SimpleNamespace(order="o"), whole=False, say=said.append)
    module._check_keys(journal, export)
    assert len(said) == len(erasure)
