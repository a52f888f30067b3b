"""Cases by number: an honest world with none to three mutations."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.fuzz.mutations import MUTATIONS, apply
from tests.fuzz.script import Expect, Script
from tests.fuzz.worlds import world

ALONE = frozenset({"an_older_head", "the_end_left_out"})  # they concern the end, where other mutations add deeds


@dataclass(frozen=True)
class Case:
    """A script with what it deserves; `lies` are the names of the mutations, each with its own seed."""

    seed: int
    lies: tuple[tuple[str, int], ...]
    script: Script
    expects: list[Expect]

    @property
    def honest(self) -> bool:
        return not self.lies

    @property
    def what(self) -> str:
        return "; ".join(e.what for e in self.expects) or "an honest world"


def case(seed: int, only: str | None = None) -> Case:
    """Return the case of this seed: one in twelve honest, most with one mutation, the others with two or three."""
    chance = random.Random(f"case {seed}")
    count = 0 if seed % 12 == 0 and only is None else chance.choice((1, 1, 1, 1, 2, 2, 3))
    names = tuple(MUTATIONS) if only is None else (only,)
    wanted = [(chance.choice(names), chance.randrange(1 << 30)) for _ in range(count if only is None else 1)]
    return case_with(seed, wanted)


def case_with(seed: int, lies: list[tuple[str, int]]) -> Case:
    """Return the world of a seed with these mutations, as far as each finds deeds that no other has touched."""
    script, expects, taken, used = world(seed), list[Expect](), set[str](), list[tuple[str, int]]()
    for number, (name, own) in enumerate(lies):
        made = apply(script, name, own, number)
        alone = len(lies) > 1 and name in ALONE
        if made is None or alone or made[2] & taken or any(name == other for other, _ in used):
            continue
        script, expect, touched = made
        expects.append(expect)
        taken |= touched
        used.append((name, own))
    return Case(seed, tuple(used), script, expects)
