"""What is more than a claim in a mail: a stamp and results of a server that the person names, a signature under a key.

The file of a mail is what somebody handed over, and a sender can write any header. So the topmost `Received` counts
only if it is of the named server. `Authentication-Results` (RFC 8601) of this server count only where a sender cannot
have put them: above that stamp, or as the only ones of this server. Both stay the claims of that server: any holder of
the file can have written them. A DKIM signature (RFC 6376) is checked under the key that the person hands in. It holds
for nothing where a header occurs more often than it is signed, because signers count from the bottom and programs read
from the top (5.4.2, 8.15), and where a header that decides how the text is read is not signed. The DNS is never asked.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from email.utils import getaddresses
from typing import Final

from msgspec import Struct

from ledger.application.intake.mail.mail_file import READING, Mail, header_name, without_comments
from ledger.errors import LedgerError, RecordError
from ledger.messages import Message

MOST_SIGNATURES: Final = 10
_RESULT: Final = re.compile(r"(?:^|;)\s*([a-z][a-z0-9-]{0,30})\s*=\s*([a-z]{1,20})\b([^;]*)", re.I)
_DOMAIN: Final = re.compile(r"\b(?:header\.[di]|smtp\.mailfrom|header\.from)\s*=\s*\"?([^\s;\"]{1,255})", re.I)


class ServerWord(Struct, frozen=True):
    """What a named server wrote: when it took the mail (None: its stamp is not the topmost), and its results."""

    server: str
    taken: datetime | None
    results: tuple[tuple[str, str, str], ...]  # method, result, domain
    note: str = ""


class KeyWord(Struct, frozen=True):
    """A DKIM signature under a key handed in: whether it holds, of which domain, over which headers, and why not.

    `headers` are the signed headers of the mail, each of them as often as it is signed.
    """

    holds: bool
    domain: str
    headers: tuple[str, ...]
    why: str = ""


def word_of_server(mail: Mail, server: str) -> ServerWord:
    """Return what a server (its host name, or its authserv-id) wrote into a mail, as far as its place allows."""
    server = server.strip().lower().rstrip(".")
    names = [name for name, _ in mail.headers]
    top = names.index("received") if "received" in names else len(names)
    ours = bool(mail.received) and mail.received[0].by == server
    found = [
        (place, value)
        for place, (name, value) in enumerate(mail.headers)
        if name == "authentication-results" and _server_of(value) == server
    ]
    above = [(place, value) for place, value in found if place < top]
    counted = (above or (found if len(found) == 1 else [])) if ours else []
    note = ""
    if found and not counted:
        note = Message("its results are at a place where a sender can have put them, and are not read")
    elif counted and not above:
        note = Message("its results are below its stamp: they are its own if it removes those that a sender wrote")
    results = tuple(result for _, value in counted for result in _results(value))
    return ServerWord(server, mail.received[0].at if ours else None, results, note)


def _server_of(value: str) -> str:
    """Return the authserv-id of a header, in small letters."""
    first = without_comments(value).partition(";")[0].split()
    return first[0].lower().rstrip(".") if first else ""


def _results(value: str) -> list[tuple[str, str, str]]:
    after = without_comments(value).partition(";")[2]
    found = []
    for method, result, more in _RESULT.findall(";" + after)[:50]:
        domain = _DOMAIN.search(more)
        found.append((method.lower(), result.lower(), domain[1].lower() if domain else ""))
    return found


def check_key(mail: Mail, key: str, name: str) -> KeyWord:
    """Check the DKIM signature of the key `name` (selector._domainkey.domain) under its record or public key `key`.

    `RecordError` MAIL-KEY for a key or a name of another form; `LedgerError` NO-MAIL without the library.
    """
    try:
        import dkim
    except ModuleNotFoundError as absent:
        raise LedgerError("NO-MAIL", f"checking DKIM needs {absent.name}", "pip install 'comity[mail]'") from None
    wanted = name.strip().lower().rstrip(".")
    selector, mark, domain = wanted.partition("._domainkey.")
    if not mark or not selector or not domain:
        raise RecordError("MAIL-KEY", f"{name!r} names no key", hint="as s2026._domainkey.example.org")
    record = _record_of(key)
    if not mail.raw:
        return KeyWord(False, domain, (), "an .msg keeps no signed bytes: hand in the mail as .eml")

    def look_up(asked: bytes, timeout: int = 5) -> bytes | None:
        return record if asked.decode("ascii", "replace").lower().rstrip(".") == wanted else None

    why = f"it has no signature of {wanted}"
    count = sum(header == "dkim-signature" for header, _ in mail.headers)
    for place in range(min(count, MOST_SIGNATURES)):
        try:
            checked = dkim.DKIM(mail.raw)
            prepared = checked.verify_headerprep(place)
            if not prepared or (checked.selector + b"._domainkey." + checked.domain).decode().lower() != wanted:
                continue
            if prepared[0][b"a"] == b"rsa-sha1":
                why = "it is made with SHA-1, which shows nothing any more (RFC 8301)"
                continue
            if b"l" in prepared[0]:
                why = "it signs only the beginning of the mail (l=), so anything can have been added"
                continue
            signed = [header.decode("ascii", "replace") for header in checked.include_headers]
            if not checked.verify(place, dnsfunc=look_up):
                why = "the signature does not hold under this key"
            elif not (why := _left_open(mail, signed)):
                present = {header for header, _ in mail.headers}
                return KeyWord(True, domain, tuple(header for header in dict.fromkeys(signed) if header in present))
        except (dkim.DKIMException, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            why = f"the signature cannot be checked: {str(error)[:200]}"
    return KeyWord(False, domain, (), why)


def _left_open(mail: Mail, signed: Sequence[str]) -> str:
    """Return why a signature over these headers holds for nothing in a mail; empty where it holds."""
    present, times = Counter(header for header, _ in mail.headers), Counter(signed)
    present["dkim-signature"] -= 1  # no signature signs itself
    for header, count in times.items():
        if present[header] > count:
            return f"the mail has {header_name(header)} {present[header]} times, and {count} of them signed"
    if mail.repeated:
        return f"the mail has {header_name(mail.repeated[0])} more than once, and programs read different ones"
    if not times["from"] or not present["from"]:
        return "it signs no From"
    for header in READING:
        if present[header] and not times[header]:
            return f"it does not sign {header_name(header)}, which decides how the text is read"
    return ""


def signs_for_sender(mail: Mail, key: KeyWord) -> bool:
    """Return True if a signature that holds is of the domain of From, or of a domain above it (RFC 7489, 3.1.1)."""
    senders = getaddresses([value for header, value in mail.headers if header == "from"])
    domains = [address.rpartition("@")[2].lower().rstrip(".") for _, address in senders]
    return key.holds and bool(domains) and all(f".{each}".endswith(f".{key.domain}") for each in domains)


def _record_of(key: str) -> bytes:
    """Return a key as a DKIM record; a PEM or base64 of a public key becomes one."""
    # Programs that ask the DNS quote each part of a record; the parts are joined without a blank (RFC 6376, 3.6.2.2).
    text = re.sub(r'"\s*"', "", key).replace('"', "").strip()
    if re.search(r"(?:^|;)\s*p\s*=", text):
        return " ".join(text.split()).encode("ascii", "replace")
    body = "".join(line for line in text.splitlines() if not line.startswith("-----")).replace(" ", "")
    try:
        raw = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) == 32:
        return f"v=DKIM1; k=ed25519; p={body}".encode()
    if len(raw) < 100:
        raise RecordError("MAIL-KEY", "no public key", hint="the TXT record of the key (v=DKIM1; p=...), or a PEM")
    return f"v=DKIM1; k=rsa; p={body}".encode()
