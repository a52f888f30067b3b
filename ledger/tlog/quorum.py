"""How many witnesses: what a policy withstands, in numbers and in words, and the text of a simple one.

A quorum must be out of reach of the witnesses that lie, and within reach when some are down. With k of n, of which f
may cosign anything and c may be silent: k > (n + f) / 2, so that two quorums share an honest one, and k <= n - c.
"""

from __future__ import annotations

from collections.abc import Callable

from ledger.errors import RecordError
from ledger.tlog.note import LogKey, Vkey, in_turn
from ledger.tlog.policy import NONE, Policy


def needed(n: int, f: int) -> int:
    """The smallest k of `n` witnesses for which no split view succeeds while at most `f` of them lie: k > (n + f) / 2.

    ValueError where even all of them are too few.
    """
    k = (n + f) // 2 + 1
    if not 0 <= f < k <= n:
        raise ValueError(f"{n} witnesses cannot bear {f} that lie")
    return k


def overlap(policy: Policy) -> int:
    """The fewest witnesses that two quorums have in common: one less may lie. 0 where two need share none.

    For k of n, two choices of k share at least 2k - n, and at worst those members that themselves overlap least.
    """
    return _fold(policy, lambda k, below: sum(sorted(below)[: max(0, 2 * k - len(below))]))


def blocking(policy: Policy) -> int:
    """The fewest witnesses whose silence leaves no quorum: one less may be down. 0 where none is asked."""
    return _fold(policy, lambda k, below: sum(sorted(below)[: len(below) - k + 1]))


def explain(policy: Policy) -> list[str]:
    """What the quorum of a policy means, in sentences for people."""
    if policy.quorum == NONE:
        return ["no witness is needed: whoever holds the log key can show different people different records"]
    voters = sorted(policy.voters())
    group = policy.groups.get(policy.quorum)
    if group is None:
        said = [f"the witness {policy.quorum} must have cosigned"]
    else:
        said = [f"{group.threshold} of {len(group.members)} must have cosigned: {', '.join(group.members)}"]
        for name in group.members:
            if name in policy.groups:
                inner = policy.groups[name]
                said.append(f"{name} is {inner.threshold} of {len(inner.members)}: {', '.join(inner.members)}")
    lies, down = overlap(policy) - 1, blocking(policy) - 1
    if lies < 0:
        said.append("two quorums need not share a witness: a split view can succeed although nobody lies")
    else:
        said.append(f"a split view fails as long as {_at_most(lies)} of the {len(voters)} lies")
    said.append(f"heads get their quorum as long as {_at_most(down)} of the {len(voters)} is silent")
    if idle := sorted(policy.witnesses.keys() - set(voters)):
        said.append(f"asked, but not counted: {', '.join(idle)}")
    return said


def format_policy(log: LogKey, witnesses: dict[str, tuple[Vkey, str]], k: int) -> bytes:
    """The policy text of one log and k of its witnesses: name -> (key, URL). POL-QUORUM if k of them cannot be."""
    if witnesses and not 1 <= k <= len(witnesses):
        raise RecordError("POL-QUORUM", f"{k} of {len(witnesses)} witnesses cannot be")
    lines = [
        *(f"log {key.text}" for key in in_turn(log)),
        *(f"witness {name} {key.text} {url}" for name, (key, url) in witnesses.items()),
    ]
    if witnesses:
        lines += [f"group witnesses {k} {' '.join(witnesses)}", "quorum witnesses"]
    else:
        lines.append(f"quorum {NONE}")
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def _fold(policy: Policy, judge: Callable[[int, list[int]], int]) -> int:
    """A number for the quorum from those of its members, a witness being 1; groups are disjoint, so this is exact."""
    value = dict.fromkeys(policy.witnesses, 1)
    for name, group in policy.groups.items():
        value[name] = judge(group.threshold, [value[member] for member in group.members])
    return value.get(policy.quorum, 0)


def _at_most(count: int) -> str:
    return "none" if count == 0 else f"at most {count}"
