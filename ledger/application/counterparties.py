"""Keep the trust in counterparties: our registrar pins the log of each party, and no data from the party can do so.

trust/others/<origin hash>/ holds the `policy` and the `registrar` that the party handed over, as the trust
folder of that party does. The register holds the digest of both files, so that neither can be exchanged
unnoticed:

    cat registrar policy | sha256sum
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger.adapters.folders.received_files import REGISTERS, ReceivedFiles
from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.storage.sqlite import sync_folder
from ledger.entries.case import Entry
from ledger.errors import LedgerError, RecordError
from ledger.tlog.names import origin_hash
from ledger.trust.trust_folder import Trust, parse_trust

_NAME = "counterparty "  # the name of the adopted policy in the register is this and the origin
_FILES = ("registrar", "policy")


def read_counterparty(folder: Path) -> tuple[Trust, dict[str, bytes]]:
    """Return the trust folder that a party handed over, and its files by name.

    `RecordError` TRUST-FORMAT or POL-* if it is not the trust folder of one log.
    """
    files = {name: (folder / name).read_bytes() for name in _FILES if (folder / name).exists()}
    if "registrar" not in files:
        raise RecordError(
            "TRUST-FORMAT", "it names no registrar, so nobody vouches for their people's keys", where="registrar"
        )
    trust = parse_trust(files)
    if len({key.name for key in trust.policy.logs}) != 1:
        raise RecordError("TRUST-FORMAT", "it names more logs than one", where="policy")
    return trust, files


def policy_document(text: bytes) -> dict[str, Any]:
    """Return a policy as the register names it: code, media type, bytes, and SHA-256 in hex."""
    return {"code": "policy", "media": "text/plain", "size": len(text), "sha256": sha256(text).hexdigest()}


def adoption(trust: Trust, files: dict[str, bytes], valid_from: str) -> dict[str, Any]:
    """Return the public fields of the `policy-adopted` with which the registrar pins a counterparty."""
    both = b"".join(files[name] for name in _FILES)
    return {
        "policy": _NAME + origin_of(trust),
        "document": policy_document(both),
        "valid_from": valid_from,
    }


def keep_counterparty(folder: Path, trust: Trust, files: dict[str, bytes]) -> Path:
    """Store the files that a party handed over in our trust folder `folder`, and return their folder."""
    place = private_folder(folder / "others" / origin_hash(origin_of(trust)))
    for name, data in files.items():
        replace_file(place / name, data)
    sync_folder(place)
    return place


def pinned(registry: Iterable[Entry]) -> dict[str, str]:
    """Return the logs of counterparties that the register pins: origin -> digest of the party's two files."""
    pins = {}
    for e in registry:
        name = e.get("policy") if e.kind == "policy-adopted" and e.role == "ADM" else None
        if isinstance(name, str) and name.startswith(_NAME):
            pins[name.removeprefix(_NAME)] = str(e.get("document")["sha256"])
    return pins


def trust_in(folder: Path, registry: Iterable[Entry], origin: str) -> Trust:
    """Return the trust in the log `origin`, as our registrar pinned it in our trust folder `folder`.

    `RecordError` NO_TRUST_ANCHOR if the log is not pinned; `LedgerError` TRUST if the files are not the
    pinned ones.
    """
    digest = pinned(registry).get(origin)
    place = folder / "others" / origin_hash(origin)
    if digest is None:
        hint = "ask that party for its trust folder by another way; then: comity counterparty add DIR"
        raise RecordError("NO_TRUST_ANCHOR", f"our registrar has pinned no keys of {origin}", hint=hint)
    try:
        trust, files = read_counterparty(place)
    except FileNotFoundError:
        files = {}
    if sha256(b"".join(files.get(name, b"") for name in _FILES)).hexdigest() != digest:
        raise LedgerError("TRUST", f"{place} is not what our registrar pinned", "put the files back as they were given")
    return trust


def trusted(folder: Path, registry: Iterable[Entry]) -> list[Trust]:
    """Return the trust in other logs, as our registrar pinned it, without folders that have changed since."""
    trusts = []
    registry = tuple(registry)
    for origin in pinned(registry):
        with suppress(RecordError, LedgerError):  # claims that need this trust are then not proven
            trusts.append(trust_in(folder, registry, origin))
    return trusts


# -- registers of counterparties, as received -------------------------------------------------------------------------

Registers = dict[str, dict[int, tuple[bytes, bytes]]]
_ENTRY, _PROOF = ".dsse.json", ".tlog-proof"


def keep_register(received: ReceivedFiles, origin: str, entries: Mapping[int, tuple[bytes, bytes]]) -> None:
    """Keep the register entries of another log with their proofs, by log index, durably.

    An existing proof is replaced, because the new one leads to a later head.
    """
    place = f"{REGISTERS}/{origin_hash(origin)}"
    files: dict[str, bytes] = {}
    for index, (raw, proof) in entries.items():
        files |= {f"{place}/{index}{_ENTRY}": raw, f"{place}/{index}{_PROOF}": proof}
    received.keep(files, replacing=True)


def registers(received: ReceivedFiles) -> Registers:
    """Return the received register entries of other logs with their proofs: by origin hash, then by log index."""
    places: dict[str, list[str]] = {"": []}
    files = received.under(REGISTERS)
    for path in files:
        place, _, name = path.partition("/")
        places.setdefault(place, []).append(name)
    places[""] = sorted(places.keys() - {""})
    return registers_by(lambda place: places[place], files.get)


def registers_by(names: Callable[[str], Sequence[str]], read: Callable[[str], bytes | None]) -> Registers:
    """Return what `registers` returns, through functions that list a folder ("" is the outermost) and read a file."""
    entries: Registers = {}
    for place in names(""):
        files = set(names(place))
        for name in files:
            number = name.removesuffix(_ENTRY)
            if name != number and number.isascii() and number.isdigit() and f"{number}{_PROOF}" in files:
                raw, proof = read(f"{place}/{name}"), read(f"{place}/{number}{_PROOF}")
                if raw is not None and proof is not None:
                    entries.setdefault(place, {})[int(number)] = raw, proof
    return entries


def origin_of(trust: Trust) -> str:
    """Return the origin of the log that a counterparty's trust folder is about."""
    return trust.policy.logs[0].name
