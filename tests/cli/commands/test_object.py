"""The notified authority says which of two acts its objection is, and is asked on a terminal if it does not say."""

from __future__ import annotations

from typing import Any

import pytest

from cli.commands import object as command
from cli.exit_codes import Exit
from cli.terminal import prompts
from tests.support.cli import run

Put = list[tuple[str, str, dict[str, Any]]]


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Put:
    """Collect what would be recorded: kind, order and public fields."""
    said: Put = []

    def recorded(_: object, kind: str, order: str, *, public: dict[str, Any]) -> Exit:
        said.append((kind, order, public))
        return Exit.DONE

    monkeypatch.setattr(command, "put", recorded)
    return said


INSTRUCTED = ("non-disclosure-instructed", "PPO-1", {"ground": "G-7-i", "scope": "all"})
RAISED = ("ground-for-refusal-raised", "PPO-1", {"grounds": ["EPOC:12(1)(a)"], "scope": "all"})


@pytest.mark.parametrize(
    ("args", "recorded"),
    [
        (("--instruction", "G-7-i"), INSTRUCTED),
        (("--instruction", "G-7-i", "--scope", "part", "--covers", "name,login-ip"),
         (INSTRUCTED[0], "PPO-1", {"ground": "G-7-i", "scope": "part", "elements": ["name", "login-ip"]})),
        (("--ground", "EPOC:12(1)(a)"), RAISED),
        (("--ground", "EPOC:12(1)(a)", "--ground", "EPOC:12(1)(b)", "--scope", "conditions"),
         (RAISED[0], "PPO-1", {"grounds": ["EPOC:12(1)(a)", "EPOC:12(1)(b)"], "scope": "conditions"})),
    ],
)  # fmt: skip
def test_an_instruction_and_a_ground_are_two_acts(put: Put, args: tuple[str, ...], recorded: Any) -> None:
    assert run("object", "PPO-1", *args).exit_code == Exit.DONE
    (kind, order, public), *more = put
    stated = {name: value for name, value in public.items() if value is not None}
    assert ((kind, order, stated), more) == (recorded, [])


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--instruction", "G-7-i", "--scope", "conditions"), "an instruction bars all or a part"),
        (("--instruction", "G-7-i", "--ground", "EPOC:12(1)(a)"), "an instruction and a ground for refusal are two"),
        ((), "which objection is meant?"),
    ],
)
def test_what_is_no_one_objection_is_refused(put: Put, args: tuple[str, ...], says: str) -> None:
    done = run("object", "PPO-1", *args)
    assert (done.exit_code, says in done.stderr, put) == (Exit.USAGE, True, [])


@pytest.mark.parametrize(
    ("typed", "recorded", "other"),
    [("instruction\nG-7-i\n", INSTRUCTED, "EPOC:12"), ("ground\nEPOC:12(1)(a)\n", RAISED, "G-7")],
)
def test_on_a_terminal_the_act_and_its_ground_are_asked_for(
    put: Put, typed: str, recorded: Any, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompts, "attended", lambda: True)
    done = run("object", "PPO-1", stdin=typed)
    assert done.exit_code == Exit.DONE, done.output
    (kind, order, public), *more = put
    stated = {name: value for name, value in public.items() if value is not None}
    assert ((kind, order, stated), more) == (recorded, [])
    assert other not in done.stderr.partition("On which ground")[2]
