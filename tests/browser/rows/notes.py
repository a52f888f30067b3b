"""Hostile notes, checkpoints and witnesses: N1 to N7, C1 to C4, W1, W2."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from ledger.formats.ed25519 import public_key, sign
from ledger.tlog.note import b64, cosign, sign_note, witness_vkey
from ledger.tlog.tree import root as root_of
from tests.browser.rows.case import PASSES, Case, CaseReader, Make, case, held
from tests.ledger.tlog.test_note import seed
from tests.ledger.verify.test_hostile import NOTES, noted
from tests.ledger.verify.test_time_brackets import t
from tests.support.memory_ledger import NOW, ORIGIN, Ledger, changed, hand, small

DASH = "\u2014 "


def note(code: str, change: Callable[[bytes], bytes]) -> Make:
    """Change the checkpoint of an honest bundle; the manifest lists the changed one."""

    def make() -> Case:
        data, ledger = noted(change)
        return case(data, ledger, code)

    return make


def text(code: str, change: Callable[[str], str], origin: str = ORIGIN) -> Make:
    """Change the text of a checkpoint; the log's key signs the changed text."""
    return note(code, lambda raw: sign_note(change(raw.decode().partition("\n\n")[0] + "\n"), origin, log()).encode())


def log() -> bytes:
    return hand("log").seed


def size(code: str, spelt: str) -> Make:
    return text(code, lambda body: body.replace("\n5\n", f"\n{spelt}\n"))


def rooted(code: str, number: int, root: bytes) -> Make:
    return text(code, lambda body: f"{ORIGIN}\n{number}\n{b64(root)}\n")


def lines(code: str, change: Callable[[list[bytes]], list[bytes]]) -> Make:
    """Change the signature lines of a checkpoint; the log's line is the only one."""
    return note(code, lambda raw: raw.partition(b"\n\n")[0] + b"\n\n" + b"".join(change([raw.partition(b"\n\n")[2]])))


def renamed(code: str, name: str) -> Make:
    return lines(code, lambda all_: [line.replace(ORIGIN.encode(), name.encode()) for line in all_])


def another_id(line: bytes) -> bytes:
    head, _, tail = line.rpartition(b" ")
    return head + b" AAAA" + tail[4:]


ROOT = bytes(range(32))
EMPTY = root_of(0, lambda indexes: [])

NOTED: dict[str, CaseReader] = {
    "N1": {
        "no blank line": note("CP-FORMAT", NOTES["no blank line"][0]),
        "no newline at the end": note("CP-FORMAT", lambda raw: raw[:-1]),
        "CRLF": note("CP-FORMAT", NOTES["CRLF"][0]),
        "a control byte": note("CP-FORMAT", lambda raw: raw.replace(b"karsk", b"kar\x07sk", 1)),
        "17 lines": lines("CP-FORMAT", lambda all_: all_ * 17),
        "101 lines": lines("CP-FORMAT", lambda all_: all_ * 101),
        "a megabyte": text("CP-FORMAT", lambda body: body + "x" * 2**20 + "\n"),
        "an empty name": renamed("CP-FORMAT", ""),
        "a name with U+00A0": renamed("CP-FORMAT", "ledger.test/\u00a0"),
        "a name with U+2003": renamed("CP-FORMAT", "ledger.test/\u2003"),
        "a name with a plus": renamed("CP-FORMAT", "ledger.test/+"),
        "a hyphen for the dash": lines("CP-FORMAT", lambda all_: [all_[0].replace(DASH.encode(), b"- ")]),
        "a text that does not end": note("CP-FORMAT", lambda raw: raw.replace(b"\n\n", b"", 1)),
        "nothing": note("CP-FORMAT", lambda raw: b""),
    },
    "N2": {"a blank line inside": text("CP-FORMAT", lambda body: body + "\nmore\n")},
    "N3": {
        "a known name, another id": lines("CP-SIG", lambda all_: [another_id(all_[0])]),
        "another name, a known id": renamed("CP-SIG", "ledger.test/other"),
    },
    "C1": {
        "007": size("CP-FORMAT", "007"),
        "+7": size("CP-FORMAT", "+7"),
        "a space behind": size("CP-FORMAT", "7 "),
        "a digit of full width": size("CP-FORMAT", "\uff17"),
        "1_000": size("CP-FORMAT", "1_000"),
        "2^63": size("CP-FORMAT", str(2**63)),
        "2^64": size("CP-FORMAT", str(2**64)),
        "empty": size("CP-FORMAT", ""),
    },
    "C2": {
        "an empty tree with a root": rooted("CP-FORMAT", 0, ROOT),
        "a tree with an empty root": rooted("CP-FORMAT", 5, EMPTY),
        "a root of 31 bytes": rooted("CP-FORMAT", 5, bytes(31)),
        "a root of 33 bytes": rooted("CP-FORMAT", 5, bytes(33)),
    },
    "C3": {
        "of another log": text("CP-ORIGIN", lambda body: body.replace(ORIGIN, "ledger.test/xv")),
        "signed under another name": text("CP-SIG", lambda body: body, "ledger.test/xv"),
        "a slash behind": text("CP-ORIGIN", lambda body: body.replace(ORIGIN, f"{ORIGIN}/")),
        "capitals": text("CP-ORIGIN", lambda body: body.replace(ORIGIN, ORIGIN.upper())),
        "a letter that looks alike": text("CP-ORIGIN", lambda body: body.replace("karsk", "k\u0430rsk")),
        "256 bytes": text("CP-ORIGIN", lambda body: body.replace(ORIGIN, "a" * 256)),
    },
    "C4": {"an extension line": text("CP-FORMAT", lambda body: body + "an extension line\n")},
}


# -- the policy that the user holds ------------------------------------------------------------------------------------


def policed(code: str, make: Callable[[bytes], bytes]) -> Make:
    """Check an honest bundle under an invalid policy."""

    def made() -> Case:
        ledger, ilves = small()
        return Case(ledger.bundle(ilves), code, held(ledger, make(ledger.policy())))

    return made


def twins(policy: bytes) -> bytes:
    """Add two keys with one name and one id of 32 bits to a policy; such a pair takes a second to find."""
    keys = (public_key(seed(f"twin {n}")) for n in (28033, 34348))
    lines = (f"witness w{n} {witness_vkey('witness.example/twin', key)}\n" for n, key in enumerate(keys))
    return policy.replace(b"quorum", "".join(lines).encode() + b"quorum")


def one_key_twice(policy: bytes) -> bytes:
    key = public_key(hand("witness 1").seed)
    lines = (f"witness w{n} {witness_vkey(f'witness.test/{n}', key)}\n" for n in (1, 2))
    return policy.replace(b"quorum none", "".join(lines).encode() + b"group every all w1 w2\nquorum every")


# -- witnesses ---------------------------------------------------------------------------------------------------------


def cosigned(code: str, witnesses: int, change: Callable[[Ledger, bytes], bytes], quorum: str | None = None) -> Make:
    """Make the head of an honest bundle with further lines; the policy requires all witnesses."""

    def make() -> Case:
        ledger, ilves = small(witnesses=witnesses)
        data = ledger.bundle(ilves, note=ledger.checkpoint())
        path = f"{ledger.folder}/checkpoint"
        proofs = ledger.checkpoint()
        noted = change(ledger, ledger.checkpoint())

        def put(files: dict[str, bytes]) -> None:
            for name, content in files.items():
                if name == path or name.endswith(".tlog-proof"):
                    files[name] = content.replace(proofs, noted)

        return Case(changed(data, put, ilves.signer("ISS")), code, held(ledger, ledger.policy(quorum)))

    return make


def by(raw: bytes, number: int, at: datetime, name: str | None = None) -> bytes:
    witness = hand(f"witness {number}").seed
    return cosign(raw, name or f"witness.test/{number}", witness, int(at.timestamp())).encode()


def timed(raw: bytes, number: int, seconds: int) -> bytes:
    """Make a cosignature with any time, also one that no software of ours would write."""
    name, secret = f"witness.test/{number}", hand(f"witness {number}").seed
    body = raw.decode().partition("\n\n")[0] + "\n"
    signed = sign(secret, f"cosignature/v1\ntime {seconds}\n{body}".encode())
    key_id = bytes.fromhex(witness_vkey(name, public_key(secret)).split("+")[1])
    return f"{DASH}{name} {b64(key_id + seconds.to_bytes(8, 'big') + signed)}\n".encode()


def as_log(raw: bytes, number: int) -> bytes:
    """Make the line of a log with the key of a witness."""
    name = f"witness.test/{number}"
    return (
        sign_note(raw.decode().partition("\n\n")[0] + "\n", name, hand(f"witness {number}").seed)
        .encode()
        .partition(b"\n\n")[2]
    )


def line_of(raw: bytes) -> bytes:
    return raw.partition(b"\n\n")[2]


def alone(raw: bytes, line: bytes) -> bytes:
    """Return the text of a note with one line under it."""
    return raw.partition(b"\n\n")[0] + b"\n\n" + line


def bad(line: bytes) -> bytes:
    return line[:-8] + (b"AAAA" if line[-8:-4] != b"AAAA" else b"BBBB") + line[-4:]


WITNESSED: dict[str, CaseReader] = {
    "N3": NOTED["N3"]
    | {
        "another id beside the line of the log": cosigned(PASSES, 0, lambda _, raw: raw + another_id(line_of(raw))),
        "another name beside the line of the log": cosigned(
            PASSES, 0, lambda _, raw: raw + line_of(raw).replace(ORIGIN.encode(), b"ledger.test/other")
        ),
    },
    "N4": {
        "of the log": lines("CP-SIG", lambda all_: [*all_, bad(all_[0])]),
        "of a witness beside that of the log": cosigned("CP-SIG", 1, lambda _, raw: raw + bad(by(raw, 1, t(0)))),
    },
    "N5": {"two witnesses": policed("POL-KEY", twins)},
    "N6": {
        "a line twice": cosigned("CP-QUORUM", 2, lambda _, raw: raw + by(raw, 1, t(0)) * 2),
        "one key at two times": cosigned("CP-QUORUM", 2, lambda _, raw: raw + by(raw, 1, t(0)) + by(raw, 1, t(1))),
        "one key under two names": policed("POL-KEY", one_key_twice),
    },
    "N7": {
        "a witness as a log": cosigned("CP-SIG", 1, lambda _, raw: alone(raw, as_log(raw, 1))),
        "the line of a log for a witness": cosigned("CP-QUORUM", 1, lambda _, raw: raw + as_log(raw, 1)),
        "the log as a witness": cosigned(
            "CP-SIG",
            1,
            lambda ledger, raw: alone(raw, cosign(raw, ledger.origin, log(), int(t(0).timestamp())).encode()),
        ),
    },
    "W1": {
        "the future": cosigned("CP-FUTURE", 1, lambda _, raw: raw + by(raw, 1, NOW + timedelta(hours=1))),
        "time 0": cosigned("CP-QUORUM", 1, lambda _, raw: raw + timed(raw, 1, 0)),
        "time 2^63": cosigned("CP-SIG", 1, lambda _, raw: raw + timed(raw, 1, 2**63)),
    },
    "W2": {
        "of the log's own": cosigned(
            "CP-QUORUM", 1, lambda ledger, raw: raw + cosign(raw, ledger.origin, log(), int(t(0).timestamp())).encode()
        ),
        "of one key twice": cosigned("CP-QUORUM", 2, lambda _, raw: raw + by(raw, 1, t(0)) + by(raw, 1, t(9))),
        "of a removed witness": cosigned("CP-QUORUM", 1, lambda _, raw: raw + by(raw, 2, t(0))),
        "of nobody": cosigned("CP-QUORUM", 1, lambda _, raw: raw),
    },
}  # fmt: skip

ROWS: dict[str, CaseReader] = {**NOTED, **WITNESSED}
