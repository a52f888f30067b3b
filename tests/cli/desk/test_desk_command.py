"""A desk is reached by the names of this machine alone, and who signs there is named at the start."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import nullcontext, suppress
from types import SimpleNamespace
from typing import Any

import click
import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from cli.commands import desk as module
from cli.commands.desk import _followed, _listening, _loopback, _signer, follow
from cli.exit_codes import Stop
from cli.invocation import Invocation


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("127.0.0.1:7370", ("127.0.0.1", 7370)),
        ("localhost:0", ("127.0.0.1", 0)),
        ("[::1]:65535", ("::1", 65_535)),
        ("127.0.0.2:7370", ("127.0.0.2", 7370)),
    ],
)
def test_a_desk_listens_on_a_loopback_address(listen: str, address: tuple[str, int]) -> None:
    assert _loopback(listen) == address


@pytest.mark.parametrize(
    ("listen", "says"),
    [
        ("127.0.0.1", "is no address to listen on"),
        ("127.0.0.1:x", "is no address to listen on"),
        ("127.0.0.1:65536", "is no address to listen on"),
        ("0.0.0.0:7370", "is not this machine alone"),
        ("office.example:7370", "is not this machine alone"),
        (":7370", "is not this machine alone"),
    ],
)
def test_any_other_address_is_refused(listen: str, says: str) -> None:
    with pytest.raises(Stop, match=says):
        _loopback(listen)


def test_a_port_that_is_taken_is_said() -> None:
    with _listening("127.0.0.1", 0) as bound:
        port = bound.getsockname()[1]
        with pytest.raises(Stop, match=f"127.0.0.1:{port}: ") as stopped, _listening("127.0.0.1", port):
            pass
        assert "takes a free port" in stopped.value.hint
    assert bound.fileno() == -1
    with _listening("::1", 0) as other:
        assert other.getsockname()[0] == "::1"


def test_without_an_office_no_one_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _signer(None, None, None, None) == (None, None)
    for role, file in (("ISS", None), (None, "key")):
        with pytest.raises(click.UsageError, match="say how --as ACTOR signs"):
            _signer(None, role, file, None)
    monkeypatch.setattr("cli.session.open_ledger.writing", lambda: nullcontext("journal"))
    monkeypatch.setattr("cli.access.recorded_access.opener", lambda *said, view: (*said, view))
    monkeypatch.setattr(module, "person_of", lambda journal, signer, person: f"{person} of {signer[1]}")
    signs: Any = _signer("ilves", "ISS", None, "Dina")
    assert signs == (("journal", "ilves", "ISS", None, "timeline"), "Dina of ilves")


@pytest.mark.parametrize(("listen", "names"), [("127.0.0.1:0", 2), ("127.0.0.2:0", 1), ("[::1]:0", 1)])
def test_a_desk_answers_by_its_address_and_on_the_usual_one_by_localhost(
    listen: str, names: int, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[Any] = []
    limits: list[Any] = []
    sitters: list[Any] = []

    class Served:
        def run(self, sockets: list[Any]) -> None:
            seen.append(sockets[0].getsockname()[1])
            raise KeyboardInterrupt

    class Sat:
        def __init__(self, *said: Any) -> None:
            sitters.append(said[2::2])
            self.sessions = SimpleNamespace(link="link", say=None)
            self.background = SimpleNamespace(close=lambda: seen.append("closed"))

    def served(inside: Any, **given: int) -> Served:
        limits.append(given)
        return Served()

    def app(sitting: Any, hosts: list[str]) -> str:
        seen.append(hosts)
        sitting.sessions.say("next")
        return "app"

    monkeypatch.setattr(module, "ledger_choice", SimpleNamespace(ledger_folder=lambda: str(tmp_path)))
    monkeypatch.setattr(module, "reading", lambda path: nullcontext(SimpleNamespace(now=lambda: "now")))
    monkeypatch.setattr(module, "board", lambda reader, report: SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(module, "bring_up", lambda *said: seen.append("judged"))
    monkeypatch.setattr(module, "_followed", lambda path: nullcontext())
    monkeypatch.setattr("cli.desk.routes.app", app)
    monkeypatch.setattr("cli.desk.session.Desk", Sat)
    monkeypatch.setattr("ledger.adapters.http_server.server", served)
    monkeypatch.setattr("gc.freeze", lambda: None)
    module.desk.main(["--listen", listen], standalone_mode=False, obj=Invocation())
    judged, hosts, port, closed = seen
    assert limits == [{"most_at_once": 32, "largest_head": 16_384, "grace": 3}]
    assert sitters == [(None, None)], "nobody signs without --as"
    host = listen.rpartition(":")[0]
    assert hosts == [f"{host}:{port}", f"localhost:{port}"][:names]
    assert (judged, closed) == ("judged", "closed")
    said = capsys.readouterr()
    assert said.out == f"http://{host}:{port}/?token=link\n"
    assert f"let in; for another browser: http://{host}:{port}/?token=next" in said.err


def test_a_folder_that_cannot_be_written_has_no_desk(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ledger_choice", SimpleNamespace(ledger_folder=lambda: str(tmp_path)))
    asked: list[Any] = []

    def access(path: Any, mode: int) -> bool:
        asked.append((str(path), mode))
        return False

    monkeypatch.setattr("os.access", access)
    with pytest.raises(Stop, match="cannot be written"):
        module.desk.main([], standalone_mode=False, obj=Invocation())
    assert asked == [(str(tmp_path), os.W_OK)]


def test_orders_are_judged_in_the_background_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []
    parents = [7, 7, 8]
    reader = SimpleNamespace(cases=SimpleNamespace(forget=lambda: done.append("forgot")), now=lambda: "now")
    monkeypatch.setattr("signal.signal", lambda *said: done.append(said))
    monkeypatch.setattr("os.nice", done.append)
    monkeypatch.setattr("os.getppid", lambda: parents.pop(0))
    monkeypatch.setattr("time.sleep", lambda seconds: done.append(seconds))
    monkeypatch.setattr(module, "reading", lambda path: nullcontext(reader))
    monkeypatch.setattr(module, "board", lambda of: SimpleNamespace(close=lambda: done.append("closed")))
    monkeypatch.setattr(module, "bring_up", lambda of, view, now: done.append(now))
    follow("ledger", 7)
    assert done == [(signal.SIGINT, signal.SIG_IGN), 5, *["forgot", "now", module.EVERY] * 2, "closed"]


def test_the_process_that_judges_ends_with_the_desk(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []

    def process(*, target: Any, args: Any, daemon: bool) -> Any:
        assert (target, args[0], daemon) == (follow, str(tmp_path), True)
        steps = {name: lambda name=name: done.append(name) for name in ("start", "terminate", "join")}
        return SimpleNamespace(**steps)

    monkeypatch.setattr(module, "get_context", lambda how: SimpleNamespace(Process=process))
    ended = RuntimeError("the desk ends")
    with suppress(RuntimeError), _followed(tmp_path):
        done.append("runs")
        raise ended
    assert done == ["start", "runs", "terminate", "join"]


@pytest.mark.parametrize(("absent", "extra"), [("uvicorn", True), ("starlette", True), ("other", False)])
def test_only_what_the_extra_brings_is_asked_for_by_its_name(
    absent: str, extra: bool, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finder:
        @staticmethod
        def find_spec(name: str, *_: Any) -> None:
            if name == "cli.desk.routes":
                raise ModuleNotFoundError(f"No module named {absent!r}", name=absent)

    monkeypatch.delitem(sys.modules, "cli.desk.routes")
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    with pytest.raises(Stop if extra else ModuleNotFoundError) as stopped:
        module.desk.main([], standalone_mode=False, obj=Invocation())
    assert ("a desk needs starlette and uvicorn" in str(stopped.value)) is extra
