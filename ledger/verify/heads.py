"""Run steps 2 and 4 to 6: choose the policy, open the signed states of the log, check witnesses and consistency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from ledger.bundle.layout import POLICY, Arranged, folder
from ledger.errors import RecordError
from ledger.tlog.note import MLDSA44, Checkpoint, Head, MlDsa, Vkey, lines_of, note_digest, open_checkpoint, unb64
from ledger.tlog.policy import NONE, Policy, parse_policy
from ledger.tlog.tree import check_consistency
from ledger.trust.trust_folder import Trust
from ledger.verify.progress import VerificationLog, counted, placed
from ledger.verify.report import Reason

LINE = "\n\N{EM DASH} ".encode()  # the beginning of a signature line
DRIFT = timedelta(minutes=5)  # the most that honest clocks differ

# What NO-WITNESS says of times, without and with valid time stamps.
CLAIMED = "the times are those that the signers claim."
DATED = "time stamps show by when what they cover was there, and every other time is one that its signer claims."


class Heads(Struct, frozen=True):
    """The enclosed states of the log, each signed by it. Every proof leads to `head`.

    `all` has every state by the digest of its note, `head` included; `signed_by` has the keys of the log that
    signed it. Only cosignatures of the policy's witnesses are included. `folder` is the folder of the log's
    files. `kept` is the beginning of the path of a note other than the head.
    """

    folder: str
    head: Head
    all: Mapping[str, Head]
    signed_by: Mapping[str, frozenset[Vkey]]
    kept: str = ""

    def where(self, digest: str) -> str:
        """Return the path of a note."""
        if self.all[digest] is self.head:
            return f"{self.folder}/checkpoint"
        return f"{self.kept or self.folder + '/heads/'}{digest}"


# -- step 2 ------------------------------------------------------------------------------------------------------------


def choose_policy(trust: Trust | None, copy: bytes | None, book: VerificationLog) -> Policy:
    """Return the verifier's policy; without one, for information only, the enclosed copy.

    Raises POL-* if the copy is malformed.
    """
    if trust is not None:
        same = "is the same" if copy == trust.raw else "differs and is not used"
        book.says(f"yours; the copy in the {book.of} {same}")
        return trust.policy
    book.says(f"the {book.of}'s own copy, which proves nothing")
    book.not_proven.append(
        "Whose log and whose witnesses these are: no policy was given, so the keys were taken from "
        f"the {book.of} itself."
    )
    if copy is None:
        raise RecordError("BND-MANIFEST", "a bundle without it is none", where=POLICY)
    try:
        return parse_policy(copy)
    except RecordError as wrong:
        raise placed(wrong, f"{POLICY} {wrong.where}".strip()) from wrong


def check_current(trust: Trust | None, now: datetime, book: VerificationLog) -> None:
    """Record that a newer policy may exist if the verifier's has expired; an expired policy still judges as before."""
    if trust is not None and trust.until is not None and trust.until <= now:
        day = trust.until.date().isoformat()
        book.not_proven.append(
            f"POL-EXPIRED: that your trust policy is still in force. It expired {day}: get a newer one."
        )


# -- step 4 ------------------------------------------------------------------------------------------------------------


READ = 2_000  # the most signature lines to verify under a policy that the record itself brings


def open_heads(
    parts: Arranged,
    origin: str,
    policy: Policy,
    book: VerificationLog,
    mldsa: MlDsa | None,
    *,
    own: bool = False,
    here: str = "",
    kept: str = "",
) -> Heads:
    """Open every enclosed note with the policy's keys. Raises CP-FORMAT, CP-ORIGIN, CP-KEY, CP-SIG.

    Without `mldsa` a line of that type is a doubt, CP-SIG: a false one would be a failure, and this verifier
    cannot tell. Under the record's `own` policy its maker decides how many lines there are to
    verify. Beyond `READ` lines only the head's cosignatures are read, and one line of the log of each other
    note. `here` and `kept` say where the notes are, as in `Heads`; by default they are in a bundle.
    """
    here = here or folder(origin)
    kept = kept or f"{here}/heads/"
    logs = tuple(key for key in policy.logs if key.name == origin)
    if not logs:
        raise RecordError("CP-ORIGIN", f"the policy knows no log {origin}", where=f"{here}/checkpoint")
    unread = [key for key in (*logs, *policy.witnesses.values()) if mldsa is None and key.type == MLDSA44]
    read = tuple(key for key in logs if key not in unread) or logs
    witnesses = [key for key in policy.witnesses.values() if key not in unread]
    if unread:
        who = counted(len(unread), "key")
        book.not_proven.append(f"Signatures of type ML-DSA-44 of {who} of the policy were not read.")
    heads: dict[str, Head] = {}
    signed_by: dict[str, frozenset[Vkey]] = {}
    notes = {f"{kept}{digest}": note for digest, note in parts.heads.items()}
    lines = 0
    for path, note in {**notes, f"{here}/checkpoint": parts.checkpoint}.items():
        digest = note_digest(note)
        if path in notes and digest != path.removeprefix(kept):
            raise RecordError("CP-FORMAT", f"its digest is {digest}, not the one it is kept under", where=path)
        try:
            if own and lines > READ and path in notes:
                first = tuple(lines_of(note, read))[:1] or read
                heads[digest] = open_checkpoint(note, origin, first, [], mldsa=mldsa)
            else:
                heads[digest] = open_checkpoint(note, origin, read, witnesses, mldsa=mldsa)
            lines += note.count(LINE)
            signed_by[digest] = frozenset(lines_of(note, logs))
            for key in lines_of(note, unread):
                says = "a trusted ML-DSA-44 key signed this note, and nothing here can verify it"
                book.doubt("CP-SIG", says, f"{path} {key.name}+{key.keyid.hex()}")
        except RecordError as wrong:
            raise placed(wrong, path) from wrong
    if own and lines > READ:
        book.not_proven.append(f"Cosignatures of notes behind the first {READ} lines were not read.")
    book.says(f"{counted(len(heads), 'note')} of {origin}")
    return Heads(here, heads[note_digest(parts.checkpoint)], heads, signed_by, kept)


def check_sizes(heads: Heads, trust: Trust | None) -> None:
    """Check, if a signed policy gives sizes, that a key of the log for its size signed each note. Raises CP-KEY."""
    if trust is None or not trust.sizes:
        return
    for digest, head in heads.all.items():
        size = head.checkpoint.size
        if not any(trust.signs(key, size) for key in heads.signed_by[digest]):
            raise RecordError("CP-KEY", f"by your policy this key does not sign size {size}", where=heads.where(digest))


# -- step 5 ------------------------------------------------------------------------------------------------------------


def check_quorum(heads: Heads, policy: Policy, now: datetime, book: VerificationLog) -> Heads:
    """Check that enough witnesses saw the head, and return the heads without cosignatures from the future.

    Doubts CP-FUTURE and CP-QUORUM.
    """
    latest = (now + DRIFT).timestamp()
    states: dict[str, Head] = {}
    for digest, head in heads.all.items():
        for key, time in head.cosignatures:
            if time > latest:
                ahead = int(time - now.timestamp())
                book.doubt("CP-FUTURE", f"{key.name} says it saw this {ahead} s from now", heads.where(digest))
        states[digest] = replace(head, cosignatures=tuple((k, t) for k, t in head.cosignatures if t <= latest))
    heads = replace(heads, all=states, head=states[note_digest(heads.head.note)])
    names = policy.names(key for key, _ in heads.head.cosignatures)
    if policy.quorum == NONE:
        book.nothing_asked("the policy asks for none")
        book.gravest.append(
            "NO-WITNESS: when the log said this, and that it told everybody the same. The policy asks for no witness, "
            f"so the holder of the log's key could show two records; {CLAIMED}"
        )
    elif policy.met(names):
        book.says(f"{len(names)} of {len(policy.voters())} saw the head")
    else:
        book.doubt(
            "CP-QUORUM",
            f"{len(names & policy.voters())} of {counted(len(policy.voters()), 'witness', 'witnesses')} saw the head, "
            f"which is not the quorum {policy.quorum!r}",
            heads.where(note_digest(heads.head.note)),
        )
    return heads


# -- step 6 ------------------------------------------------------------------------------------------------------------


def check_history(heads: Heads, parts: Arranged | None, held: Checkpoint | None, book: VerificationLog) -> None:
    """Check that every state of the log is a prefix of the head, as is `held`, a checkpoint from another source.

    Two roots of one size are SPLIT-VIEW, or ANCHOR-MISMATCH against `held`. A missing proof is a doubt, a
    wrong one a failure, both CP-CONSISTENCY, or ANCHOR-MISMATCH if it concerns `held`. A proof from a size
    that neither a note nor `held` has proves nothing, but its form is checked. `parts` is None if no proof is
    needed, because every entry is present and each state is compared with the tree of the entries.
    """
    roots: dict[int, tuple[bytes, str]] = {}
    for digest, each in heads.all.items():
        c, where = each.checkpoint, heads.where(digest)
        root, first = roots.setdefault(c.size, (c.root, where))
        if root != c.root:
            raise RecordError(
                "SPLIT-VIEW", f"two trees of size {c.size}: keep both notes", where=f"{first} and {where}"
            )
    if held is not None:
        _compare(held, heads.head.checkpoint.origin, roots)
    if parts is None:
        book.says(f"{counted(len(roots), 'state')} of the log, each to be held against the entries")
        return
    size = heads.head.checkpoint.size
    proven = 0
    for other, (_, where) in roots.items():
        if other in (size, 0):
            continue
        m, n = sorted((other, size))
        code = "ANCHOR-MISMATCH" if where == ANCHOR else "CP-CONSISTENCY"
        proof = parts.consistency.get((m, n))
        if proof is None:
            book.doubt(code, f"nothing proves that the trees of {m} and {n} entries are one log", where)
            continue
        try:
            check_consistency(m, n, roots[m][0], roots[n][0], hashes(proof))
        except RecordError as wrong:
            raise RecordError(code, wrong.says, where=f"{heads.folder}/consistency/{m}-{n}") from wrong
        proven += 1
    for (m, n), proof in parts.consistency.items():
        try:
            hashes(proof)
        except RecordError as wrong:
            raise RecordError("CP-CONSISTENCY", wrong.says, where=f"{heads.folder}/consistency/{m}-{n}") from wrong
    book.says(f"{counted(len(roots), 'state')} of the log, {counted(proven, 'proof')} that it only grew")


LARGEST_PROOF = 8_192  # bytes: a tree of 2^63 entries needs fewer than 128 hashes of 45
ANCHOR = "anchor"  # the place of the held checkpoint in messages


def _compare(held: Checkpoint, origin: str, roots: dict[int, tuple[bytes, str]]) -> None:
    """Add the held checkpoint to the known states; ANCHOR-MISMATCH if it contradicts one of them."""
    if held.origin != origin:
        raise RecordError("ANCHOR-MISMATCH", f"you hold a checkpoint of {held.origin}, this is {origin}", where=ANCHOR)
    root, where = roots.setdefault(held.size, (held.root, ANCHOR))
    if root != held.root:
        says = f"at size {held.size} the checkpoint you hold has another root than {where}: keep both"
        raise RecordError("ANCHOR-MISMATCH", says, where=ANCHOR)


def hashes(text: bytes) -> list[bytes]:
    """Return the hashes in a file of a consistency proof; CP-CONSISTENCY unless it has one base64 hash a line."""
    if len(text) > LARGEST_PROOF:
        raise RecordError("CP-CONSISTENCY", f"{len(text)} bytes are more than the proof of any tree has")
    lines = text.split(b"\n")
    try:
        if lines.pop():
            raise ValueError("the last line does not end")
        return [unb64(line.decode("ascii")) for line in lines]
    except ValueError as error:
        raise RecordError("CP-CONSISTENCY", f"not one base64 hash a line: {error}") from error


def check_anchored(
    heads: Heads | None, held: Checkpoint | None, trust: Trust | None, book: VerificationLog, *, pins: bool = True
) -> None:
    """Doubt NO_TRUST_ANCHOR unless the verifier has a policy and a registrar, or a checkpoint equal to the head.

    Without `pins` a checkpoint does not suffice: it shows which entries the log has, but not whose log it is.
    """
    if pins and heads is not None and held is not None and held.size == heads.head.checkpoint.size:
        return  # step 6 has compared the roots
    if trust is not None and trust.registrar is not None:
        return
    if trust is not None:
        lack = "the policy names the log, but nothing from outside names the registrar who vouches for people's keys"
    elif held is not None and not pins:
        lack = "the checkpoint you hold says which entries these are; whose they are is for policy and registrar to say"
    elif held is not None:
        lack = "the head is another state than the checkpoint you hold; who added the rest is for a policy to say"
    else:
        lack = f"nothing from outside the {book.of} was given that it could be held against"
    book.doubts.insert(0, Reason("NO_TRUST_ANCHOR", "", lack))
