"""Read and make the folder of a ledger, with the trust files that it begins with.

The folder holds:

    trust/policy      the log's key and its witnesses (c2sp.org/tlog-policy)
    trust/registrar   the keeper of the register: actor, Party, public key in hex
    trust/mirrors     which of the witnesses state that they store the log, and their addresses
    trust/tsa/        certificates of time-stamp authorities, and `authorities`: name and URL of those to ask
    trust/others/     the trust in other logs, a trust folder for each
    entries.db        the event store      heads.db   published heads, kept for ever
    store             instead of entries.db: the address of the database with the event store
    keys.db           the subject keys     views.db   may be deleted at any time
    keys-store        instead of keys.db: the address of the database with the subject keys
    views.next.db     a view that is being made, until it takes the place of views.db
    map.db            the map of heads, may be deleted at any time
    identity.db       who may sign in to the office server; next to the entries if they are in a database
    files.db          which kept files belong to which entries; next to the entries if they are in a database
    foreign/          entries of other logs, as received
    others/           the heads of other logs, as seen
    registers/        the registers of other logs, as received: they prove the keys of their entries
    moved/            heads.db, identity.db, files.db, foreign/, others/, registers/, if they moved to a database
    log/              the published files
    evidence/         proof, or signs, that a log contradicts itself; kept for ever
    names.json        local names of orders
    TEST              only in a test ledger
    RESTORED          restored from a backup, and its witnesses not asked since
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from ledger.adapters.folders.user_folders import private_folder, replace_file
from ledger.adapters.storage.connection import Location
from ledger.adapters.storage.postgres import Address
from ledger.adapters.storage.sqlite import sync_folder
from ledger.entries.keyring import Registrar
from ledger.errors import LedgerError, RecordError
from ledger.tlog.names import check_origin
from ledger.tlog.note import ED25519, Vkey, log_vkey
from ledger.tlog.policy import Policy, parse_policy
from ledger.trust.mirrors import MirrorAddress, Mirrors, parse_mirrors
from ledger.trust.trust_folder import format_registrar, parse_registrar

RESTORED = "RESTORED"
ENTRIES_DB = "entries.db"
STORE = "store"
KEYS_DB = "keys.db"
KEYS_STORE = "keys-store"
IDENTITY_DB = "identity.db"
FILES_DB = "files.db"
HEADS_DB = "heads.db"
OTHERS = "others"


class Folder(Struct, frozen=True):
    """Hold the path of a ledger folder and its trust files, as read."""

    path: Path
    policy: Policy
    registrar: Registrar
    test: bool
    store: str = ""  # the address of a database, if the entries are not in this folder
    keys_store: str = ""  # the address of a database, if the subject keys are not in this folder
    shared: bool = False  # heads, and what came from other logs, are in that database too
    mirrors: Mirrors = {}  # the witnesses of the policy that state that they store the log, with their addresses

    @property
    def key(self) -> Vkey:
        """Return the newest Ed25519 key of the log; its name is the origin."""
        return [key for key in self.policy.logs if key.type == ED25519][-1]

    @property
    def keys(self) -> tuple[Vkey, ...]:
        """Return the keys that the log has had, oldest first."""
        return self.policy.logs

    @property
    def origin(self) -> str:
        return self.key.name

    @property
    def entries(self) -> Location:
        return Address(self.store, self.origin) if self.store else self.path / ENTRIES_DB

    @property
    def subject_keys(self) -> Location:
        return Address(self.keys_store, self.origin) if self.keys_store else self.path / KEYS_DB

    @property
    def has_subject_keys(self) -> bool:
        """Return True unless the keys of data subjects are missing: in an auditor's folder, or a restored one."""
        return bool(self.keys_store) or (self.path / KEYS_DB).exists()

    @property
    def heads(self) -> Location:
        return Address(self.store, self.origin) if self.shared else self.path / HEADS_DB

    @property
    def has_heads(self) -> bool:
        """Return True unless the file of the published heads is missing."""
        return self.shared or (self.path / HEADS_DB).exists()

    @property
    def views(self) -> Path:
        return self.path / "views.db"

    @property
    def map(self) -> Path:
        return self.path / "map.db"

    @property
    def log(self) -> Path:
        return self.path / "log"

    @property
    def others(self) -> Location:
        return Address(self.store, self.origin) if self.shared else self.path / OTHERS

    @property
    def evidence(self) -> Path:
        return self.path / "evidence"


def read_folder(path: Path) -> Folder:
    """Read the trust files of a ledger folder; `LedgerError` NO-LEDGER, TRUST if they are damaged."""
    try:
        policy = parse_policy((path / "trust" / "policy").read_bytes())
        registrar = parse_registrar((path / "trust" / "registrar").read_bytes())
        mirrors = _mirrors(path / "trust" / "mirrors", policy)
    except FileNotFoundError as error:
        raise LedgerError(
            "NO-LEDGER",
            f"{path} is not a ledger: {Path(error.filename).name} is missing from its trust folder",
            "comity init DIR makes one; --ledger DIR or COMITY_LEDGER names one",
        ) from None
    except RecordError as error:
        raise LedgerError(
            "TRUST", f"{path / 'trust'}: {error}", "put the trust files back as they were given out"
        ) from None
    if len(names := {key.name for key in policy.logs}) != 1:
        raise LedgerError("TRUST", f"{path / 'trust' / 'policy'} names {len(names)} logs, a ledger has one")
    if all(key.type != ED25519 for key in policy.logs):
        raise LedgerError("TRUST", f"{path / 'trust' / 'policy'} names no Ed25519 key of the log")
    store = _store(path / STORE)
    return Folder(
        path,
        policy,
        registrar,
        (path / "TEST").exists(),
        store,
        _store(path / KEYS_STORE),
        # a folder that was made before they could be shared has them in files
        shared=bool(store) and not (path / HEADS_DB).exists(),
        mirrors=mirrors,
    )


def _mirrors(path: Path, policy: Policy) -> dict[Vkey, MirrorAddress]:
    return parse_mirrors(path.read_bytes(), policy) if path.exists() else {}


def _store(path: Path) -> str:
    try:
        text = path.read_text("ascii").strip()
    except FileNotFoundError:
        return ""
    except ValueError:
        text = ""
    if not text:
        raise LedgerError("TRUST", f"{path} is no address of a database", "one line: postgresql://host/database")
    return text


def make_folder(path: Path, origin: str, log_public: bytes, registrar: Registrar, *, test: bool = False) -> None:
    """Make the folder and its trust files; the policy requires no witness yet. `RecordError` CP-ORIGIN."""
    check_origin(origin)
    for name in ("trust/tsa", "log"):
        private_folder(path / name)
    if test:
        replace_file(path / "TEST", b"This is a test ledger: nothing in it is evidence of anything.\n")
    replace_file(path / "trust" / "registrar", format_registrar(registrar))
    replace_file(path / "trust" / "policy", f"log {log_vkey(origin, log_public)}\nquorum none\n".encode())
    for folder in (path / "trust", path):
        sync_folder(folder)
