"""The commands of the exchange end with what became of each bundle, and with 3 where a peer did not answer for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import exchange
from cli.commands.exchange import _came, _network, _peers, _tell_delivered, _why, send
from cli.exit_codes import Exit, Stop
from cli.invocation import Invocation
from ledger.errors import LedgerError

REASON: Any = SimpleNamespace(code="EXCHANGE-WAIT", says="it is silent")


def sent(state: str, tries: int = 1, reason: Any = None, number: int = 1) -> Any:
    item = SimpleNamespace(number=number, peer="skylark", order="o", digest="ab", state="waiting", tries=tries)
    return SimpleNamespace(item=item, state=state, reason=reason)


@pytest.mark.parametrize(
    ("states", "ends"),
    [
        ((), Exit.DONE),
        (("acknowledged",), Exit.DONE),
        (("refused", "acknowledged"), Exit.DONE),
        (("waiting",), Exit.FINDINGS),
        (("acknowledged", "quarantined"), Exit.FINDINGS),
    ],
)
def test_a_delivery_is_done_once_a_peer_has_answered_for_every_bundle(
    states: tuple[str, ...], ends: Exit, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def deliver(*said: Any, early: bool) -> Iterator[Any]:
        asked.append((*said, early))
        return (sent(state) for state in states)

    monkeypatch.setattr("server.exchange.delivery.deliver", deliver)
    journal: Any = "journal"
    store: Any = "store"
    assert _tell_delivered(journal, store, (), early=True) is ends
    assert asked == [("journal", "store", (), True)]


def test_each_try_is_counted_and_why_a_bundle_waits_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def deliver(*_: Any, early: bool) -> list[Any]:
        assert not early
        return [sent("waiting", 2, REASON), sent("acknowledged", 0, number=2)]

    monkeypatch.setattr("server.exchange.delivery.deliver", deliver)
    nothing: Any = None
    _tell_delivered(nothing, nothing, (), early=False)
    said = capsys.readouterr()
    assert said.out.splitlines() == ["1\tskylark\tab\twaiting\t3\tEXCHANGE-WAIT", "2\tskylark\tab\tacknowledged\t1\t"]
    assert said.err.splitlines() == ["skylark: EXCHANGE-WAIT: it is silent"]
    monkeypatch.setattr("server.exchange.delivery.deliver", lambda *_, early: [])
    _tell_delivered(nothing, nothing, (), early=False)
    assert capsys.readouterr().err.splitlines() == ["nothing is due"]


def test_what_came_has_the_reason_for_its_state() -> None:
    assert (_why(None), _why(REASON)) == ((None, None), ("EXCHANGE-WAIT", "it is silent"))
    came = _came("skylark", "ab", "quarantined", 4, REASON)
    assert (came.peer, came.digest, came.state, came.entries) == ("skylark", "ab", "quarantined", 4)
    assert (came.code, came.says) == ("EXCHANGE-WAIT", "it is silent")
    assert _came("skylark", "ab", "recorded", 4, None).code is None


def test_a_missing_extra_is_said_and_a_missing_module_of_ours_is_a_fault() -> None:
    with pytest.raises(Stop, match="the exchange needs httpx") as stopped, _network():
        raise ModuleNotFoundError("no", name="httpx")
    assert stopped.value.hint == "pip install 'comity[server]'"
    with pytest.raises(ModuleNotFoundError), _network():
        raise ModuleNotFoundError("no", name="server.exchange.gone")


def test_a_configuration_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text("[[peers]]\nname = 3\n", "utf-8")
    with pytest.raises(Stop, match=f"--config {file}: "):
        _peers(str(file))


# -- sending -----------------------------------------------------------------------------------------------------------

Sending = Callable[..., tuple[Exit, list[Any]]]


@pytest.fixture
def sending(monkeypatch: pytest.MonkeyPatch) -> Sending:
    """Return a function that sends a bundle to a peer; it returns the exit code, and what happened in turn."""
    done: list[Any] = []

    @contextmanager
    def opened(what: str) -> Iterator[Any]:
        done.append(what)
        yield what

    @contextmanager
    def bundle(order: str, where: str, handed: Any) -> Iterator[Any]:
        done.append(("made", order, where, handed.audience, handed.unwitnessed))
        about = SimpleNamespace(order="order-id")
        contents = SimpleNamespace(about=about)
        yield SimpleNamespace(contents=contents, data=b"bundle", close_access=lambda: done.append("access closed"))

    def put(*said: Any) -> Any:
        done.append(("kept", *said))
        return sent("waiting", 0).item

    store = SimpleNamespace(put=put)
    monkeypatch.setattr("cli.session.open_ledger.writing", lambda: opened("ledger"))
    monkeypatch.setattr("ledger.application.foreign.arrivals.trust_in_log", lambda j, log: done.append(("trust", log)))
    monkeypatch.setattr("ledger.application.foreign.receipts.to_acknowledge", lambda contents: "places")
    monkeypatch.setattr("cli.handover.evidence_bundle.bundle", bundle)

    @contextmanager
    def kept() -> Iterator[Any]:
        yield store

    monkeypatch.setattr(exchange, "_store", kept)

    def sends(url: str | None, *, later: bool = False, ends: Any = Exit.DONE) -> tuple[Exit, list[Any]]:
        peer = SimpleNamespace(name="skylark", origin="ledger.example/skylark", audience="SP", url=url)
        monkeypatch.setattr(exchange, "_peers", lambda config: (peer,))

        def delivered(*said: Any, early: bool) -> Exit:
            done.append(("delivered", early))
            if isinstance(ends, Exception):
                raise ends
            return Exit(ends)

        monkeypatch.setattr(exchange, "_tell_delivered", delivered)
        words = ["E-7", "--to", "skylark", "--as", "ilves", "--config", "serve.toml", *(["--later"] if later else [])]
        return send.main(words, standalone_mode=False, obj=Invocation()), done

    return sends


MADE = [
    "ledger", ("trust", "ledger.example/skylark"), ("made", "E-7", "for skylark", "SP", False),
    ("kept", "skylark", "order-id", b"bundle", "places"), "access closed",
]  # fmt: skip
URL = "https://skylark.example"


@pytest.mark.parametrize("ends", [Exit.DONE, Exit.FINDINGS])
def test_a_bundle_is_kept_before_it_is_handed_over(sending: Sending, ends: Exit) -> None:
    assert sending(URL, ends=ends) == (ends, [*MADE, "ledger", ("delivered", False)])


@pytest.mark.parametrize(("url", "later"), [(URL, True), (None, False), (None, True)])
def test_a_bundle_waits_if_that_is_asked_or_the_peer_fetches_it(
    sending: Sending, url: str | None, later: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sending(url, later=later) == (Exit.DONE, MADE)
    said = capsys.readouterr()
    assert said.out.splitlines() == ["1\tskylark\tab\twaiting\t0\t"]
    assert ("skylark has to fetch it" in said.err) is (url is None)


def test_a_bundle_waits_while_another_process_hands_over(sending: Sending, capsys: pytest.CaptureFixture[str]) -> None:
    assert sending(URL, ends=LedgerError("BUSY", "it is locked"))[0] is Exit.FINDINGS
    assert "another process hands bundles over now" in capsys.readouterr().err
    with pytest.raises(LedgerError, match="HTTP-SILENT"):
        sending(URL, ends=LedgerError("HTTP-SILENT", "it is silent"))
