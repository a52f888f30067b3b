"""A wrong clock: a command with a doubtful clock writes nothing, and a log whose clock was ahead can continue."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.exit_codes import Exit
from cli.session import ledger_choice
from ledger.adapters import system_clock
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.log.checkpoint_signer import LocalSigner
from ledger.adapters.log.checkpoints import CheckpointStore
from ledger.entries.case import instant, wire
from ledger.errors import LedgerError
from ledger.tlog.note import witness_vkey
from tests.support.cli import House, ledger_of, run

pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("httpx", reason="needs the extra `server`")

from tests.ledger.application.test_drills import witness

pytest.importorskip("rfc3161_client", reason="needs the extra `tsa`")

from tests.support.time_stamp_authority import Authority

YEARS = timedelta(days=3 * 365)
Shift = Callable[[timedelta], None]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


@pytest.fixture
def by(monkeypatch: pytest.MonkeyPatch) -> Shift:
    """Return a function that sets the machine's clock ahead or back."""
    true = datetime.now(UTC).replace(microsecond=0)

    def shift(how: timedelta) -> None:
        monkeypatch.setattr(ledger_choice, "now", lambda folder=None: true + how)

    return shift


def guard_of(house: House) -> Path:
    return Home(house.folder / "state" / "comity", Path()).log(read_folder(house.ledger).origin) / "guard.db"


def state(house: House) -> tuple[int, bytes, datetime]:
    """Return size, note and time of the last signed checkpoint."""
    hand = LocalSigner("", guard_of(house).parent)
    last = hand.last()
    hand.close()
    return last.size, last.note, last.at


TABLE = "order,kind,occurred,outcome\nPPO-1,order-closed,2026-01-01T00:00:00Z,answered\n"
CLOSED = ("record", "order-closed", "PPO-1", "-f", "outcome=answered", "--as", "ilves")
WRITING = {
    "record": CLOSED,
    "without asking": (*CLOSED, "--yes"),
    "dry": (*CLOSED, "--dry-run"),
    "issue": ("issue", "--unregistered", "--instrument", "2AP-7", "--to", "XV", "--reference", "P-2", "--as", "ilves"),
    "disclose": ("disclose", __file__, "PPO-1", "--channel", "mail", "--as", "ilves"),
    "notify-customer": ("notify-customer", "PPO-1", "--channel", "letter", "--as", "ilves"),
    "lapse": ("lapse", "--dry-run"),
    "checkpoint": ("checkpoint",),
    "log publish": ("log", "publish", "out"),
    "import": ("import", "orders.csv", "--as", "ilves"),
    "receive": ("receive", "orders.csv", "--as", "ilves"),
    "export": ("export", "PPO-1", "--audience", "COURT", "--unwitnessed", "--as", "ilves", "-o", "out.zip"),
    "reveal": ("timeline", "PPO-1", "--reveal", "--because", "trial", "--as", "ilves"),
    "report": ("report", "custody", "PPO-1", "--record", "--as", "ilves", "-o", "out.html"),
    "key": ("key", "revoke", "ilves", "--cause", "lost", "--yes"),
    "witness add": ("witness", "add", witness_vkey("w.example/w", bytes(range(32))), "http://w.example"),
    "erase": ("erase", "PPO-1", "--cause", "other", "--as", "ilves", "--yes"),
    "rotate-log": ("key", "rotate-log"),
    "add-log": ("key", "add-log"),
    "desk": ("desk", "--as", "ilves"),
}  # fmt: skip


@pytest.mark.parametrize("words", WRITING.values(), ids=WRITING)
def test_a_clock_three_years_ahead_writes_nothing(
    house: House, by: Shift, words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "orders.csv").write_text(TABLE)
    before = state(house)
    by(YEARS)
    done = house.run(*words)
    assert (done.exit_code, "CLOCK-AHEAD" in done.output) == (Exit.REFUSED, True), done.output
    assert "--clock-is-right" in done.output
    assert state(house) == before
    by(timedelta(0))
    assert house.run(*CLOSED).exit_code == 0, "the ledger goes on"


def test_every_command_that_writes_asks_about_the_clock() -> None:
    """Only `writing` opens a ledger for writing; a new ledger and a simulation need no check."""
    opened: dict[str, str] = {}
    for file in (Path(__file__).parents[3] / "cli").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and ast.unparse(called.value) == "Journal":
                opened.setdefault(file.name, called.attr)
    begun = {"init.py": "create", "succeed.py": "create", "player.py": "create"}
    simulated = {"demo.py": "open", "expectations.py": "open"}
    assert opened == {"open_ledger.py": "open", "log_clock.py": "open", **begun, **simulated}


def test_a_ledger_that_lay_unused_for_a_year_goes_on_when_a_person_says_that_the_clock_is_right(
    house: House, by: Shift
) -> None:
    by(timedelta(days=31) - timedelta(hours=1))
    assert house.run("record", "order-closed", "PPO-1", "-f", "outcome=refused", "--as", "ilves").exit_code == 0
    by(timedelta(days=400))
    assert house.run(*CLOSED).exit_code == Exit.REFUSED
    done = house.run(*CLOSED, "--clock-is-right")
    assert (done.exit_code, "--clock-is-right was given" in done.output) == (0, True), done.output
    assert "--clock-is-right" not in house.run(*CLOSED).output, "the newest head is of today"


def test_a_file_in_the_folder_moves_no_clock_of_a_real_ledger(house: House) -> None:
    later = wire(datetime.now(UTC) + YEARS)
    (house.ledger / "story.json").write_text(f'{{"clock": "{later}"}}')
    house.run(*CLOSED)
    assert abs(state(house)[2] - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_simulated_clock_is_not_asked(tmp_path: Path, by: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = ledger_of("S2", tmp_path)
    real = ledger_choice.now
    monkeypatch.setattr(ledger_choice, "now", lambda folder=None: real(folder) + YEARS)
    done = run("record", "order-closed", "main", "-f", "outcome=answered", "--as", "ilves", ledger=ledger)
    assert done.exit_code == 0, done.output


# -- how a log continues -----------------------------------------------------------------------------------------------


@pytest.fixture
def dated_ahead(house: House, by: Shift) -> House:
    """Make a ledger that signed an entry and a head three years ahead, as versions without the check could."""
    by(YEARS)
    words = ("record", "customer-notified", "PPO-1", "-f", "channel=letter", "--as", "ilves", "--clock-is-right")
    assert house.run(*words).exit_code == 0
    by(timedelta(0))
    return house


def test_behind_a_head_dated_ahead_the_hint_names_the_way_on(dated_ahead: House) -> None:
    done = dated_ahead.run(*CLOSED)
    assert (done.exit_code, "CLOCK-BACK" in done.output) == (Exit.REFUSED, True)
    assert "comity log clock" in done.output


def test_what_says_it_was_signed_later_than_now_stays_on_view(dated_ahead: House) -> None:
    year = f"{datetime.now(UTC) + YEARS:%Y}"
    for words in (("timeline", "PPO-1"), ("log",), ("show", "PPO-1")):
        assert year in dated_ahead.run(*words).stdout or words[0] == "show", words
    assert dated_ahead.reply("show", "PPO-1")["entries"] == 2
    assert dated_ahead.reply("show", "PPO-1")["regions"] == {}, "and counts for nothing yet"
    paper = dated_ahead.run("report", "evidence-chain", "PPO-1").stdout
    assert "1 entry of this order says that it was signed after this moment" in paper
    before = dated_ahead.reply("timeline", "PPO-1", "--as-of", wire(datetime.now(UTC) - timedelta(hours=1)))
    assert before["timeline"] == []


def test_a_log_goes_on_after_a_head_was_dated_ahead_and_says_the_true_time(dated_ahead: House) -> None:
    lone = dated_ahead.run("log", "clock")
    assert (lone.exit_code, "--clock-is-right" in lone.output) == (Exit.REFUSED, True), lone.output
    note = state(dated_ahead)[:2]
    made = dated_ahead.reply("log", "clock", "--clock-is-right")
    assert (made["by"], len(made["later"])) == ("--clock-is-right", 1)
    assert state(dated_ahead)[:2] == note, "what was signed stays"
    notified = (
        "record",
        "customer-notified",
        "PPO-1",
        "-f",
        "channel=letter",
        "--as",
        "ilves",
        "--replaces",
        "#2",
        "--why",
        "the clock",
    )
    assert dated_ahead.run(*notified).exit_code == 0
    entries = {e["index"]: instant(e["signed_at"]) for e in dated_ahead.reply("log")["log"]}
    later = made["later"][0]
    assert entries[later] - entries[later + 1] > timedelta(days=1000), "whoever reads it sees both"
    assert abs(entries[later + 1] - datetime.now(UTC)) < timedelta(minutes=5)
    assert "customer notice NOTIFIED" in dated_ahead.run("judge", "PPO-1").stdout
    again = dated_ahead.run("log", "clock")
    assert (again.exit_code, "nothing is to be set back" in again.output) == (0, True)


def test_a_guard_that_was_set_back_still_moves_only_forward(dated_ahead: House) -> None:
    assert dated_ahead.run("log", "clock", "--clock-is-right").exit_code == 0
    with closing(Guard(guard_of(dated_ahead))) as guard:
        last = guard.last()
        for worse in ({"size": last.size - 1}, {"root": bytes(32)}, {"at": last.at - timedelta(hours=1)}):
            with pytest.raises(LedgerError):
                guard.advance(last, replace(last, **worse))
        assert guard.last() == last
        assert not guard.set_back(replace(last, size=last.size - 1), last.at), "somebody signed meanwhile"


def test_a_process_that_signs_goes_on_when_it_is_started_again(dated_ahead: House, by: Shift) -> None:
    place = guard_of(dated_ahead).parent
    words = ("signer", "use", str(dated_ahead.folder / "s"), "--move", str(dated_ahead.folder / "signing"))
    assert dated_ahead.run(*words).exit_code == 0
    done = dated_ahead.run("log", "clock")
    assert (done.exit_code, "signer serve" in done.output) == (Exit.REFUSED, True), (done.output, place)
    serve = ("signer", "serve", str(dated_ahead.folder / "signing"), "--socket", "/no/such/folder/s")
    assert "CLOCK-BACK" in dated_ahead.run(*serve).output
    assert "by --clock-is-right" in dated_ahead.run(*serve, "--clock-is-right").output
    with closing(Guard(dated_ahead.folder / "signing" / "guard.db")) as guard:
        assert abs(guard.last().at - datetime.now(UTC)) < timedelta(minutes=5)
    by(YEARS)
    assert "CLOCK-AHEAD" in dated_ahead.run(*serve).output


# -- times from outside ------------------------------------------------------------------------------------------------


def cosigned(house: House) -> int:
    """Return the number of stored heads with a cosignature."""
    with closing(CheckpointStore(read_folder(house.ledger).heads, writable=False)) as heads:
        return sum(kept.cosigned is not None for kept in heads.all())


@pytest.mark.parametrize("how", [timedelta(hours=1), -timedelta(hours=1)], ids=["ahead", "behind"])
def test_a_clock_that_a_witness_contradicts_is_doubted(house: House, by: Shift, how: timedelta) -> None:
    with witness(house):
        by(how)
        before = state(house)
        done = house.run("checkpoint")
        assert (done.exit_code, "CLOCK-AHEAD" in done.output, "witness" in done.output) == (Exit.REFUSED, True, True)
        assert (state(house), cosigned(house)) == (before, 0)
        assert house.run("checkpoint", "--clock-is-right").exit_code == 0
        by(timedelta(minutes=4))
        assert house.run("checkpoint").exit_code == 0
    assert cosigned(house) > 0


def test_of_witnesses_that_may_lie_one_more_must_contradict_the_clock() -> None:
    now = datetime.now(UTC)
    given = [("a", now + YEARS), ("b", now), ("c", now - timedelta(minutes=10))]
    assert system_clock.away(now, given, 1) is None
    assert system_clock.away(now, given, 0) is not None
    assert system_clock.away(now, [*given, ("d", now - timedelta(minutes=11))], 1) is not None
    assert system_clock.ahead(now, now - timedelta(days=31)) is None
    assert system_clock.ahead(now, now - timedelta(days=31, seconds=1)) is not None


def test_a_quorum_of_witnesses_says_what_time_it_is(dated_ahead: House, by: Shift) -> None:
    with witness(dated_ahead):
        by(timedelta(hours=1))
        assert "CLOCK-AHEAD" in dated_ahead.run("log", "clock").output, "they contradict the clock"
        by(timedelta(0))
        assert dated_ahead.reply("log", "clock")["by"] == "a quorum of witnesses"
        assert dated_ahead.run(*CLOSED).exit_code == 0
        assert dated_ahead.run("checkpoint").exit_code == 0


@pytest.fixture
def stamping(house: House) -> Iterator[tuple[House, Authority]]:
    """Yield a ledger with a time-stamp authority that answers."""
    authority = Authority(house.folder / "tsa")
    root = house.folder / "root.pem"
    root.write_bytes(authority.root)
    with authority.served() as url:
        assert house.run("stamp", "add", "one", url, "--root", str(root)).exit_code == 0
        yield house, authority


def test_a_time_stamp_that_contradicts_the_clock_is_not_kept(stamping: tuple[House, Authority], by: Shift) -> None:
    house, authority = stamping
    by(timedelta(hours=1))
    done = house.run("stamp")
    assert (done.exit_code, "CLOCK-AHEAD" in done.output) == (Exit.REFUSED, True), done.output
    assert (len(authority.asked), house.reply("stamp", "list")["tokens"]) == (1, [])
    went_on = house.run("stamp", "--clock-is-right")
    assert (went_on.exit_code, "--clock-is-right was given" in went_on.output) == (Exit.FINDINGS, True)
    by(timedelta(0))
    assert len(house.reply("stamp")["tokens"]) == 1


def test_a_time_stamp_authority_says_what_time_it_is(stamping: tuple[House, Authority], by: Shift) -> None:
    house, _ = stamping
    by(YEARS)
    assert house.run(*CLOSED, "--clock-is-right").exit_code == 0
    by(timedelta(0))
    assert house.reply("log", "clock")["by"] == "time-stamp authority one"
