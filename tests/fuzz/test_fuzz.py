"""What the program says of worlds with dishonest signers; tests/browser/check/test_fuzz.py compares the page."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.fuzz.cases import case
from tests.fuzz.mutations import MUTATIONS
from tests.fuzz.oracle import Failure, failures
from tests.fuzz.script import Kept, Script
from tests.fuzz.shrink import described, shrunk

KEPT = sorted((Path(__file__).parents[1] / "fuzz" / "seeds").glob("*.json"))


def kept(file: Path) -> Kept:
    return msgspec.json.decode(file.read_bytes(), type=Kept)


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.stem)
def test_what_was_wrong_once_is_right(file: Path) -> None:
    script = kept(file)
    found = failures(script.script, script.expects, None, honest=not script.expects)
    assert not found, described(script)


@pytest.mark.parametrize("seed", range(0, 72, 12))
def test_an_honest_world_passes_and_nothing_is_found_about_its_times_and_claims(seed: int) -> None:
    honest = case(seed)
    assert honest.honest
    assert failures(honest.script, [], None, thorough=True, honest=True) == []


@pytest.mark.parametrize("name", MUTATIONS)
def test_no_lie_is_judged_better_than_it_deserves(name: str) -> None:
    drawn = next(made for seed in range(100) if (made := case(seed, name)).lies)
    assert [f for f in failures(drawn.script, drawn.expects, None) if not f.open] == []


def test_a_failing_script_is_made_small_and_described(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = case(7, "after_the_key_was_revoked")
    failure = Failure("better", "TOTAL-FAILED", "it passes")

    def wrong_while_it_is_sent(script: Script, *_: object, **__: object) -> list[Failure]:
        return [failure] if any(d.kind == "order-transmitted" for d in script.deeds) else []

    monkeypatch.setattr("tests.fuzz.shrink.failures", wrong_while_it_is_sent)
    small = shrunk(drawn, failure, None)
    assert [d.kind for d in small.script.deeds] == ["order-transmitted"]
    assert (small.mutations, small.expects) == ([], [])
    assert "order-transmitted by ilves as ISS" in described(small)
    assert msgspec.json.decode(msgspec.json.encode(small), type=Kept) == small
