"""Hostile time stamps in a bundle: X1."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from cryptography import x509

from tests.browser.rows.case import Case, CaseReader, Make, held
from tests.browser.support.token_cases import AT, FOR_CODE, FOR_STAMPS, HOSTILE, PLAIN, RSA
from tests.support.memory_ledger import NOW, small
from tests.support.tokens import ENDS, Stamper


def stamped(code: str, *make: Callable[[bytes], bytes], by: Stamper = PLAIN) -> Make:
    """Add time stamps over the checkpoint of an honest bundle; the user holds the root of `by`, and RSA's."""

    def made() -> Case:
        ledger, ilves = small()
        note = ledger.checkpoint()
        tokens = {f"checkpoint.{n}.tsr": reply(note) for n, reply in enumerate(make, 1)}
        roots = by.root.pem + RSA.root.pem
        return Case(ledger.bundle(ilves, note=note, tokens=tokens), code, {**held(ledger), "authorities": roots})

    return made


def by_purpose(code: str, *extensions: tuple[x509.ExtensionType, bool]) -> Make:
    """Give the certificate of the authority other purposes."""
    authority = Stamper("A", extensions=extensions)
    return stamped(code, lambda note: authority.stamp(note, AT), by=authority)


def answered(reply: bytes) -> Callable[[bytes], bytes]:
    """Return the same bytes for any content."""
    return lambda _: reply


def meddled(reply: bytes) -> bytes:
    return reply[:-1] + bytes((reply[-1] ^ 1,))


ROWS: dict[str, CaseReader] = {
    "X1": {
        "over other bytes": stamped("TST-IMPRINT", lambda note: PLAIN.stamp(note + b"\n", AT)),
        "by SHA-1": stamped("TST-IMPRINT", lambda note: PLAIN.stamp(note, AT, imprint="sha1")),
        "for another purpose": by_purpose("TST-EKU", (FOR_CODE, True)),
        "not critically so": by_purpose("TST-EKU", (FOR_STAMPS[0], False)),
        "by an authority that nobody trusts": stamped("TST-CHAIN", lambda note: Stamper().stamp(note, AT)),
        "by a root that came inside": stamped(
            "TST-CHAIN", lambda note: (other := Stamper()).stamp(note, AT, certificates=(other.der, other.root.der))
        ),
        "expired": stamped("TST-CHAIN", lambda note: PLAIN.stamp(note, ENDS)),
        "a bit of its signature": stamped("TST-SIG", lambda note: meddled(PLAIN.stamp(note, AT))),
        "of tomorrow": stamped("TST-TIME", lambda note: PLAIN.stamp(note, NOW + timedelta(days=1))),
        "two that differ": stamped(
            "TST-DISAGREE", lambda note: PLAIN.stamp(note, AT), lambda note: RSA.stamp(note, AT + timedelta(hours=2))
        ),
        **{name: stamped("TST-FORMAT", answered(reply)) for name, reply in HOSTILE.items()},
    }
}
