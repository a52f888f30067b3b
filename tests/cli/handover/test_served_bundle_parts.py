"""What is asked of an office server for a bundle, and what is said of the bundle that came."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import click
import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")

from cli.access.recorded_access import Stated
from cli.exit_codes import Stop
from cli.handover import served_bundle as module
from cli.handover.evidence_bundle import Handed
from cli.handover.served_bundle import served_bundle
from ledger.errors import LedgerError

URL = "https://office.example"


class Target:
    """A server of which a bundle is asked; `fault` is raised in its place."""

    def __init__(self, *, recorded: bool = True, fault: Exception | None = None) -> None:
        self.recorded, self.fault = recorded, fault
        self.wanted: list[Any] = []

    def find(self, order: str) -> str:
        return f"id of {order}"

    def signer(self, *said: Any) -> Any:
        return SimpleNamespace(asked=said)

    def bundles(self) -> Any:
        return SimpleNamespace(make=self.make)

    def make(self, wanted: Any, signer: Any) -> Any:
        self.wanted.append((wanted, signer.asked))
        if self.fault:
            raise self.fault
        return SimpleNamespace(data=b"zip", recorded=self.recorded, closed=1, report=SimpleNamespace(entries=7))


def served(target: Target, monkeypatch: pytest.MonkeyPatch, **handed: Any) -> bytes:
    @contextmanager
    def recording(*said: Any) -> Iterator[Target]:
        assert said == (URL, "secret", "ilves", None)
        yield target

    monkeypatch.setattr(module, "recording_served", recording)
    monkeypatch.setattr(module, "verified", nullcontext)
    monkeypatch.setattr(module, "purpose_for", lambda signer, view, purpose, reader: f"{view} for {reader}: {purpose}")
    monkeypatch.setattr(module, "by_digest", lambda folder: {"digest": folder})
    given: dict[str, Any] = {"audience": "CT", "actor": "ilves", "role": "ISS", "key_file": None}
    secret: Any = "secret"
    asked = Handed(**{**given, "stated": Stated("trial", "prosecution", None), **handed})
    return served_bundle(URL, secret, "PPO-1", "a.zip", asked)


def test_a_bundle_is_asked_for_by_role_purpose_and_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = Target()
    assert served(target, monkeypatch, documents="docs", linked=True, basis=("LED art. 4",)) == b"zip"
    ((wanted, signer),) = target.wanted
    assert signer == ("record-accessed", "ilves", "ISS", None)
    assert (wanted.order, wanted.audience, wanted.purpose) == ("id of PPO-1", "CT", "export for CT: prosecution")
    assert (wanted.because, wanted.legal_basis, wanted.linked, wanted.unwitnessed) == (
        "trial", ("LED art. 4",), True, False,
    )  # fmt: skip
    assert list(wanted.documents) == ["digest"]
    says = capsys.readouterr().err.splitlines()
    assert says == [
        "a.zip: 7 entries for CT (court), 1 sealed value not opened",
        f"{URL}: the bundle was verified, and its manifest is signed here",
    ]


def test_that_nothing_was_opened_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    target = Target(recorded=False)
    served(target, monkeypatch, stated=Stated(None, None, None))
    assert target.wanted[0][0].documents == {}
    assert capsys.readouterr().err.startswith(f"{URL}: no sealed value was opened for this bundle\n")


def test_who_reads_it_and_why_are_stated_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    target = Target()
    with pytest.raises(click.UsageError, match="who is going to read it"):
        served(target, monkeypatch, audience=None)
    with pytest.raises(Stop, match="--because is empty"):
        served(target, monkeypatch, stated=Stated("  ", None, None))
    assert target.wanted == []


@pytest.mark.parametrize("code", ["UNWITNESSED", "HTTP-SILENT"])
def test_a_bundle_without_witnesses_says_how_it_is_handed_over_all_the_same(
    code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LedgerError, match=code) as found:
        served(Target(fault=LedgerError(code, "no", "its own hint")), monkeypatch)
    assert found.value.hint.startswith("--unwitnessed hands over") is (code == "UNWITNESSED")
    assert found.value.says == "no"
