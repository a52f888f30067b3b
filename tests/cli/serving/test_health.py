"""A server says of its health what it is asked, and one that does not answer is not healthy."""

from __future__ import annotations

from typing import Any

import pytest

from cli.commands import serve
from cli.exit_codes import Exit, Stop


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        (200, "healthy", None),
        (503, "the guard is away", "is not healthy: the guard is away"),
        (500, "", "is not healthy: 500"),
    ],
)
def test_a_server_that_is_not_healthy_says_why(
    status: int, answer: str, says: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []

    def ask(host: str, port: int, *, hidden: bool) -> tuple[int, str]:
        asked.append((host, port, hidden))
        return status, answer

    monkeypatch.setattr("server.operations.health_question.ask_health", ask)
    if says is None:
        serve._ask_health("127.0.0.1", 7400, hidden=True)
        assert capsys.readouterr().out == "healthy\n"
        assert asked == [("127.0.0.1", 7400, True)]
        return
    with pytest.raises(Stop, match=f"127.0.0.1:7400 {says}") as stopped:
        serve._ask_health("127.0.0.1", 7400, hidden=False)
    assert stopped.value.code is Exit.PROVED_BAD


@pytest.mark.parametrize("wrong", [ConnectionRefusedError(111, "Connection refused"), OSError("odd")])
def test_a_server_that_does_not_answer_is_proved_bad(wrong: OSError, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*_: Any, **more: Any) -> Any:
        raise wrong

    monkeypatch.setattr("server.operations.health_question.ask_health", ask)
    with pytest.raises(Stop) as stopped:
        serve._ask_health("::1", 7400, hidden=False)
    assert stopped.value.message == f"::1:7400: {wrong.strerror or wrong}"
    assert stopped.value.code is Exit.PROVED_BAD
