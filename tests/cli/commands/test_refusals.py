"""A command that lacks what it needs says what, before it reads or writes anything."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands.file import file_
from cli.commands.offices import add
from cli.commands.serve import serve
from cli.commands.views import views
from cli.exit_codes import Stop
from cli.exports.formats import ExportRequest
from cli.exports.parquet import archive
from cli.invocation import Invocation


def test_an_address_book_is_named() -> None:
    with pytest.raises(Stop, match="which address book"):
        add.main([], standalone_mode=False, obj=Invocation())


@pytest.mark.parametrize(
    ("order", "file", "reveal", "says"),
    [
        ("PPO-1", "a", False, "an archive is a folder with the whole ledger in it"),
        (None, "-", False, "an archive is a folder with the whole ledger in it"),
        (None, "a", True, "no sealed value goes into an archive"),
    ],
)
def test_an_archive_is_a_folder_of_the_whole_ledger_without_sealed_values(
    order: str | None, file: str, reveal: bool, says: str
) -> None:
    handed: Any = None
    with pytest.raises(Stop, match=says):
        archive(ExportRequest(order, file, handed, reveal=reveal))


@pytest.mark.parametrize(("words", "hidden"), [((), False), (("--tls-cert", "a.pem", "--tls-key", "a.key"), True)])
def test_a_server_with_a_certificate_is_asked_for_its_health_by_tls(
    words: tuple[str, ...], hidden: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("cli.commands.serve._ask_health", lambda *said, hidden: asked.append((*said, hidden)))
    serve.main(["--health", "--listen", "127.0.0.1:7400", *words], standalone_mode=False, obj=Invocation())
    assert asked == [("127.0.0.1", 7400, hidden)]


@pytest.mark.parametrize("audience", ["SP", "REG", "CUST"])
def test_who_may_only_know_how_much_is_closed_gets_no_papers(audience: str) -> None:
    with pytest.raises(Stop, match=f"{audience} gets no papers on the whole order"):
        file_.main(["PPO-1", "--audience", audience, "-o", "filing"], standalone_mode=False, obj=Invocation())


def test_a_view_is_made_again_where_the_folder_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = SimpleNamespace(folder=SimpleNamespace(path="karsk"))
    monkeypatch.setattr("cli.commands.views.reading", lambda: nullcontext(reader))
    monkeypatch.setattr("cli.commands.views.keeps_view", lambda of: False)
    with pytest.raises(Stop, match="karsk cannot be written"):
        views.main(["--rebuild"], standalone_mode=False, obj=Invocation())
