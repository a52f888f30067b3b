"""The script of a case as plain JSON: deeds of two ledgers in their order, a bundle, a verifier.

A value `{"$": what, ...}` inside a deed stands for something that is known when the deed is done; `built` has
the list.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Wrap(msgspec.Struct, omit_defaults=True):
    """Which deed is wrapped, proven under which head; `proof` and `file` say what travels of it."""

    of: str
    head: str | None = None  # None: a letter that crossed, without a proof
    proof: str = "good"  # none, path, index, note (spoiled ones)
    signed: str | None = None  # a hand that signs the head in place of the log
    file: bool = True
    values: bool = True
    check: str | None = None  # what the wrapper says of the proof, if not what is true


class Deed(msgspec.Struct, omit_defaults=True):
    """One entry, or with kind "head" a checkpoint; `at` in minutes from the beginning of the world."""

    id: str
    kind: str
    at: int
    by: str = ""
    log: str = "own"
    order: str | None = None  # main, companion, linked; None for the register
    role: str | None = None
    public: dict[str, Any] = {}
    sealed: dict[str, Any] = {}
    on: int | None = None  # minutes; None: when it is signed
    speaks: str = "act"
    on_source: str = "own-act"
    whose: str | None = None
    replaces: Any = None
    audience: dict[str, list[str]] = {}
    other: dict[str, Any] | None = None
    key: str | None = None  # the hand whose key signs, if it is not that of `by`
    changes: dict[str, Any] = {}  # members of the payload as they are signed, whatever is true; dots lead inside
    hides: dict[str, Any] = {}  # sealed values as they are committed to, of whatever form
    loose: bool = False  # signed, and not taken into the log
    wraps: Wrap | None = None
    times: dict[str, int] = {}  # of a head: number of a witness -> minutes
    again: str | None = None  # the very bytes of another deed are a leaf once more
    cite: bool = False  # of a head: what is recorded after it cites it
    rotates: str | None = None  # the log signs with this key from here on

    def clone(self, **changes: Any) -> Deed:
        made = msgspec.convert(msgspec.to_builtins(self), Deed)
        for name, value in changes.items():
            setattr(made, name, value)
        return made


class Bundle(msgspec.Struct, omit_defaults=True):
    """The bundle that is made at the end, `at` in minutes; `times` by when which witness saw its head."""

    at: int
    by: str = "ilves"
    role: str = "ISS"
    audience: str = "CT"
    order: str = "main"
    more: list[str] = []
    times: dict[str, int] = {}
    behind: int = 0  # how many entries the head leaves out
    sign: str | None = None  # the hand that signs the head as the log
    key: str | None = None  # the hand whose key signs the manifest
    party: str | None = None  # the Party that its maker claims
    cut: dict[str, int] = {}  # order -> entries left out at its end; "register" too
    omit: list[str] = []  # deeds left out, wherever they stand
    opens: list[list[str]] = []  # [deed, other deed]: the disclosures of the other one are filed under the first
    closes: list[str] = []  # deeds of which nothing is opened, without being listed
    opened_all: bool = False  # everything is opened for every reader
    said: dict[str, Any] = {}  # members of the manifest as they are signed
    forks: list[str] = []  # heads with which another root of the same size is packed
    consistency: str = "good"  # none, wrong
    policy: str = "same"  # what the copy in it says: same, none, stranger, comment
    foreign_origin: bool = False  # the whole bundle is of the other ledger
    put: dict[str, str] = {}  # path -> text, files as they are put in at the end
    drop: list[str] = []  # parts of paths of files that are left out at the end
    registers: str = "good"  # of other logs, which prove keys there: none, cut, spoiled
    flip: list[int] = []  # [file, bit]: one bit of one file


class Verifier(msgspec.Struct, omit_defaults=True):
    """What the verifier holds, and when it looks (days after the world's NOW)."""

    policy: str = "own"  # none, stranger (another log key)
    registrar: str = "own"  # none, other, stranger
    others: bool = True
    quorum: str | None = None
    more_witnesses: int = 0
    anchor: str | None = None  # head, older, wrong, foreign
    days: int = 0
    sizes: list[int] = []  # first and end of the sizes that a signed policy gives the log's first key
    until: int | None = None  # days after the world's NOW when the policy expires


class Script(msgspec.Struct, omit_defaults=True):
    """A case. `instruments` by order, `parties` by actor."""

    instruments: dict[str, str]
    parties: dict[str, str]
    deeds: list[Deed]
    bundle: Bundle
    verifier: Verifier = msgspec.field(default_factory=Verifier)
    witnesses: int = 0
    quorum: str = "none"
    witnessed_there: bool = False  # the policy about the other log asks for a witness

    def clone(self) -> Script:
        return msgspec.convert(msgspec.to_builtins(self), Script)

    def deed(self, id: str) -> Deed:
        return next(d for d in self.deeds if d.id == id)

    def without(self, *ids: str) -> Script:
        made = self.clone()
        made.deeds = [d for d in made.deeds if d.id not in ids]
        return made


class Expect(msgspec.Struct, omit_defaults=True):
    """What one mutation deserves.

    `at_most` and `at_least` bound the verdict. `weightless` deeds change nothing: all that counts without them counts,
    no finding goes away, and they count for nothing; of `own` ones that they were recorded may count. Of deeds that are
    `withdraws` no contradiction of A1 to A3 becomes a demonstration. One of `codes` is
    among reasons and findings, unless there are none. `unproven`: such a word is among what is not proven. `keeps` are
    the deeds without which the mutation is none. `open` names a finding that is not mended yet.
    """

    what: str
    at_most: str = "TOTAL-PASSED"
    at_least: str = "TOTAL-FAILED"
    weightless: list[str] = []
    own: bool = False
    withdraws: list[str] = []
    codes: list[str] = []
    unproven: str = ""
    keeps: list[str] = []
    open: str = ""


class Kept(msgspec.Struct, omit_defaults=True):
    """A script that is kept, with what it deserves and where it came from."""

    what: str
    script: Script
    expects: list[Expect] = []
    seed: int = -1
    mutations: list[str] = []
    cause: str = ""


RANKS = {"TOTAL-FAILED": 0, "INDETERMINATE": 1, "TOTAL-PASSED": 2}
