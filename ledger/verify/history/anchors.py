"""Compare a checkpoint that the reader holds with the states of a record, and say what vouches for the record."""

from __future__ import annotations

from contextlib import suppress

from msgspec.structs import replace

from ledger.entries.split_view import prove_split
from ledger.errors import RecordError
from ledger.messages import Message
from ledger.tlog.note import MlDsa, b64, lines_of, open_checkpoint
from ledger.tlog.policy import Policy
from ledger.trust.held import (
    CHECKPOINT_OF_BUNDLE,
    CHECKPOINT_OF_RECORD,
    NOT_APART,
    Came,
    ComparedRoots,
    HeldCheckpoint,
)
from ledger.trust.trust_folder import Trust
from ledger.verify.heads import Heads
from ledger.verify.progress import Contradiction, VerificationLog
from ledger.verify.report import Reason

ANCHOR = "anchor"  # the place of the held checkpoint in messages
TYPED = "ANCHOR-TYPED"
COMPARE_ALL = Message(
    "compare every letter of what you typed with your paper, before you conclude anything: the log that is here leads "
    "to another root"
)
NOT_SIGNED = Message(
    "keep both: the checkpoint you hold has another root, but no key of the log is shown to have signed it, so it "
    "proves nothing against the log"
)


NOTHING = {
    "entry": Message("nothing from outside the entry was given that it could be held against"),
    "bundle": Message("nothing from outside the bundle was given that it could be held against"),
    "folder": Message("nothing from outside the folder was given that it could be held against"),
    "archive": Message("nothing from outside the archive was given that it could be held against"),
    "proof": Message("nothing from outside the proof was given that it could be held against"),
}
NO_REGISTRAR = Message(
    "the policy names the log, but nothing from outside names the registrar who vouches for people's keys"
)
ENTRIES_ONLY = Message(
    "the checkpoint you hold says which entries these are; whose they are is for policy and registrar to say"
)
OTHER_STATE = Message(
    "the head is another state than the checkpoint you hold; who added the rest is for a policy to say"
)


def opened_anchor(
    held: HeldCheckpoint | None, policy: Policy, trust: Trust | None, mldsa: MlDsa | None = None
) -> HeldCheckpoint | None:
    """Return the held checkpoint, `unsigned` if no key of its log in the policy is shown to have signed its note.

    A line of such a key that does not hold, and a key that by the sizes of `trust` does not sign this size, show
    nothing.
    """
    if held is None or not held.note:
        return held
    origin, size = held.checkpoint.origin, held.checkpoint.size
    keys = tuple(key for key in policy.logs if key.name == origin and (trust is None or trust.signs(key, size)))
    try:
        open_checkpoint(held.note, origin, keys, (), mldsa=mldsa) if keys else None
    except RecordError:
        keys = ()
    return held if keys else replace(held, unsigned=True)


def compare(held: HeldCheckpoint, heads: Heads, roots: dict[int, tuple[bytes, str]], book: VerificationLog) -> None:
    """Add the held checkpoint to the known states; ANCHOR-MISMATCH if it contradicts one of them.

    `held` is as `opened_anchor` returns it; `roots` has root and place of each known state by size. A checkpoint of
    another log is a doubt, CP-ORIGIN. So is another root that was typed, ANCHOR-TYPED, until the reader has compared
    it, and another root that no key of the log is shown to have signed, ANCHOR-MISMATCH.
    """
    checkpoint, origin = held.checkpoint, heads.head.checkpoint.origin
    if checkpoint.origin != origin:
        pattern = CHECKPOINT_OF_BUNDLE if book.of == "bundle" else CHECKPOINT_OF_RECORD
        says = Message(pattern, checkpoint.origin, origin)
        book.doubts.insert(0, Reason("CP-ORIGIN", ANCHOR, says))
        return
    root, where = roots.setdefault(checkpoint.size, (checkpoint.root, ANCHOR))
    if root == checkpoint.root:
        return
    if held.typed:
        book.doubts.insert(0, _to_compare(checkpoint.size, checkpoint.root, root, where, book))
        return
    if held.unsigned:
        book.doubts.insert(0, Reason("ANCHOR-MISMATCH", ANCHOR, NOT_SIGNED))
        return
    says = Message("at size {0} the checkpoint you hold has another root than {1}: keep both", checkpoint.size, where)
    raise Contradiction(RecordError("ANCHOR-MISMATCH", says), ANCHOR, _exhibit(held, heads))


def _to_compare(size: int, typed: bytes, here: bytes, where: str, book: VerificationLog) -> Reason:
    """Return the doubt about a typed root that differs; both roots are kept in `book`."""
    ours, theirs = b64(typed), b64(here)
    letters = tuple(n for n, (one, two) in enumerate(zip(ours, theirs, strict=True), 1) if one != two)
    book.compared = ComparedRoots(size, ours, theirs, letters)
    says = Message(
        "compare letter {0} of the root that you typed with your paper, before you conclude anything: you typed {1}, "
        "and {2} has {3}",
        *(letters[0], ours, where, theirs),
    )
    return Reason(TYPED, ANCHOR, says)


def _exhibit(held: HeldCheckpoint, heads: Heads) -> bytes | None:
    """Return the exhibit of two signed notes of one size; None unless one Ed25519 key of the log signed both."""
    if not held.note:
        return None
    for digest, keys in heads.signed_by.items():
        head = heads.all[digest]
        if head.checkpoint.size != held.checkpoint.size:
            continue
        for key in sorted(lines_of(held.note, tuple(keys)), key=lambda key: key.text):
            with suppress(RecordError):  # CP-KEY: a key of another type
                return prove_split(key, head.note, held.note)
    return None


def check_anchored(
    heads: Heads | None,
    held: HeldCheckpoint | None,
    trust: Trust | None,
    book: VerificationLog,
    *,
    pins: bool = True,
    came: Came | None = None,
) -> None:
    """Doubt NO_TRUST_ANCHOR unless the verifier has a policy and a registrar, or a checkpoint equal to the head.

    Without `pins` a checkpoint does not suffice: it shows which entries the log has, but not whose log it is. What did
    not come apart from the record (`came`; None: not asked) vouches for nothing.
    """
    pinned = pins and heads is not None and held is not None and held.checkpoint == heads.head.checkpoint
    if trust is None and held is None:
        lack = NOTHING[book.of]
    elif came in NOT_APART and not (pinned and came is Came.TRUST_BESIDE):
        lack = NOT_APART[came]
    elif pinned or (trust is not None and trust.registrar is not None):
        return
    elif trust is not None:
        lack = NO_REGISTRAR
    elif held is not None and not pins:
        lack = ENTRIES_ONLY
    else:
        lack = OTHER_STATE
    after = sum(doubt.where == ANCHOR and doubt.code in (TYPED, "CP-ORIGIN") for doubt in book.doubts[:1])
    book.doubts.insert(after, Reason("NO_TRUST_ANCHOR", "", lack))
