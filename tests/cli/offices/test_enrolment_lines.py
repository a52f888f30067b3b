"""What was done for an office is said in one line, with its key, and with what its own machine has to do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.offices.enrolment import lines, tell_of_keys_here
from cli.offices.enrolment_plan import OfficeItem

KEY = "ab" * 32


@pytest.mark.parametrize(
    ("actor", "key", "file", "recorded", "line"),
    [
        ("", "", "", ["party-registered"], "registered Party XO"),
        ("ilves", "", "", [], "ilves of XO as ISS, CT: as before"),
        ("ilves", "", "", ["authority-registered"], "ilves of XO as ISS, CT: registered"),
        (
            "ilves", KEY, "keys/ilves", ["authority-registered", "key-registered", "key-accepted"],
            "ilves of XO as ISS, CT: registered, key enrolled, accepted, key keys/ilves",
        ),
        (
            "ilves", KEY, "", ["key-registered"],
            "ilves of XO as ISS, CT: key enrolled; on its own machine: comity key accept ilves",
        ),
        ("ilves", KEY, "", ["authority-registered"], "ilves of XO as ISS, CT: registered"),
        ("ilves", "", "", ["key-registered"], "ilves of XO as ISS, CT: key enrolled"),
        ("ilves", KEY, "keys/ilves", ["key-accepted"], "ilves of XO as ISS, CT: accepted, key keys/ilves"),
    ],
)  # fmt: skip
def test_an_office_has_one_line(actor: str, key: str, file: str, recorded: list[str], line: str) -> None:
    assert lines([OfficeItem("XO", actor, ["ISS", "CT"], key, file, recorded)]) == [line]


@pytest.mark.parametrize(
    ("here", "accepted", "told"),
    [
        ({"ilves"}, {"ilves"}, False),  # the only one
        ({"ilves", "orn"}, {"orn"}, True),  # the second one
        ({"ilves", "orn"}, {"ilves", "orn"}, True),
        ({"ilves", "orn", "lind"}, {"lind"}, False),  # it was said when the second one came
        ({"ilves", "orn", "lind"}, {"lind", "orn"}, True),
        ({"ilves", "registrar"}, {"ilves"}, False),
        ({"ilves", "ended"}, {"ilves"}, False),
    ],
)
def test_that_one_account_signs_for_several_offices_is_said_when_the_second_comes(
    here: set[str], accepted: set[str], told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {name: f"{n:064x}" for n, name in enumerate(("ilves", "orn", "lind", "registrar", "ended", "away"))}
    monkeypatch.setattr(
        "ledger.adapters.keys.key_files.listed", lambda folder: {name: bytes.fromhex(keys[name]) for name in here}
    )
    said: list[str] = []
    monkeypatch.setattr("cli.terminal.output.tell", said.append)
    held = {
        name: SimpleNamespace(public=public, actor=name, ended=9 if name == "ended" else None)
        for name, public in keys.items()
    }
    journal: Any = SimpleNamespace(
        home=SimpleNamespace(keys="keys"),
        read_keyring=lambda: SimpleNamespace(keys=held),
        folder=SimpleNamespace(registrar=SimpleNamespace(actor="registrar")),
    )
    tell_of_keys_here(journal, accepted)
    assert len(said) == told
    if told:
        assert f"the keys of {', '.join(sorted(here))} are on this machine" in said[0]
