"""Compute what a quorum withstands, explain it in sentences, and write a simple policy.

Dishonest witnesses alone must not meet a quorum, and the others must still meet it when some are down. With k
of n, of which f may cosign anything and c may be silent: k > (n + f) / 2, so that two quorums share an honest
one, and k <= n - c.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ledger.errors import RecordError
from ledger.tlog.note import LogKey, Vkey, in_turn
from ledger.tlog.policy import NONE, Policy


def needed(n: int, f: int) -> int:
    """Return the smallest k of `n` witnesses that prevents a split view while at most `f` lie: k > (n + f) / 2.

    Raises ValueError if even all of them are too few.
    """
    k = (n + f) // 2 + 1
    if f < 0 or k > n:
        raise ValueError(f"{n} witnesses cannot bear {f} that lie")
    return k


def overlap(policy: Policy) -> int:
    """Return the fewest witnesses that two quorums share: one fewer may lie. 0 if two need not share any.

    For k of n, two choices of k share at least 2k - n, in the worst case the members with the smallest
    overlap.
    """
    return _fold(policy, lambda k, below: sum(sorted(below)[: max(0, 2 * k - len(below))]))


def blocking(policy: Policy) -> int:
    """Return the fewest witnesses whose silence prevents a quorum: one fewer may be down. 0 without a quorum."""
    return _fold(policy, lambda k, below: sum(sorted(below)[: len(below) - k + 1]))


def explain(policy: Policy) -> list[str]:
    """Return sentences for people on the meaning of a policy's quorum."""
    if policy.quorum == NONE:
        return ["no witness is needed: the holder of the log key can show different people different records"]
    voters = policy.voters()
    group = policy.groups.get(policy.quorum)
    if group is None:
        sentences = [f"the witness {policy.quorum} must have cosigned"]
    else:
        sentences = [f"{group.threshold} of {len(group.members)} must have cosigned: {', '.join(group.members)}"]
        for name in group.members:
            if name in policy.groups:
                inner = policy.groups[name]
                sentences.append(f"{name} is {inner.threshold} of {len(inner.members)}: {', '.join(inner.members)}")
    lies, down = overlap(policy) - 1, blocking(policy) - 1
    if lies < 0:
        sentences.append("two quorums need not share a witness: a split view can succeed although nobody lies")
    else:
        sentences.append(f"a split view fails as long as {_at_most(lies)} of the {len(voters)} lies")
    sentences.append(f"heads get their quorum as long as {_at_most(down)} of the {len(voters)} is silent")
    if idle := sorted(policy.witnesses.keys() - voters):
        sentences.append(f"asked, but not counted: {', '.join(idle)}")
    return sentences


def format_policy(
    log: LogKey,
    witnesses: Mapping[str, tuple[Vkey, str]],
    k: int,
    aside: Mapping[str, Vkey] = {},
    auditors: Mapping[str, tuple[Vkey, str]] = {},
) -> bytes:
    """Return the policy text of one log, k of its witnesses, and auditors: name -> (key, URL).

    Witnesses `aside` are named and not counted. POL-QUORUM for an impossible k.
    """
    if witnesses and not 1 <= k <= len(witnesses):
        raise RecordError("POL-QUORUM", f"{k} of {len(witnesses)} witnesses cannot be")
    lines = [
        *(f"log {key.text}" for key in in_turn(log)),
        *(f"witness {name} {key.text} {url}".rstrip() for name, (key, url) in witnesses.items()),
        *(f"witness {name} {key.text}" for name, key in aside.items()),
    ]
    if witnesses:
        lines += [f"group witnesses {k} {' '.join(witnesses)}", "quorum witnesses"]
    else:
        lines.append(f"quorum {NONE}")
    lines += [f"auditor {name} {key.text} {url}".rstrip() for name, (key, url) in auditors.items()]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")


def with_auditor(policy: bytes, name: str, key: Vkey) -> bytes:
    """Return a policy text that names one more auditor, after all other lines."""
    return policy + f"auditor {name} {key.text}\n".encode()


def _fold(policy: Policy, judge: Callable[[int, list[int]], int]) -> int:
    """Compute a number for the quorum from those of its members; a witness is 1.

    Groups are disjoint, so it is exact.
    """
    value = dict.fromkeys(policy.witnesses, 1)
    for name, group in policy.groups.items():
        value[name] = judge(group.threshold, [value[member] for member in group.members])
    return value.get(policy.quorum, 0)


def _at_most(count: int) -> str:
    return "none" if count == 0 else f"at most {count}"
