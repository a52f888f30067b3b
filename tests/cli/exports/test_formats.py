"""An export is written by the writer of its format, to a file that is not there yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest

from cli.exit_codes import Stop
from cli.exports.formats import FORMATS, ExportRequest, write
from cli.handover.paper_signer import SigningOptions


def request(file: Path | str, order: str | None = "PPO-1", **more: Any) -> ExportRequest:
    handed: Any = None
    return ExportRequest(order, str(file), handed, **more)


def test_an_export_of_one_order_needs_one() -> None:
    assert request("x").one == "PPO-1"
    with pytest.raises(Stop, match="this form is of one ORDER"):
        assert request("x", None).one


@pytest.mark.parametrize("data", [b"data", b"", None])
def test_what_a_writer_returns_is_written_and_nothing_where_it_writes_itself(
    data: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def writer(wanted: Any) -> bytes | None:
        asked.append(wanted)
        return data

    monkeypatch.setattr("cli.exports.writers.ics", writer)
    wanted = request(tmp_path / "a.ics")
    write("ics", wanted)
    assert asked == [wanted]
    assert (tmp_path / "a.ics").exists() is (data is not None)
    if data is not None:
        assert (tmp_path / "a.ics").read_bytes() == data
        with pytest.raises(Stop):
            write("ics", wanted)
        assert len(asked) == 1, "it is refused before anything is opened"


def test_another_format_is_refused_with_the_list() -> None:
    with pytest.raises(click.UsageError, match=r"never json; --format is one of .*case.*asic-e"):
        write("json", request("x"))


@pytest.mark.parametrize("more", [{"unsigned": True}, {"signing": SigningOptions(key="seal.p12")}])
def test_only_a_container_is_signed(more: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for form in sorted(FORMATS.keys() - {"asic-e", "table"}):
        with pytest.raises(click.UsageError, match="are of --format asic-e"):
            write(form, request(tmp_path / "x", **more))
    monkeypatch.setattr("cli.exports.asic_container.asic", lambda wanted: b"zip")
    write("asic-e", request(tmp_path / "x", **more))
    assert (tmp_path / "x").read_bytes() == b"zip"
