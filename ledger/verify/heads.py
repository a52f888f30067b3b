"""Run steps 2 and 4 to 6: choose the policy, open the signed states of the log, check witnesses and consistency."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from ledger.bundle.layout import POLICY, Arranged, folder
from ledger.errors import RecordError
from ledger.messages import Message
from ledger.tlog.note import MLDSA44, Head, MlDsa, Vkey, lines_of, note_digest, open_checkpoint, unb64
from ledger.tlog.policy import NONE, Policy, parse_policy
from ledger.trust.held import TRUST_OF_BUNDLE, TRUST_OF_RECORD
from ledger.trust.trust_folder import Trust
from ledger.verify.progress import OWN_KEYS, Undecided, Unproven, VerificationLog, counted, placed

LINE = "\n\N{EM DASH} ".encode()  # the beginning of a signature line
DRIFT = timedelta(minutes=5)  # the most that honest clocks differ

# What NO-WITNESS says of times, without and with valid time stamps.
CLAIMED = "the times are those that the signers claim."
DATED = "time stamps show by when what they cover was there, and every other time is one that its signer claims."


def no_witness(times: str) -> Unproven:
    """Return what a log without witnesses leaves unproven; `times` says whose times these are (`CLAIMED`, `DATED`)."""
    return Unproven(
        "NO-WITNESS",
        "when the log said this, and that it told everybody the same. The policy asks for no witness, "
        f"so the holder of the log's key could show two records; {times}",
    )


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
        Unproven(
            "",
            "Whose log and whose witnesses these are: no policy was given, so the keys were taken from "
            f"the {book.of} itself.",
            OWN_KEYS,
        )
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
            Unproven("POL-EXPIRED", f"that your trust policy is still in force. It expired {day}: get a newer one.")
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
    check_known(policy, origin, book, own=own, where=f"{here}/checkpoint")
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


def check_known(policy: Policy, origin: str, book: VerificationLog, *, own: bool, where: str) -> None:
    """Check that the policy names the log: CP-ORIGIN, `Undecided` if it is the policy of the reader, not its `own`."""
    names = sorted({key.name for key in policy.logs})
    if origin in names:
        return
    if own:
        raise RecordError("CP-ORIGIN", Message("the policy knows no log {0}", origin), where=where)
    given = ", ".join(names) or Message("no log")
    raise Undecided("CP-ORIGIN", Message(TRUST_OF_BUNDLE if book.of == "bundle" else TRUST_OF_RECORD, given, origin))


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
        book.gravest.append(no_witness(CLAIMED))
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


LARGEST_PROOF = 8_192  # bytes: a tree of 2^63 entries needs fewer than 128 hashes of 45


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
