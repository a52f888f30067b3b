"""What a monitor looks at, where it keeps what it saw, and with which code it ends."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from cli.commands import monitor
from cli.commands.monitor import OF_ENTRIES, PROVED, UNREACHED, _exit, _held, _hours, _logs, _memory, _whose
from cli.exit_codes import Exit, Stop
from ledger.errors import LedgerError

A, B = "ledger.example/a", "ledger.example/b"


@pytest.mark.parametrize(
    ("codes", "ends"),
    [
        ((), Exit.DONE),
        *(((code,), Exit.PROVED_BAD) for code in sorted(PROVED)),
        *(((f"{start}X",), Exit.PROVED_BAD) for start in OF_ENTRIES if start.endswith("-")),
        *(((code,), Exit.UNDECIDABLE) for code in sorted(UNREACHED)),
        (("LOG-SILENT",), Exit.FINDINGS),
        (("LOG-SILENT", "LOG-UNREACHABLE"), Exit.FINDINGS),
        (("LOG-SILENT", "SPLIT-VIEW"), Exit.PROVED_BAD),
        (("HTTP-SILENT", "SIG-BAD"), Exit.PROVED_BAD),
    ],
)
def test_the_worst_alarm_decides_the_exit_code(codes: tuple[str, ...], ends: Exit) -> None:
    alarms: list[Any] = [SimpleNamespace(code=code) for code in codes]
    assert _exit(alarms) is ends


class Key(NamedTuple):
    name: str


def trust(*logs: str, **urls: str) -> Any:
    keys = [Key(log) for log in logs]
    known = {key: urls[key.name[-1]] for key in keys if key.name[-1] in urls}
    return SimpleNamespace(policy=SimpleNamespace(logs=keys, urls=known))


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Return the checkpoints by place; another place is silent."""
    known: dict[str, bytes] = {}

    def read(place: str) -> Any:
        def fetch(name: str, most: int) -> bytes:
            assert name == "checkpoint"
            if place not in known:
                raise LedgerError("HTTP-SILENT", "it is silent")
            return known[place]

        return fetch

    monkeypatch.setattr(monitor, "source", read)
    return known


def test_a_place_is_of_the_log_that_it_states_else_of_the_only_one_that_is_known(places: dict[str, bytes]) -> None:
    places["/log"] = f"{B}\n9\n".encode()
    one, two = trust(A), trust(B)
    assert _whose("/log", [one, two]) == (two, B)
    assert _whose("/silent", [two]) == (two, B), "that it is silent is said by the look at it"
    for held in ([one, two], []):
        with pytest.raises(LedgerError, match="HTTP-SILENT"):
            _whose("/silent", held)
    with pytest.raises(Stop, match=f"/log says it is the log '{B}'") as stopped:
        _whose("/log", [one])
    assert stopped.value.hint == f"--trust DIR for it; known is {A}"
    places["/other"] = b"ledger.example/c\n9\n"
    for held in ([one, two], [two, one]):
        with pytest.raises(Stop) as stopped:
            _whose("/other", held)
        assert stopped.value.hint == f"--trust DIR for it; known is {A}, {B}"
    with pytest.raises(Stop) as stopped:
        _whose("/log", [])
    assert stopped.value.hint.endswith("known is none")


def test_the_named_places_are_looked_at_else_every_log_with_an_address(
    places: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [trust(A, a="https://a.example"), trust(B)]
    monkeypatch.setattr(monitor, "_held", lambda trusts: held)
    assert list(_logs((), ("x",))) == [("https://a.example", held[0], A)]
    places["/log"] = f"{B}\n9\n".encode()
    assert list(_logs(("/log",), ("x",))) == [("/log", held[1], B)]
    witness = trust(A, a="https://a.example")
    witness.policy.urls = {Key("w"): "https://w.example"}
    monkeypatch.setattr(monitor, "_held", lambda trusts: [witness])
    assert list(_logs((), ())) == [], "the address of a witness is that of no log"


def test_what_was_seen_is_kept_in_the_ledger_in_a_named_folder_or_with_the_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = SimpleNamespace(path=Path("ledger"), evidence=Path("ledger/evidence"), others=Path("others.db"))
    monkeypatch.setattr("ledger.adapters.folders.ledger_folder.read_folder", lambda path: folder)
    monkeypatch.setattr(monitor, "Home", SimpleNamespace(user=lambda: SimpleNamespace(state=Path("state"))))
    monkeypatch.setattr(monitor, "ledger_choice", SimpleNamespace(ledger_folder=lambda: "ledger"))
    assert _memory(None, ()) == (Path("ledger/others"), Path("ledger/evidence"), Path("others.db"))
    kept = Path("state/monitor")
    assert _memory(None, ("trust",)) == (kept, kept / "evidence", kept)
    for trusts in ((), ("trust",)):
        assert _memory("mine", trusts) == (Path("mine"), Path("mine/evidence"), Path("mine"))


def test_trust_is_given_else_that_of_the_pinned_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "cli.handover.trust_folder.read_trust", lambda path: SimpleNamespace(path=path, others=["one", "two"])
    )
    folder = SimpleNamespace(path=Path("ledger"))
    monkeypatch.setattr("ledger.adapters.folders.ledger_folder.read_folder", lambda path: folder)
    monkeypatch.setattr(monitor, "ledger_choice", SimpleNamespace(ledger_folder=lambda: "ledger"))
    given: list[Any] = _held(("a", "b"))
    assert [each.path for each in given] == ["a", "b"]
    own: list[Any] = _held(())
    assert own == ["one", "two"]


def test_hours_may_be_a_part_of_one() -> None:
    assert _hours(None) is None
    assert [_hours(h).total_seconds() for h in (0.5, 26)] == [1800, 93_600]  # type: ignore[union-attr]
