"""Stories as ledgers: the expected results, the same bytes on every run, and no remains of a failed run."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli.exit_codes import Exit, Stop
from cli.stories.expectations import check
from cli.stories.model import read_story
from cli.stories.player import PlayedStory, play_story
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.new_folder import new_folder
from ledger.adapters.keys.key_files import listed, load
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.application.journal import Journal
from tests.cli.stories.test_planned_entries import HEAD, ISSUED, register_fact
from tests.support.cli import STORIES, reply, run
from tests.support.killed_command import killed
from tests.support.story_files import STORY_NAMES, story

S1 = STORIES / "S1.toml"


def played(text: str, folder: Path) -> PlayedStory:
    return play_story(read_story(text.encode(), "T.toml"), folder / "ledger")


@pytest.mark.parametrize(
    "name", [name if name.startswith("S") else pytest.param(name, marks=pytest.mark.slow) for name in STORY_NAMES]
)
def test_every_expectation_of_every_shipped_story_holds(name: str, tmp_path: Path) -> None:
    outcomes = list(check(play_story(story(name), tmp_path / "ledger")))
    assert len(outcomes) == len(story(name).expect) + len(story(name).expect_view)
    assert [(o.about, o.differs) for o in outcomes if o.differs] == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('state = "SERVED"', 'state = "ISSUED"', "state: expected ISSUED, found SERVED"),
        ('custody = "HELD"', 'custody = "NONE"', "region: has custody HELD, which is not expected"),
        ("2027-04-01T22:00:00Z", "2027-04-01T23:00:00Z", "deadline: lacks D-7-7 due 2027-04-01T23:00:00Z"),
        ("findings = []", 'findings = ["V-7-RESERVED"]', "finding: lacks V-7-RESERVED"),
        ('A8 = "DEMONSTRATED"', 'A8 = "GAP"', "criterion: lacks A8 GAP"),
        ('"question", "reply"', '"question", "identifiers"', "identifiers is readable, and should be hidden"),
        ('shown_fields  = ["manifest"', 'shown_fields  = ["reply"', "reply is hidden, and should be readable"),
        ('audience      = "SP"', 'audience = "SP"\nhidden_events = ["issued"]', "the entry issued is shown"),
    ],
)
def test_an_expectation_that_does_not_hold_is_named_and_is_exit_3(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    text = S1.read_text("utf-8")
    assert old in text
    (tmp_path / "changed.toml").write_text(text.replace(old, new), "utf-8")
    done = run("play", str(tmp_path / "changed.toml"), "--check")
    assert done.exit_code == Exit.FINDINGS
    assert says in done.stdout


def test_differences_from_a_story_are_named_in_the_order_of_their_names(tmp_path: Path) -> None:
    text = S1.read_text("utf-8").replace("findings = []", 'findings = ["V-9", "V-7-RESERVED", "V-8"]')
    named = [line for o in check(played(text, tmp_path)) for line in o.differs if line.startswith("finding: lacks")]
    assert named == [f"finding: lacks {code}" for code in ("V-7-RESERVED", "V-8", "V-9")] * 2


def test_a_story_that_holds_is_exit_0_with_a_line_for_each_expectation() -> None:
    done = reply("play", str(S1), "--check")
    assert done["format"] == "comity.play/1"
    assert [o["holds"] for o in done["expectations"]] == [True] * 5


def test_the_same_story_makes_the_same_ledger(tmp_path: Path) -> None:
    one, two = (play_story(read_story(S1.read_bytes(), "S1"), tmp_path / name) for name in ("one", "two"))
    assert one.leaves == two.leaves
    assert one.orders == two.orders
    assert (one.path / "log" / "checkpoint").read_bytes() == (two.path / "log" / "checkpoint").read_bytes()


def test_each_fact_is_signed_by_its_own_actor_at_the_moment_it_was_recorded(tmp_path: Path) -> None:
    story = read_story(S1.read_bytes(), "S1")
    made = play_story(story, tmp_path / "ledger")
    with Journal.open(made.path, writable=False) as journal:
        entries = journal.case(made.orders["main"]).entries
    assert [(e.kind, e.by, e.role, e.on, e.at) for e in entries] == [
        (f.type, f.by, f.role, f.on, f.at) for f in story.facts
    ]
    assert len({e.key for e in entries}) == len({f.by for f in story.facts})


def test_each_moment_of_a_story_keeps_its_own_head(tmp_path: Path) -> None:
    story = read_story(S1.read_bytes(), "S1")
    made = play_story(story, tmp_path / "ledger")
    heads = CheckpointStore(read_folder(made.path).heads, writable=False)
    try:
        taken = heads.known_at(story.begins)
        assert taken is not None
        for fact in story.facts:
            known = heads.known_at(fact.at)
            assert known is not None
            assert known.size == taken.size + sum(f.at <= fact.at for f in story.facts)
        assert heads.known_at(story.begins - timedelta(seconds=1)) is None
    finally:
        heads.close()


def test_the_keys_lie_open_in_the_folder_and_are_called_public(tmp_path: Path) -> None:
    made = play_story(read_story(S1.read_bytes(), "S1"), tmp_path / "ledger")
    names = listed(made.path / "keys")
    assert set(names) == {f"PUBLIC-{who}" for who in ("ilves", "orn", "lab", "skylark", "ncco", "registrar")}
    assert load(made.path / "keys" / "PUBLIC-orn").public == names["PUBLIC-orn"]
    assert (made.path / "TEST").exists()


def test_the_story_is_told_beside_its_ledger(tmp_path: Path) -> None:
    made = play_story(read_story(S1.read_bytes(), "S1"), tmp_path / "ledger")
    word = json.loads((made.path / "story.json").read_text("utf-8"))
    assert word["orders"] == made.orders
    assert word["clock"] == "2027-09-02T00:00:00Z"
    assert word["entries"]["main"]["issued"] == made.leaves["main", "issued"]


def test_keys_are_rotated_lost_and_replaced_and_every_fact_still_finds_its_key(tmp_path: Path) -> None:
    text = HEAD + "".join(
        (
            register_fact("key-rotated", "ilves", "ISS", 1, actor="ilves", old_key="one", new_key="second"),
            register_fact("key-rotated", "ilves", "ISS", 2, actor="ilves", old_key="second", new_key="third"),
            register_fact("key-rotated", "keeper", "ADM", 3, actor="ilves", old_key="third", new_key="fourth"),
            ISSUED.replace("03-02", "03-04"),
            register_fact("key-revoked", "keeper", "ADM", 5, actor="ilves", key="one", cause="replaced"),
        )
    )
    made = played(text, tmp_path)
    with Journal.open(made.path, writable=False) as journal:
        entry = journal.case(made.orders["main"]).entries[0]
        (current,) = journal.read_keyring().current("ilves")
        assert current.public == entry.key
        assert len([k for k in journal.read_keyring().keys.values() if k.actor == "ilves"]) == 4


def test_an_entry_nobody_else_may_know_of_stands_in_a_companion_order(tmp_path: Path) -> None:
    made = play_story(
        read_story((STORIES / "emergency-validation-refused.toml").read_bytes(), "x"), tmp_path / "ledger"
    )
    order = made.orders["destroyed"]
    with Journal.open(made.path, writable=False) as journal:
        case = journal.case(order)
        assert set(journal.orders()) == set(made.orders.values())
    companions = {e.order for e in case.entries} - {order}
    assert len(companions) == 1
    assert {e.kind for e in case.entries if e.order in companions} == {
        "ex-post-validation-sought",
        "ex-post-validation-refused",
    }


def test_a_story_goes_only_into_a_new_or_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine").write_text("x")
    done = run("play", str(S1), "--into", str(tmp_path / "there"))
    assert done.exit_code == Exit.REFUSED
    assert "not empty" in done.stderr
    assert (tmp_path / "there" / "mine").read_text() == "x"
    (tmp_path / "empty").mkdir()
    assert run("play", str(S1), "--into", str(tmp_path / "empty")).exit_code == 0


@pytest.mark.parametrize(
    ("fact", "code", "says"),
    [
        (ISSUED + '[facts.public]\nsupervision = "nothing"\n', 4, "no earlier fact is called so"),
        (ISSUED + "[facts.public]\nemergency = 1\n", 5, "order-issued.emergency"),
        (ISSUED.replace("order-issued", "order-isued"), 5, "order-isued"),
        (register_fact("key-revoked", "ilves", "ISS", 1, actor="ilves", cause="lost"), 5, "KEY-ROLE"),
        ("not toml at all", 4, "changed.toml"),
    ],
)
def test_a_story_that_cannot_be_played_to_its_end_leaves_nothing(
    fact: str, code: int, says: str, tmp_path: Path
) -> None:
    (tmp_path / "changed.toml").write_text(HEAD + fact)
    done = run("play", str(tmp_path / "changed.toml"), "--into", str(tmp_path / "made"))
    assert done.exit_code == code
    assert says in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["changed.toml"]


def test_an_earlier_fact_is_what_a_label_means(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="no earlier fact"):
        played(HEAD + ISSUED + '[facts.public]\nsupervision = "issued"\n', tmp_path)


# -- the demonstration -------------------------------------------------------------------------------------------------


def test_the_demonstration_shows_integrity_and_procedure_on_two_lines(tmp_path: Path) -> None:
    done = run("demo", str(tmp_path / "demo"))
    assert "the same on paper, the court's bundle attached to it" in done.stdout
    assert done.exit_code == 0, done.output
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert "Integrity: TOTAL-PASSED" in lines
    assert "Procedure: no finding" in lines
    assert any(line.endswith("TOTAL-FAILED BND-ZIP.") for line in lines)
    assert not [word for word in ("admissible", "valid", "OK") if word in done.stdout.split()]


def test_the_demonstration_counts_what_was_recorded_and_what_is_due(tmp_path: Path) -> None:
    text = run("demo", str(tmp_path / "demo")).stdout
    head = "1  What happened, as each of them signed it"
    assert f"\n\n{head}\n{'-' * len(head)}\nMonday, 1 March 2027\n" in text
    words = " ".join(text.split())
    for says in (
        "15 steps by 5 signers, each with its own key, and 24 entries of the register",
        "39 leaves of one Merkle tree",
        "2 What was due on Wednesday, 10 March 2027",
        "answer of the provider (D-7-7) 2027-04-01T22:00:00Z in 22 d 22 h 2AP:7(7)",
        "3 What the record shows on Thursday, 2 September 2027",
        "Deadlines that still run: none.",
        "not proven: TEST: anything at all.",
        "not proven: CMP-COMMITTED: that among the first",
        "own view keeps 9 sealed values closed",
        "5 Where to look next",
    ):
        assert says in words
    assert words.endswith("comity --help everything else"), "no JSON comes behind"
    assert "\n    evidence.\n" in text, "a long line goes on below its first word"
    ruled = ["", *text.splitlines()]
    for at, line in enumerate(ruled):
        if line and not line.strip("-"):
            assert len(line) == min(80, len(ruled[at - 1]))


def test_what_the_demonstration_leaves_can_be_asked_and_verified_again(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    assert run("demo", str(folder)).exit_code == 0
    assert {path.name for path in folder.iterdir()} - {"OPEN-ME-FIRST.html"} == {
        *("ledger", "trust", "court.evidence.zip", "provider.evidence.zip", "READ-ME-FIRST.html", "READ-ME.txt"),
        *("custody.html", "custody.pdf", "evidence-chain.html", "replay.html", "skyl-return.json"),
    }
    report = reply("verify", str(folder / "court.evidence.zip"), "--trust", str(folder / "ledger" / "trust"))
    assert report["verdict"] == "TOTAL-PASSED"
    given = ("--bundle", str(folder / "court.evidence.zip"), "--trust", str(folder / "ledger" / "trust"))
    assert run("check", str(folder / "skyl-return.json"), *given).exit_code == 0
    assert reply("orders", ledger=folder / "ledger")["orders"][0]["label"] == "main"
    assert reply("fsck", ledger=folder / "ledger")["verdict"] == "CONSISTENT"


def test_the_demonstration_does_not_end_well_if_a_changed_bundle_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.commands.demo._scratched", lambda data: data)
    assert run("demo", str(tmp_path / "demo")).exit_code == Exit.PROVED_BAD


@pytest.mark.slow
def test_the_demonstration_goes_on_without_the_extra_for_paper_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    done = run("demo", str(tmp_path / "demo"))
    assert done.exit_code == 0
    assert "a PDF needs the extra pdf" in done.stdout
    assert not (tmp_path / "demo" / "custody.pdf").exists()


@pytest.mark.parametrize("read", [0, 5])
def test_the_demonstration_is_made_whole_and_says_so_although_its_reader_has_gone(
    read: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []

    def echo(text: str, **_: object) -> None:
        if len(lines) == read:
            lines.append("")
            raise BrokenPipeError
        assert len(lines) < read, "nothing is written to a closed pipe"
        lines.append(text)

    with monkeypatch.context() as patched:
        patched.setattr("cli.commands.demo.click", SimpleNamespace(echo=echo))
        done = run("demo", str(tmp_path / "demo"))
    assert isinstance(done.exception, BrokenPipeError | SystemExit)
    assert done.exit_code != 0
    assert {"ledger", "trust", "court.evidence.zip", "replay.html"} <= {p.name for p in (tmp_path / "demo").iterdir()}


@pytest.mark.slow
def test_the_demonstration_is_made_whole_although_nobody_reads_to_its_end(tmp_path: Path) -> None:
    command = f"{shlex.quote(sys.executable)} -m cli.app demo {shlex.quote(str(tmp_path / 'demo'))}"
    ended = subprocess.run(["bash", "-c", f"{command} | head -1; exit ${{PIPESTATUS[0]}}"], check=False)
    assert ended.returncode == Exit.PIPE_CLOSED
    made = {path.name for path in (tmp_path / "demo").iterdir()}
    assert {"ledger", "trust", "court.evidence.zip", "replay.html"} <= made


def test_the_demonstration_tells_itself_as_json(tmp_path: Path) -> None:
    document = reply("demo", str(tmp_path / "demo"))
    assert document["format"] == "comity.demo/1"
    assert (document["verdict"], document["provider_verdict"], document["scratched_verdict"]) == (
        "TOTAL-PASSED",
        "TOTAL-PASSED",
        "TOTAL-FAILED",
    )
    assert document["findings"] == []
    folder = str(tmp_path / "demo")
    assert (document["folder"], document["bundle"]) == (folder, f"{folder}/court.evidence.zip")
    assert (document["entries"], document["steps"], document["state"]) == (39, 15, "DISCLOSED")
    assert document["procedure"] == []
    assert document["criteria"]["A7"] == "GAP"
    assert set(document["criteria"].values()) == {"GAP", "DEMONSTRATED"}


def test_the_demonstration_never_writes_over_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "mine").write_text("x")
    done = run("demo", str(tmp_path / "demo"))
    assert done.exit_code == Exit.REFUSED
    assert [path.name for path in (tmp_path / "demo").iterdir()] == ["mine"]


def test_what_a_killed_process_left_beside_a_folder_is_removed_by_the_next(tmp_path: Path) -> None:
    def making() -> None:
        with new_folder(str(tmp_path / "made")) as folder:
            (folder / "secret").write_text("opened")
            os.replace(folder, folder)  # the process is killed here

    assert killed("replace", 1, making)
    assert [path.name for path in tmp_path.iterdir() if (path / "secret").exists()]
    mine = tmp_path / ".made.archive-of-mine"
    mine.mkdir()
    with new_folder(str(tmp_path / "made")), pytest.raises(Stop), new_folder(str(tmp_path / "other")):
        raise Stop("fails")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".made.archive-of-mine", "made"]


def test_what_another_process_is_making_stays(tmp_path: Path) -> None:
    with new_folder(str(tmp_path / "made")) as one:
        with pytest.raises(Stop), new_folder(str(tmp_path / "made")):
            raise Stop("fails")
        assert one.exists(), "it is held"
