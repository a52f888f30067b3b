"""The table of every parser and importer of the project: how it is called, good inputs, which errors it may raise.

tests/fuzz/test_parsers.py holds `PARSERS` against the source, so that no parser is forgotten; `parsers` tries
them.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import socket
import tarfile
import tempfile
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click
import msgspec
import orjson
from click.testing import CliRunner

from cli.access import persons
from cli.app import comity
from cli.audits.places import parse_list
from cli.exit_codes import Exit, Stop
from cli.imports.rem_evidence import read_evidence
from cli.imports.safe_xml import parse as parse_xml
from cli.offices import address_book
from cli.remote.servers import Server, kept_server, server_url
from cli.session import field_values as fields
from cli.session import ledger_choice, local_time
from cli.stories.model import read_story
from comity.remote.connection import Connection
from ledger.adapters import http_client as http
from ledger.adapters.document_signatures import certificate_file as certificate_files
from ledger.adapters.document_signatures import certificate_key as papers_key
from ledger.adapters.folders import handed_folder as handed
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.guard import signed_state
from ledger.adapters.guard.etcd_guard import parse_address
from ledger.adapters.guard.guard_place import place_in
from ledger.adapters.http_client import Reply
from ledger.adapters.keys import key_files as keys
from ledger.adapters.keys import mldsa
from ledger.adapters.keys import pkcs11 as token
from ledger.adapters.keys import ssh_agent as agent
from ledger.adapters.keys.key_files import SeedKey
from ledger.adapters.log import published_log as published
from ledger.adapters.log.remote_signer import RemoteSigner
from ledger.adapters.log.signer_messages import SignReply
from ledger.adapters.log.signer_place import parse_place
from ledger.adapters.log.signer_process import SignerServer
from ledger.adapters.mirror import server as mirror_http
from ledger.adapters.storage import postgres
from ledger.adapters.timestamps import certificate_order as der
from ledger.adapters.timestamps import rfc3161 as stamping
from ledger.adapters.witness import client as asking
from ledger.adapters.witness import monitor
from ledger.application import counterparties
from ledger.application.archive import manifest as archive_manifest
from ledger.application.auditing import audit_files
from ledger.application.backup import manifest as copies_list
from ledger.application.intake.letter import media_of
from ledger.application.intake.mail.authentication import check_key, word_of_server
from ledger.application.intake.mail.mail_fact import sentences
from ledger.application.intake.mail.mail_file import read_mail
from ledger.application.intake.profile import parse_profile
from ledger.application.intake.table_file import read_table
from ledger.bundle import archive_kind as containers
from ledger.bundle import findings, manifest, repacked, zip_profile
from ledger.bundle import pdf_attachment as attached
from ledger.bundle.archive import unpack
from ledger.bundle.layout import arrange, check_claimed, version_of
from ledger.bundle.zip_profile import check_paths
from ledger.entries import absence, envelope, split_view, wrong_map
from ledger.entries import case as order
from ledger.entries import exhibits as exhibit
from ledger.entries.keyring import Registrar
from ledger.errors import LedgerError, RecordError
from ledger.formats import canonical_json as canonical
from ledger.formats import dsse
from ledger.formats import selective_disclosure as veil
from ledger.formats.ed25519 import public_key, sign
from ledger.law.editions import running
from ledger.tlog import add_checkpoint as submission
from ledger.tlog import add_entries, audit_statement, note, policy, subtree_cosignature, tile
from ledger.tlog import patricia_tree as map_tree
from ledger.tlog import tree as tlog
from ledger.tlog.quorum import with_auditor
from ledger.tlog.tree import Frontier, prove_consistency
from ledger.trust import mirrors
from ledger.trust.held import parse_held
from ledger.trust.ledger_directory import DirectoryEntry, open_entry, registrar_key, sign_entry
from ledger.trust.mirrors import MirrorAddress
from ledger.trust.signed_policy import (
    FORMAT,
    PolicyStatement,
    Record,
    Root,
    draft,
    format_version,
    parse_fingerprint,
    parse_version,
    signed,
    versions_in,
)
from ledger.trust.trust_folder import format_registrar, parse_anchor, parse_registrar, parse_trust
from ledger.verify.completeness.absence import verify_absence
from ledger.verify.evidence_bundle import verify
from ledger.verify.exhibits import verify_exhibit
from ledger.verify.heads import hashes
from ledger.verify.single_entry import verify_entry
from projections.exchange import hi1_reader as hi1_reading
from tests.fuzz import inputs
from tests.server.identity import inputs as sign_in
from tests.support.cli import PERSON, STORIES, ledger_of
from tests.support.hash_log import HashLog
from tests.support.intake import mails as mails_made
from tests.support.intake import tables as intake_tables
from tests.support.intake.outlook import msg
from tests.support.intake.workbooks import ods, xlsx
from tests.support.memory_ledger import NOW, Ledger, small, two_histories

ROOT = Path(__file__).parents[2]
UPLOADED = HashLog(size=300)
VECTORS = ROOT / "fixtures" / "vectors"
CODES = frozenset(
    re.findall(r"^\| `([A-Z_-]+)` \|", (ROOT / "docs" / "reference" / "codes.md").read_text("utf-8"), re.MULTILINE)
)
SEALED = (RecordError,)
LOCAL = (RecordError, LedgerError)
COMMAND = (RecordError, LedgerError, Stop, click.UsageError)

Call = Callable[[bytes, Path], object]


@dataclass(frozen=True)
class Parser:
    """One reader of foreign bytes: `call` gets an input, and an empty folder to work in.

    `covers` are the modules and functions whose reading it is; `raises` what may be raised instead of an
    answer.
    """

    name: str
    form: str
    good: Callable[[], Sequence[bytes]]
    call: Call
    covers: tuple[str, ...]
    raises: tuple[type[Exception], ...] = SEALED


DIRECTORY_SEED = SeedKey(bytes(range(32)))
DIRECTORY_REGISTRAR = Registrar("registrar", "XO", DIRECTORY_SEED.public.hex())


def directory_entry() -> list[bytes]:
    """Return an entry of a directory of ledgers."""
    policy = f"log {note.log_vkey('ledger.example/xo/karsk', DIRECTORY_SEED.public)}\nquorum none\n"
    registrar = format_registrar(DIRECTORY_REGISTRAR).decode()
    log, place = "ledger.example/xo/karsk", "https://x.example"
    entry = DirectoryEntry("directory.example/xo", 0, log, policy, registrar, "Büro", "2026-11-28", place)
    return [sign_entry(entry, registrar_key(DIRECTORY_REGISTRAR), DIRECTORY_SEED.sign)]


# -- good inputs -------------------------------------------------------------------------------------------------------


@cache
def world() -> Ledger:
    """Return a small witnessed ledger in memory."""
    ledger, ilves = small(witnesses=2)
    ledger.witnessed()
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=_order(ledger))
    return ledger


def _order(ledger: Ledger) -> str:
    return next(o for raw in reversed(ledger.entries) if (o := envelope.open_(raw).payload.order))


@cache
def bundle() -> bytes:
    ledger, ilves = small(witnesses=2)
    ledger.witnessed()
    return ledger.bundle(ilves)


@cache
def files() -> dict[str, bytes]:
    return dict(unpack(bundle()))


def inside(*ends: str) -> Callable[[], list[bytes]]:
    """Return the files of the bundle whose names end so."""
    return lambda: [content for name, content in files().items() if name.endswith(ends)]


def samples(*texts: bytes | str) -> Callable[[], list[bytes]]:
    return lambda: [text.encode() if isinstance(text, str) else text for text in texts]


def workbooks() -> list[bytes]:
    """Return a table of orders as .xlsx and as .ods."""
    sheets = {"Orders": [intake_tables.HEADINGS, *intake_tables.rows(3)]}
    return [xlsx(sheets), ods(sheets)]


def mails() -> list[bytes]:
    """Return a mail with a file, one with words of a mail server, and a report of a delivery."""
    word = f"Authentication-Results: {mails_made.SERVER}; dkim=pass header.d=skylark.example"
    return [
        mails_made.mail(files=[("a.pdf", b"%PDF-1.7")]),
        mails_made.mail(before=[word]),
        mails_made.delivery_report(),
    ]


def words_of_mail(data: bytes, name: str) -> object:
    """Return all that is read of a mail."""
    mail = read_mail(data, name)
    return list(sentences(mail, word_of_server(mail, mails_made.SERVER), None))


def maps() -> list[map_tree.PatriciaTree]:
    """Return a tree with the key of 32 zero bytes, one without it, and the empty one."""
    pairs = [{bytes([n]) * 32: bytes(32) for n in range(least, 7)} for least in (0, 1, 7)]
    return [map_tree.PatriciaTree(each) for each in pairs]


@cache
def policies() -> list[bytes]:
    """Return versions of a signed trust policy."""
    ledger, seeds = world(), {name: name[0].encode() * 32 for name in ("ada", "bo")}
    trust = ledger.trust_files()
    said = PolicyStatement(
        format=FORMAT,
        version=1,
        issued="2026-09-01T00:00:00Z",
        expires="2027-09-01T00:00:00Z",
        roots=tuple(Root(name, public_key(seed).hex()) for name, seed in seeds.items()),
        threshold=2,
        algorithms=("ed25519",),
        own=Record(trust["policy"].decode(), trust["registrar"].decode()),
    )
    version = draft(said)
    for seed in seeds.values():
        version = signed(version, public_key(seed), partial(sign, seed))
    return [format_version(version)]


@cache
def exhibits() -> list[bytes]:
    """Return exhibits of two trees of one size, and of two entries that one order cannot hold both."""
    from tests.ledger.entries.test_split_view import KEY, TRUE

    ledger, _, places = two_histories()
    note_ = ledger.witnessed()
    shown = [split_view.Shown(ledger.entries[n], ledger.proof(n, note_), logs()[0]) for n in places]
    split = split_view.prove_split(KEY, TRUE.note(7), TRUE.fork(5, 7).note(7))
    return [split, split_view.prove_order(*shown), wrong_root()]


def wrong_root() -> bytes:
    """Return an exhibit of a wrong root over the heads of three entries."""
    ledger, _, _ = two_histories()
    at = ledger.commit(ledger.enrol("node", "XO", "SYS"), 3, bytes(32))
    path = prove_consistency(3, ledger.size, ledger.read)
    return wrong_map.prove_wrong_map(logs()[0], ledger.entries[at], ledger.proof(at), path, ledger.entries[:3])


@cache
def logs() -> tuple[Any, ...]:
    return policy.parse_policy(two_histories()[0].policy()).logs


def tokens() -> list[bytes]:
    return [path.read_bytes() for path in sorted((VECTORS / "rfc3161").rglob("*.tsr"))]


def chains() -> list[bytes]:
    return [path.read_bytes() for path in sorted((VECTORS / "rfc3161").rglob("*.pem"))]


def stories() -> list[bytes]:
    return [path.read_bytes() for path in sorted(STORIES.glob("S*.toml"))]


@cache
def papers() -> list[bytes]:
    from tests.ledger.bundle.test_pdf_attachment import paper

    return [paper(bundle()), *(path.read_bytes() for path in sorted((ROOT / "docs" / "examples").glob("*.pdf"))[:1])]


@cache
def evidence() -> list[bytes]:
    from tests.cli.imports.test_delivery import rem

    return [rem()]


@cache
def packets() -> list[bytes]:
    from tests.cli.imports.test_delivery import asics, rem

    return [
        asics({"DELIVERY.xml": rem()}),
        asics({"a.txt": b"a", "b/RETRIEVAL.xml": rem("RetrievalNonRetrievalByRecipient")}),
    ]


@cache
def asice() -> list[bytes]:
    return [
        inputs.packed(
            [
                ("mimetype", b"application/vnd.etsi.asic-e+zip"),
                ("a.evidence.zip", bundle()),
                ("META-INF/ASiCManifest.xml", b'<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#"/>'),
            ]
        )
    ]


@cache
def messages() -> list[bytes]:
    from tests.projections.exchange.test_hi1 import _TASK, message

    return [message(_TASK)]


TABLE = (
    "order,kind,occurred,instrument,from_party,to_party,addressee,channel,identifiers,unregistered\n"
    'K-1,order-issued,2026-03-01T09:40:00Z,2AP-7,XO,XV,,,"acct-1\nacct-2",yes\n'
    "K-1,order-transmitted,2026-03-02T08:00:00Z,,,,skylark,mail,,yes\n"
)
ROWS = (
    '{"order": "K-2", "kind": "order-issued", "occurred": "2026-03-01T09:40:00Z", "instrument": "2AP-7", '
    '"from_party": "XO", "to_party": "XV", "sealed": {"identifiers": ["acct-1"]}, "unregistered": "yes"}\n'
    '{"order": "K-2", "kind": "order-transmitted", "occurred": "2026-03-02T08:00:00Z", "addressee": "skylark", '
    '"channel": "mail", "label": "sent"}\n'
)
LETTERS = (
    "file;kind;occurred;actor;channel;addressee\na.pdf;order-transmitted;2027-05-21T10:00:00Z;;mail;skylark\n"
    "b.txt;order-received;2027-05-22T10:00:00Z;skylark;;\n"
)
FACT = '{"public": {"addressee": "skylark", "channel": "mail"}, "sealed": {}}'
URI = "pkcs11:token=karsk;object=ilves;id=%01?module-path=/usr/lib/x.so&pin-source=file:/etc/pin"
URLS = ("https://ledger.example:8443/karsk?x=1#y", "http://[::1]:7481/", "http://user:p@h.example/")
STORES = ("postgresql://user@host:5432/base?sslmode=require", "postgres://a,b:1/base")


# -- how they are called -----------------------------------------------------------------------------------------------


def text(call: Callable[[str], object], encoding: str = "utf-8") -> Call:
    """Return a parser of text; bytes that are no text never get to it."""

    def called(data: bytes, _: Path) -> object:
        try:
            said = data.decode(encoding)
        except UnicodeDecodeError:
            return None
        return call(said)

    return called


def plainly(call: Callable[[bytes], object]) -> Call:
    return lambda data, _: call(data)


def uploaded(data: bytes, _: Path) -> object:
    """Read an upload in two pieces."""
    parser, half = add_entries.UploadParser(), len(data) // 2
    return [*parser.feed(data[:half]), *parser.feed(data[half:])]


def parsed_policy() -> policy.Policy:
    """Return the policy of the small ledger."""
    return policy.parse_policy(world().policy())


def in_file(call: Callable[[Path], object], name: str = "file", mode: int = 0o600) -> Call:
    """Return a parser of a file."""

    def called(data: bytes, place: Path) -> object:
        path = place / name
        path.write_bytes(data)
        path.chmod(mode)
        return call(path)

    return called


def command(*words: str, name: str = "file", beside: dict[str, bytes] | None = None) -> Call:
    """Return a command line over a ledger, with `{}` for the input's file and `{dir}` for its folder.

    Exit 70 is an error.
    """

    def called(data: bytes, place: Path) -> object:
        for other, content in (beside or {}).items():
            (place / other).write_bytes(content)
        path = place / name
        path.write_bytes(data)
        path.chmod(0o600)
        return _ended([word.format(str(path), dir=str(place)) for word in words], ledger())

    return called


def _ended(words: Sequence[str], where: Path) -> int:
    home = str(where.parent / "home")
    environment = {"COMITY_LEDGER": str(where), "HOME": home, "XDG_STATE_HOME": "", "XDG_CONFIG_HOME": ""}
    done = CliRunner().invoke(comity, [*words, "--debug"], env={**environment, "COMITY_PERSON": PERSON})
    if done.exit_code == Exit.UNFORESEEN:
        raise Unforeseen(done.output)
    if done.exit_code not in {int(code) for code in Exit}:
        raise AssertionError(f"exit {done.exit_code}")
    return done.exit_code


class Unforeseen(Exception):
    """A command ended with exit 70; its traceback."""


@cache
def ledger() -> Path:
    """Return a story's ledger, which has pinned the keys of the ledger in memory.

    What changes it is refused, or done once.
    """
    made = ledger_of("S1", Path(tempfile.mkdtemp(prefix="comity-fuzz-")))
    trust = made.parent / "trust"
    trust.mkdir()
    for name, content in world().trust_files().items():
        (trust / name).write_bytes(content)
    assert _ended(["counterparty", "add", str(trust)], made) == 0
    return made


def setting(name: str, *words: str) -> Parser:
    """Return a parser of a file of a ledger's folder, changed while a command reads it."""

    def good() -> list[bytes]:
        there = sorted(ledger().glob(name))
        return [there[0].read_bytes()] if there else [DEFAULTS[name]]

    def called(data: bytes, place: Path) -> object:
        there = ledger().glob("state/*/log.key") if name == "signer" else ledger().glob(name)
        path = next(iter(sorted(there)), ledger() / name)
        path = path.with_name("signer") if name == "signer" else path
        before = path.read_bytes() if path.exists() else None
        new = not path.parent.exists()
        path.parent.mkdir(exist_ok=True)
        try:
            path.write_bytes(data)
            return [_ended(each.split(), ledger()) for each in words]
        finally:
            if before is not None:
                path.write_bytes(before)
            else:
                path.unlink(missing_ok=True)
                if new:
                    path.parent.rmdir()

    form = "json" if name.endswith(".json") else "raw" if name.endswith((".db", "log.key")) else "lines"
    covers = (
        "ledger.adapters.folders.ledger_folder",
        "ledger.adapters.folders.order_names",
        "ledger.adapters.folders.story_file",
        "cli.session.ledger_choice",
        "cli.access.persons",
        "ledger.application.integrity.verify_log",
        "ledger.adapters.keys.key_files",
    )
    return Parser(f"setting {name}", form, good, called, covers, COMMAND)


DEFAULTS = {
    "names.json": b'{"format": "comity.names/1", "orders": {"karsk-1": "759427d8-1153-5992-988f-bcef32246d2d"}}',
    "store": b"postgresql://user@127.0.0.1:1/base\n",
    "trust/tsa/authorities": b"# ours\nkarsk https://tsa.example/stamp\n",
    "trust/tsa/a.pem": b"",
    "signer": b"/tmp/nothing-here\n",
    "RESTORED": b"1 2\n",
}


@contextmanager
def answering(place: Path, answer: bytes) -> Iterator[Path]:
    """Serve a Unix socket that gives this answer to every question."""
    path = Path(tempfile.mkdtemp(prefix="s-")) / "s"  # short: such a path has at most 107 bytes
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(path))
        door.listen()

        def serve() -> None:
            with suppress(OSError):
                while True:
                    with door.accept()[0] as line:
                        line.settimeout(2)
                        with suppress(OSError):
                            line.recv(65_536)
                            line.sendall(answer)

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        try:
            yield path
        finally:
            door.shutdown(socket.SHUT_RDWR)
            serving.join(5)
    shutil.rmtree(path.parent)


def by_agent(data: bytes, place: Path) -> object:
    with answering(place, data) as path:
        return agent.held(path), agent.AgentKey(b"k" * 32, path).sign(b"message")


def by_signer(data: bytes, place: Path) -> object:
    key = policy.parse_policy(world().policy()).logs[0]
    hand = RemoteSigner((key,), Path("-"))
    with answering(place, data.replace(b"\n", b" ") + b"\n") as path:
        hand = RemoteSigner((key,), path)
        try:
            return hand.last()
        finally:
            hand.close()


def agent_answer() -> list[bytes]:
    blob = agent._string(b"ssh-ed25519") + agent._string(b"k" * 32)
    listed = bytes([agent._LISTED]) + (1).to_bytes(4, "big") + agent._string(blob) + agent._string(b"me")
    signed = bytes([14]) + agent._string(agent._string(b"ssh-ed25519") + agent._string(b"s" * 64))
    return [agent._string(listed), agent._string(signed)]


def signer_answer() -> list[bytes]:
    head = world().checkpoint().decode()
    _, size, root = head.split("\n")[:3]
    said = {"size": int(size), "root": root, "note": head, "at": "2027-03-01T12:00:00Z"}
    return [json.dumps({key: said}).encode() for key in ("signed", "moved")] + [
        b'{"refused": {"code": "LOG-FORKED", "says": "no", "evidence": ["a", "b"]}}'
    ]


@cache
def signing() -> SignerServer:
    from tests.ledger.adapters.log.test_signer_process import ORIGIN, SEED

    state = Path(tempfile.mkdtemp(prefix="comity-fuzz-"))
    keys.write(state / "log.key", SeedKey(SEED))
    from ledger.adapters.guard.sign_once_guard import Guard
    from ledger.adapters.log.log import first_note

    first = first_note(note.parse_vkey(note.log_vkey(ORIGIN, public_key(SEED))), SEED, NOW)
    Guard.create(state / "guard.db", first).close()
    return SignerServer(state, now=lambda: NOW)


def pointed(data: bytes, folder: Path) -> object:
    """Read the file of a state folder that says where the guard is."""
    (folder / "guard").write_bytes(data)
    return place_in(folder)


def asked_server(data: bytes, _: Path) -> object:
    url = server_url(data.decode("utf-8", "replace"))
    Connection(url, SeedKey(b"k" * 32)).close()
    return url


ETCD = b"etcds://one.example:2379/prefix?ca=/etc/ca.pem&user=comity&password-file=/etc/password"


def asked_signer(data: bytes, _: Path) -> object:
    line = signing().answer(data.replace(b"\n", b" "))
    answer = msgspec.json.decode(line, type=SignReply)
    assert line.endswith(b"\n")
    assert [answer.signed, answer.moved, answer.refused].count(None) == 2
    assert answer.refused is None or answer.refused.code in CODES, answer.refused
    return answer


def by_witness(data: bytes, place: Path) -> object:
    """Return the answer of a witness to a head that was sent to it: status, media type, body."""
    ledger = world()
    said, _, body = data.partition(b"\n")
    status, _, media = said.decode("latin-1").partition(" ")
    parsed = policy.parse_policy(ledger.policy())
    voters = list(parsed.witnesses.values())
    address = msgspec.structs.replace(parsed, urls=dict.fromkeys(voters, "https://w.example/"))
    head = note.open_checkpoint(ledger.checkpoint(), ledger.origin, parsed.logs, ())

    async def ask(*_: object, **__: object) -> Reply:
        return Reply(int(status) if status.isascii() and status.isdigit() and len(status) < 4 else 200, media, body)

    with patch("ledger.adapters.witness.client.ask", ask):
        answers = asking.ask_witnesses(address, parsed.logs[0], head, lambda m, n: (), now=int(NOW.timestamp()))
        return answers, asking.remembered(address, parsed.logs[0])


def witness_answers() -> list[bytes]:
    ledger = world()
    own, lines = ledger.checkpoint(), ledger.witnessed().partition(b"\n\n")[2]
    return [
        b"200 text/plain\n" + lines,
        b"409 text/x.tlog.size\n5\n",
        b"409 text/plain\nno\n",
        b"422 text/plain\n" + own,
    ]


def from_log(data: bytes, place: Path) -> object:
    """Return the files of a published log, packed one after the other."""
    there = _unlined(data)

    def fetch(path: str, most: int) -> bytes:
        if path not in there or len(there[path]) > most:
            raise LedgerError("LOG-UNREACHABLE", path)
        return there[path]

    head = note.parse_checkpoint(there.get("checkpoint", b"").decode("utf-8", "replace").partition("\n\n")[0] + "\n")
    if head.size > 100_000:
        return None  # the log's key signed that
    monitor.check_entries(fetch, head, 0)
    return Frontier.at(head.size, published.reader(fetch, head.size)).root()


def published_log() -> list[bytes]:
    ledger = world()
    tiles = {tile.tile_path(each): tile.tile_bytes(each, ledger.read) for each in tile.tiles_for(0, ledger.size)}
    size = len(ledger.entries)
    packed = {f"{tile.entry_bundle_path(0, size)}": tile.pack_entries(ledger.entries)}
    return [_lined({"checkpoint": ledger.checkpoint(), **tiles, **packed})]


def _lined(there: dict[str, bytes]) -> bytes:
    return b"".join(b"%b %b\n" % (name.encode(), base64.b64encode(content)) for name, content in there.items())


def _unlined(data: bytes) -> dict[str, bytes]:
    found = {}
    for line in data.split(b"\n"):
        name, _, content = line.partition(b" ")
        with suppress(ValueError):
            found[name.decode("ascii", "replace")] = base64.b64decode(content)
    return found


def verified(data: bytes, _: Path) -> object:
    trust = world().trust()
    report = verify(data, trust, None, NOW, stamps=stamping.reader())
    assert {r.code for r in report.reasons} <= CODES
    return report


def one_entry(data: bytes, place: Path) -> object:
    raw, _, proof = data.partition(b"\n\n--\n")
    report = verify_entry(raw, proof, world().trust(), None, NOW)
    assert {r.code for r in report.reasons} <= CODES
    return report


def entry_and_proof() -> list[bytes]:
    ledger = world()
    return [ledger.entries[n] + b"\n\n--\n" + ledger.proof(n) for n in (0, len(ledger.entries) - 1)]


def opened(data: bytes, _: Path) -> object:
    envelope.instrument_of(data)
    envelope.commitments_of(data)
    envelope.open_each([data, data])
    return envelope.open_(data)


def notes(data: bytes, _: Path) -> object:
    parsed = policy.parse_policy(world().policy())
    every = (*parsed.logs, *parsed.witnesses.values())
    note.lines_of(data, every)
    asking.with_cosignatures(parsed, data, {}, parsed.logs[0])
    note.open_note(data, every)
    return note.open_checkpoint(data, world().origin, parsed.logs, tuple(parsed.witnesses.values()))


def exhibited(data: bytes, _: Path) -> object:
    if exhibit.form_of(data) is None:
        return None
    exhibit.claimed_logs(data)
    report = verify_exhibit(data, None)
    assert {r.code for r in report.reasons} <= CODES
    return exhibit.check_exhibit(data, logs())


def absences() -> list[bytes]:
    """Return the proof that a log has no order of an id."""
    from tests.ledger.verify.completeness.test_absence import PROOF

    return [PROOF]


def absent(data: bytes, _: Path) -> object:
    from tests.ledger.verify.completeness.test_absence import LEDGER

    for trust in (None, LEDGER.trust()):
        report = verify_absence(data, trust, None, NOW)
        assert {r.code for r in report.reasons} <= CODES
    return absence.parse_absence(data)


def contained(data: bytes, _: Path) -> object:
    containers.is_container(data)
    containers.is_bundle(data)
    containers.names(data)
    return containers.inside(data)


def repacked_(data: bytes, _: Path) -> object:
    there = repacked.reread(data)
    if there is not None:
        repacked.top_of(list(there))
    return there


def archived(data: bytes, _: Path) -> object:
    version_of(data)
    there = zip_profile.read(data)
    check_paths(there)
    check_claimed(there.get("mimetype", b""))
    return arrange(there, world().origin)


def stamped(data: bytes, _: Path) -> object:
    der.in_order(data)
    return stamping.read_stamp(data, b"message", chains()[:2])


def trusted(data: bytes, _: Path) -> object:
    return parse_trust(_unlined(data))


def trust_folder(data: bytes, place: Path) -> object:
    for name, content in _unlined(data).items():
        if name in ("policy", "registrar"):
            (place / name).write_bytes(content)
    return counterparties.read_counterparty(place)


def versions(data: bytes, place: Path) -> object:
    (place / "1.trust.json").write_bytes(data)
    return versions_in({"1.trust.json": data}), handed.HandedFolder(str(place))


def certificate_key(data: bytes, place: Path) -> object:
    """Read data as the file of a key that signs papers, with its certificate."""
    (place / "seal").touch(mode=0o600)
    (place / "seal").write_bytes(data)
    return papers_key.open_certificate_key(str(place / "seal"), None, NOW, lambda _: b"word")


def certificate_file(data: bytes, _: Path) -> object:
    return certificate_files.certificates_in(data, "the file")


def certificate_keys() -> list[bytes]:
    from tests.support.signatures.certificates import pem, sealed

    folder, one = Path(tempfile.mkdtemp(prefix="comity-fuzz-")), sealed()
    key, _ = one.pem(folder)
    return [Path(one.p12(folder, None)).read_bytes(), Path(key).read_bytes() + pem(one.certificate)]


def copy_lists() -> list[bytes]:
    file = copies_list.CopiedFile("00" * 32, (1, 2, 3, 4))
    one, two = "00" * 32, "11" * 32
    files = {"log/checkpoint": file, "trust/policy": file}
    listed = copies_list.Manifest(
        origin=world().origin, since=1, since_root=one, size=2, root=two, published=2, files=files
    )
    return [copies_list.format_manifest(listed)]


def copied(data: bytes, place: Path) -> object:
    (place / "copy.tar").write_bytes(data)
    shutil.rmtree(place / "back", ignore_errors=True)
    return _ended(["restore", str(place / "copy.tar"), str(place / "back")], ledger())


@cache
def copies() -> list[bytes]:
    where = Path(tempfile.mkdtemp(prefix="comity-fuzz-")) / "copy.tar"
    assert _ended(["backup", str(ledger()), "-o", str(where)], ledger()) == 0
    small = BytesIO()  # the same without the large files, so that a trial is short
    with tarfile.open(where) as tar, tarfile.open(fileobj=small, mode="w", format=tarfile.PAX_FORMAT) as made:
        for info in tar:
            if not info.name.endswith(".db"):
                made.addfile(info, tar.extractfile(info))
    return [small.getvalue()] + ([where.read_bytes()] if where.stat().st_size < inputs.LARGEST else [])


@cache
def archive_manifests() -> list[bytes]:
    files = archive_manifest.ArchivedFile(bytes=9, sha256="ab" * 32)
    segments = [
        archive_manifest.Segment(bytes=9, sha256="ab" * 32, start=start, end=end, root="cd" * 32, reserved=0)
        for start, end in archive_manifest.ranges(20_000)
    ]
    made = archive_manifest.Manifest(
        origin="log.example/x",
        size=20_000,
        root="ef" * 32,
        checkpoint="ab" * 32,
        test=True,
        states=files,
        segments=segments,
    )
    return [archive_manifest.format_manifest(made)]


@cache
def key_files() -> list[bytes]:
    place = Path(tempfile.mkdtemp(prefix="comity-fuzz-"))
    keys.new(place / "key")
    from cryptography.hazmat.primitives import serialization as pem
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    made: list[Any] = [ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())]
    plain = (pem.PrivateFormat.PKCS8, pem.NoEncryption())
    return [(place / "key").read_bytes()] + [
        key.private_bytes(kind, *plain) for key in made for kind in (pem.Encoding.PEM, pem.Encoding.DER)
    ]


def public_files() -> list[bytes]:
    return [b"ssh-ed25519 " + base64.b64encode(keys.WIRE + b"k" * 32) + b" ilves\n"]


def public(path: Path) -> object:
    (path.parent / "key.pub").write_bytes(path.read_bytes())
    return keys.public_of(path.parent / "key"), keys.listed(path.parent)


def person(data: bytes, place: Path) -> object:
    home = Home(place / "state", place / "keys")
    (place / "keys" / persons.FOLDER).mkdir(parents=True, exist_ok=True)
    persons._file(home, b"k" * 32).write_bytes(data)
    found = persons.remembered(home, b"k" * 32)
    return found and persons.checked(found, ())


def checked(data: bytes, place: Path) -> object:
    (place / "checked").write_bytes(data)
    there = _unlined(published_log()[0])
    head = note.parse_checkpoint(there["checkpoint"].decode().partition("\n\n")[0] + "\n")
    return monitor._new_entries(lambda path, _: there[path], head, place / "checked")


def moments(said: str) -> object:
    return ledger_choice.moment(said)


def trust_lines() -> list[bytes]:
    return [_lined(world().trust_files())]


def makers_findings() -> list[bytes]:
    entry = findings.CitedEntry(3, "0" * 64)
    finding = findings.StatedFinding("W-LATE-REC", "W", "Written down late.", ["2AP:7"], "text", [entry], 0)
    stated = findings.StatedFindings(
        log="ledger.test/xo",
        order="11111111-2222-4333-8444-555555555555",
        audience="CT",
        size=9,
        as_of="2027-03-01T00:00:00Z",
        rules="0" * 64,
        findings=[finding],
    )
    return [findings.format_findings(stated)]


READS = (
    ("judge",),
    ("custody",),
    ("timeline", "--brackets"),
    ("show",),
    ("replay", "--at", "2027-03-20T00:00:00Z"),
    ("report", "custody"),
    ("check", "FILE"),
)


def read_as_record(data: bytes, place: Path) -> object:
    """Read a bundle with every reading command; what is printed obeys no terminal."""
    file, trust = place / "bundle.zip", place / "trust"
    file.write_bytes(data)
    trust.mkdir(exist_ok=True)
    for name, content in world().trust_files().items():
        (trust / name).write_bytes(content)
    for words in READS:
        command = [str(file) if word == "FILE" else word for word in words]
        done = CliRunner().invoke(comity, [*command, "--bundle", str(file), "--trust", str(trust), "--debug"])
        if done.exit_code == Exit.UNFORESEEN:
            raise Unforeseen(done.output)
        if done.exit_code not in {int(code) for code in Exit}:
            raise AssertionError(f"exit {done.exit_code}")
        if OBEYED.search(done.stdout) and words[0] != "report":
            raise AssertionError(f"{words[0]} prints what a terminal obeys")
    return None


OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


AUDITOR = note.Vkey.of(f"auditor.example/karsk/audit/{'ab' * 32}", note.MLDSA44, bytes(1312))

PARSERS = (
    # JSON, envelopes, notes, the log
    Parser(
        "canonical JSON",
        "json",
        inside(".dsse.json"),
        plainly(canonical.parse_json),
        ("ledger.formats.canonical_json",),
    ),
    Parser(
        "envelope",
        "json",
        inside(".dsse.json"),
        opened,
        ("ledger.entries.envelope", "ledger.facts", "ledger.facts.value_forms"),
    ),
    Parser(
        "dsse",
        "json",
        inside(".dsse.json"),
        lambda d, _: dsse.open_bytes(d, dsse.EVENT_TYPE),
        ("ledger.formats.dsse",),
    ),
    Parser("entry and proof", "lines", entry_and_proof, one_entry, ("ledger.verify.single_entry",)),
    Parser(
        "manifest", "json", inside("manifest.dsse.json"), plainly(manifest.open_manifest), ("ledger.bundle.manifest",)
    ),
    Parser(
        "findings of a maker", "json", makers_findings, plainly(findings.parse_findings), ("ledger.bundle.findings",)
    ),
    Parser("note", "lines", lambda: [world().witnessed(), world().checkpoint()], notes, ("ledger.tlog.note",)),
    Parser(
        "checkpoint",
        "lines",
        lambda: [world().checkpoint().partition(b"\n\n")[0] + b"\n"],
        text(note.parse_checkpoint),
        ("ledger.tlog.note:parse_checkpoint",),
    ),
    Parser(
        "anchor",
        "lines",
        lambda: [world().checkpoint()],
        plainly(parse_anchor),
        ("ledger.trust.trust_folder:parse_anchor",),
    ),
    Parser(
        "held checkpoint",
        "lines",
        lambda: [world().checkpoint(), world().checkpoint().partition(b"\n\n")[0] + b"\n"],
        plainly(parse_held),
        ("ledger.trust.held:parse_held",),
    ),
    Parser(
        "verifier key",
        "lines",
        lambda: [world().policy().split()[1]],
        text(note.parse_vkey),
        ("ledger.tlog.note:parse_vkey",),
    ),
    Parser(
        "log policy",
        "lines",
        lambda: [world().policy()],
        plainly(policy.parse_policy),
        ("ledger.tlog.policy:parse_policy",),
    ),
    Parser(
        "submission",
        "lines",
        lambda: [submission.format_submission(3, [b"h" * 32], world().checkpoint())],
        plainly(submission.parse_submission),
        ("ledger.tlog.add_checkpoint:parse_submission",),
    ),
    Parser(
        "upload to a mirror",
        "raw",
        lambda: [UPLOADED.upload(0, 3), UPLOADED.upload(255, 300)],
        uploaded,
        ("ledger.tlog.add_entries", "ledger.adapters.mirror.mirrored_files"),
    ),
    Parser(
        "packed upload",
        "raw",
        lambda: [gzip.compress(UPLOADED.upload(0, 3)), gzip.compress(b"a") + gzip.compress(b"b")],
        lambda data, _: list(mirror_http.Gunzip().feed(data)),
        ("ledger.adapters.mirror.server",),
        (zlib.error,),
    ),
    Parser(
        "new passkey",
        "json",
        sign_in.new_passkeys,
        sign_in.new_passkey,
        ("server.identity.passkeys", "server.identity.unpadded"),
    ),
    Parser(
        "assertion of a passkey",
        "json",
        sign_in.assertions,
        sign_in.assertion,
        ("server.identity.passkeys:check_assertion", "server.identity.tickets"),
    ),
    Parser(
        "headers of a proxy",
        "raw",
        samples(b":MAA=:", b"__Host-comity=x; a=b", b"192.0.2.1, ::1"),
        sign_in.headers,
        ("server.identity.callers",),
    ),
    Parser("provider", "json", sign_in.metadata, sign_in.provider, ("server.identity.oidc",), (LedgerError,)),
    Parser("ID token", "raw", sign_in.tokens, sign_in.token, ("server.identity.oidc:OpenId",)),
    Parser(
        "answer of a mirror",
        "lines",
        samples(add_entries.format_info(add_entries.MirrorInfo(700, 512, b"ticket"))),
        plainly(add_entries.parse_info),
        ("ledger.tlog.add_entries:parse_info",),
    ),
    Parser(
        "mirrors",
        "lines",
        lambda: [
            mirrors.format_mirrors({key: MirrorAddress.of("https://m.example/x", "https://m.example/y")})
            for key in parsed_policy().witnesses.values()
        ],
        lambda data, _: mirrors.parse_mirrors(data, parsed_policy()),
        ("ledger.trust.mirrors:parse_mirrors",),
    ),
    Parser("proof", "lines", inside(".tlog-proof"), plainly(tlog.parse_proof), ("ledger.tlog.tree:parse_proof",)),
    Parser(
        "consistency proof",
        "lines",
        lambda: [b"".join(base64.b64encode(bytes([n]) * 32) + b"\n" for n in range(3))],
        plainly(hashes),
        ("ledger.verify.heads",),
    ),
    Parser(
        "note of a subtree",
        "lines",
        lambda: [b"ledger.example/x\nsubtree 8 13\n" + base64.b64encode(bytes(32)) + b"\n"],
        text(subtree_cosignature.parse_subtree),
        ("ledger.tlog.subtree_cosignature:parse_subtree",),
    ),
    Parser(
        "statement of an auditor",
        "lines",
        samples(
            f"comity.audit-statement/1\nchecked signatures\nchecked chain\nprogram {'ab' * 32}\nrules {'cd' * 32}\n"
        ),
        plainly(audit_statement.parse_statement),
        ("ledger.tlog.audit_statement:parse_statement",),
    ),
    Parser(
        "index of statements",
        "lines",
        samples(f"{'ab' * 32}.note\n{'cd' * 32}.statement\n"),
        lambda d, _: audit_files.fetched(lambda path, most: d),
        ("ledger.application.auditing.audit_files:fetched",),
    ),
    Parser(
        "policy with an auditor",
        "lines",
        lambda: [with_auditor(world().policy(), "karsk", AUDITOR)],
        plainly(policy.parse_policy),
        ("ledger.tlog.policy:parse_policy",),
    ),
    Parser(
        "proof of a map",
        "raw",
        lambda: [tree.prove(bytes(32)) for tree in maps()],
        lambda d, _: [map_tree.check_lookup(bytes(32), d, tree.root()) for tree in maps()[:1]],
        ("ledger.tlog.patricia_tree:parse_lookup_proof",),
    ),
    Parser(
        "tile path",
        "lines",
        samples("tile/0/x001/067.p/8", "tile/entries/000.p/3"),
        text(tile.parse_tile_path),
        ("ledger.tlog.tile:parse_tile_path",),
    ),
    Parser(
        "entry bundle",
        "raw",
        lambda: [tile.pack_entries(world().entries)],
        plainly(tile.unpack_entries),
        ("ledger.tlog.tile:unpack_entries",),
    ),
    Parser(
        "disclosure",
        "lines",
        lambda: [t for c in inside("disclosures/4.txt")() for t in c.split(b"\n") if t],
        text(veil.parse_disclosure),
        ("ledger.formats.selective_disclosure:parse_disclosure",),
    ),
    Parser(
        "published log",
        "lines",
        published_log,
        from_log,
        (
            "ledger.adapters.log.published_log",
            "ledger.adapters.witness.monitor",
            "ledger.adapters.witness.followed_entries",
        ),
        LOCAL,
    ),
    Parser(
        "exhibit",
        "json",
        exhibits,
        exhibited,
        ("ledger.entries.split_view", "ledger.entries.exhibits", "ledger.entries.wrong_map"),
    ),
    Parser("proof of absence", "json", absences, absent, ("ledger.entries.absence",)),
    Parser(
        "instant",
        "lines",
        samples("2027-03-01T12:00:00Z"),
        text(order.instant),
        ("ledger.entries.case",),
        (ValueError,),
    ),
    Parser(
        "moment",
        "lines",
        samples("2027-03-01T12:00:00+01:00", "2027-03-01"),
        text(moments),
        ("cli.session.ledger_choice",),
        (Stop,),
    ),
    # bundles, and what carries them
    Parser("bundle", "zip", lambda: [bundle()], verified, ("ledger.verify.earlier_bundles",)),
    Parser("bundle that is read", "zip", lambda: [bundle()], read_as_record, ("cli.records.bundle_reader",), COMMAND),
    Parser("zip profile", "zip", lambda: [bundle()], archived, ("ledger.bundle.zip_profile", "ledger.bundle:unpack")),
    Parser(
        "repacked bundle",
        "zip",
        lambda: [inputs.packed(list(files().items()), stored=False), bundle()],
        repacked_,
        ("ledger.bundle.repacked",),
    ),
    Parser("ASiC-E", "zip", asice, contained, ("ledger.bundle.archive_kind",)),
    Parser("PDF", "pdf", papers, plainly(attached.bundle_inside), ("ledger.bundle.pdf_attachment",), COMMAND),
    Parser(
        "verify FILE",
        "zip",
        lambda: [bundle(), *asice()],
        command("verify", "{}"),
        ("cli.commands.verify", "cli.commands.file"),
        COMMAND,
    ),
    Parser("verify PDF", "pdf", papers, command("verify", "{}"), ("cli.commands.verify",), COMMAND),
    Parser(
        "receive",
        "zip",
        lambda: [bundle()],
        command("receive", "{}", "--as", "ilves"),
        ("cli.commands.receive", "ledger.application.foreign.arrivals", "cli.stories.other_log"),
        COMMAND,
    ),
    Parser(
        "receive one entry",
        "lines",
        entry_and_proof,
        command("receive", "{}", "--as", "ilves"),
        ("cli.commands.receive",),
        COMMAND,
    ),
    Parser(
        "list of a copy",
        "json",
        copy_lists,
        lambda d, _: copies_list.parse_manifest(d),
        ("ledger.application.backup.manifest:parse_manifest",),
        LOCAL,
    ),
    Parser(
        "manifest of an archive",
        "json",
        archive_manifests,
        lambda d, _: archive_manifest.parse_manifest(d),
        ("ledger.application.archive.manifest:parse_manifest",),
    ),
    Parser("restore", "tar", copies, copied, ("ledger.application.backup.restore_copy",), COMMAND),
    # whom to trust
    Parser("trust files", "lines", trust_lines, trusted, ("ledger.trust.trust_folder:parse_trust",)),
    Parser(
        "registrar",
        "lines",
        lambda: [world().trust_files()["registrar"]],
        plainly(parse_registrar),
        ("ledger.trust.trust_folder:parse_registrar",),
    ),
    Parser("counterparty", "lines", trust_lines, trust_folder, ("ledger.application.counterparties",), LOCAL),
    Parser("trust version", "json", policies, plainly(parse_version), ("ledger.trust.signed_policy:parse_version",)),
    Parser(
        "trust versions",
        "json",
        policies,
        versions,
        ("ledger.trust.signed_policy", "ledger.adapters.folders.handed_folder"),
        COMMAND,
    ),
    Parser(
        "fingerprint",
        "lines",
        lambda: [b"a" * 64, b"ababo-babab"],
        text(parse_fingerprint),
        ("ledger.trust.signed_policy:parse_fingerprint",),
    ),
    Parser(
        "trust check",
        "json",
        policies,
        command("trust", "check", "{dir}", name="1.trust.json"),
        ("cli.commands.trust",),
        COMMAND,
    ),
    # time stamps, keys, what answers
    Parser(
        "time stamp",
        "der",
        tokens,
        stamped,
        ("ledger.adapters.timestamps.rfc3161", "ledger.adapters.timestamps.certificate_order"),
    ),
    Parser("certificates", "der", chains, plainly(stamping.certificates), ("ledger.adapters.timestamps.rfc3161",)),
    Parser(
        "key of papers",
        "der",
        certificate_keys,
        certificate_key,
        ("ledger.adapters.document_signatures.certificate_key",),
        LOCAL,
    ),
    Parser(
        "certificate of papers",
        "der",
        chains,
        certificate_file,
        ("ledger.adapters.document_signatures.certificate_file",),
        LOCAL,
    ),
    Parser("private key", "der", key_files, in_file(keys.load), ("ledger.adapters.keys.key_files",), LOCAL),
    Parser("ML-DSA key", "der", key_files, in_file(mldsa.load), ("ledger.adapters.keys.mldsa",), LOCAL),
    Parser("public key", "lines", public_files, in_file(public), ("ledger.adapters.keys.key_files",), LOCAL),
    Parser("PKCS#11 URI", "lines", samples(URI), text(token.parse_uri), ("ledger.adapters.keys.pkcs11",), LOCAL),
    Parser(
        "PIN",
        "lines",
        samples("1234\n"),
        in_file(lambda p: token._pin(token.KeyUri("t", "o", None, "m", p), lambda _: None)),
        ("ledger.adapters.keys.pkcs11",),
        LOCAL,
    ),
    Parser("person", "lines", samples("Dina Ilves\n"), person, ("cli.access.persons",), COMMAND),
    Parser("what a monitor has checked", "lines", samples("3"), checked, ("ledger.adapters.witness.monitor",), LOCAL),
    Parser("HTTP address", "lines", samples(*URLS), text(http.is_address), ("ledger.adapters.http_client",), ()),
    Parser(
        "database address",
        "lines",
        samples(*STORES),
        text(lambda uri: postgres.address(uri, "o")),
        ("ledger.adapters.storage.postgres",),
        LOCAL,
    ),
    Parser("ssh-agent", "raw", agent_answer, by_agent, ("ledger.adapters.keys.ssh_agent",), LOCAL),
    Parser(
        "address of an etcd",
        "raw",
        lambda: [b"etcd://one.example:2379,two.example:2379", ETCD],
        text(parse_address),
        ("ledger.adapters.guard.etcd_guard:parse_address", "ledger.adapters.guard.etcd_guard"),
    ),
    Parser(
        "place of a signing process",
        "raw",
        lambda: [b"/run/comity/signer", b"tls://signer.example:7443?ca=/c/ca.pem&cert=/c/me.pem&key=/c/me.key"],
        text(parse_place),
        ("ledger.adapters.log.signer_place:parse_place", "ledger.adapters.log.signer_place"),
    ),
    Parser(
        "value of a guard",
        "json",
        lambda: [signed_state.encode(signed_state.Signed(3, bytes(32), b"note", NOW), why) for why in ("", "x")],
        lambda d, _: signed_state.decode(d, "etcd"),
        ("ledger.adapters.guard.signed_state",),
        LOCAL,
    ),
    Parser(
        "place of a guard",
        "lines",
        lambda: [
            b"ledger.example/xo/karsk " + ETCD,
            b"ledger.example/xo/karsk postgresql://clerk@guard.example/guards",
        ],
        pointed,
        ("ledger.adapters.guard.guard_place",),
        LOCAL,
    ),
    Parser(
        "address of a server",
        "lines",
        lambda: [b"https://office.example/", b"http://127.0.0.1:7400", b"http://[::1]:7400/base"],
        asked_server,
        ("cli.remote.servers:server_url",),
        COMMAND,
    ),
    Parser(
        "kept server",
        "json",
        lambda: [msgspec.json.encode(Server("https://office.example", "office.example/log", "0" * 64, "ilves", None))],
        in_file(kept_server),
        ("cli.remote.servers",),
        LOCAL,
    ),
    Parser("signer's answer", "json", signer_answer, by_signer, ("ledger.adapters.log.remote_signer",), LOCAL),
    Parser(
        "question to a signer",
        "json",
        samples('{"ask": "last"}', '{"ask": "sign", "old": [0, ""], "checkpoint": "a\\n", "proof": ["AAAA"]}'),
        asked_signer,
        ("ledger.adapters.log.signer_process",),
        (),
    ),
    Parser(
        "witness's answer",
        "lines",
        witness_answers,
        by_witness,
        ("ledger.adapters.witness.client", "ledger.adapters.witness.witness"),
        (),
    ),
    # what offices hand in
    Parser("story", "toml", stories, lambda d, _: read_story(d, "s.toml"), ("cli.stories.model",), COMMAND),
    Parser("XML", "xml", evidence, lambda d, _: parse_xml(d, "e.xml"), ("cli.imports.safe_xml",), (Stop,)),
    Parser(
        "delivery evidence",
        "xml",
        evidence,
        lambda d, _: read_evidence(d, "e.xml"),
        ("cli.imports.rem_evidence",),
        (Stop,),
    ),
    Parser("ASiC-S", "zip", packets, lambda d, _: read_evidence(d, "e.asics"), ("cli.imports.rem_evidence",), (Stop,)),
    Parser(
        "import delivery",
        "xml",
        evidence,
        command("import", "delivery", "{}", "--order", "main", "--as", "ilves", "--dry-run"),
        ("cli.imports.rem_evidence",),
        COMMAND,
    ),
    Parser(
        "HI-1",
        "json",
        messages,
        plainly(hi1_reading.rows_of),
        ("projections.exchange.hi1_reader", "projections.exchange.hi1_writer"),
        (hi1_reading.NoMessage,),
    ),
    Parser(
        "import hi1",
        "json",
        messages,
        command("import", "hi1", "{}", "--as", "ilves", "--instrument", "2AP-7", "--dry-run"),
        ("projections.exchange.hi1_reader", "cli.imports.row_parser"),
        COMMAND,
    ),
    Parser(
        "import CSV",
        "csv",
        samples(TABLE),
        command("import", "{}", "--as", "ilves", "--dry-run"),
        ("cli.imports.tables", "cli.imports.row_parser", "cli.imports.row_index"),
        COMMAND,
    ),
    Parser(
        "import JSON Lines",
        "jsonl",
        samples(ROWS),
        command("import", "{}", "--as", "ilves", "--zone", "Europe/Oslo", "--dry-run"),
        ("cli.imports.tables", "cli.imports.row_parser"),
        COMMAND,
    ),
    Parser(
        "import letters",
        "csv",
        samples(LETTERS),
        command(
            "import",
            "letters",
            "{dir}",
            "--order",
            "main",
            "--as",
            "ilves",
            "--dry-run",
            name="letters.csv",
            beside={"a.pdf": b"%PDF-1.7", "b.txt": b"b"},
        ),
        ("cli.imports.letters",),
        COMMAND,
    ),
    # Intake: tables of an office, mails
    Parser(
        "mapping profile",
        "toml",
        samples(intake_tables.PROFILE),
        lambda d, _: parse_profile(d, "profile.toml"),
        ("ledger.application.intake.profile",),
    ),
    Parser(
        "workbook",
        "zip",
        workbooks,
        lambda d, _: read_table(d, "orders.xlsx"),
        ("ledger.application.intake.workbook_check",),
        LOCAL,
    ),
    Parser(
        "table of orders",
        "csv",
        samples(intake_tables.csv_of(intake_tables.rows(5))),
        lambda d, _: read_table(d, "orders.csv"),
        ("ledger.application.intake.table_file",),
    ),
    Parser(
        "mail",
        "lines",
        mails,
        lambda d, _: words_of_mail(d, "a.eml"),
        ("ledger.application.intake.mail.mail_file",),
        LOCAL,
    ),
    Parser(
        "mail of Outlook",
        "raw",
        samples(msg("Subject: PPO-1\r\nDate: Tue, 03 Mar 2026 10:15:00 +0100\r\n", "PPO-1", [("a.pdf", b"%PDF")])),
        lambda d, _: words_of_mail(d, "a.msg"),
        ("ledger.application.intake.mail.mail_file",),
        LOCAL,
    ),
    Parser(
        "key of a mail",
        "raw",
        samples(mails_made.key()[1], mails_made.key()[0]),
        lambda d, _: check_key(read_mail(mails_made.mail(), "a.eml"), d.decode("latin-1"), "s1._domainkey.a.example"),
        ("ledger.application.intake.mail.authentication",),
        LOCAL,
    ),
    Parser(
        "media type",
        "raw",
        samples(b"%PDF-1.7", b"PK\3\4" + b"\0" * 14 + b"\x08\0\0\0" + b"\0" * 8 + b"mimetypetext/a"),
        plainly(media_of),
        ("ledger.application.intake.letter",),
        (),
    ),
    Parser(
        "entry of a directory",
        "lines",
        directory_entry,
        lambda d, _: open_entry(d, registrar_key(DIRECTORY_REGISTRAR), "directory.example/xo", 0),
        ("ledger.trust.ledger_directory",),
    ),
    Parser(
        "list of ledgers",
        "lines",
        samples('[[ledger]]\nplace = "ledgers/karsk"\ntrust = "trust/karsk"\nholder = "Office"\n'),
        lambda d, _: parse_list(d, "ledgers.toml"),
        ("cli.audits.places",),
        COMMAND,
    ),
    Parser(
        "address book",
        "lines",
        samples(address_book.template()),
        lambda d, _: address_book.read_book(BytesIO(d), "offices.csv"),
        ("cli.offices.address_book",),
        COMMAND,
    ),
    Parser(
        "typed day",
        "raw",
        samples("2026-11-26", "26.11.2026", "03/04/2026", "2026-11-26 14:30"),
        lambda d, _: local_time.typed_day(d.decode("utf-8", "replace"), "a day"),
        ("cli.session.local_time",),
        COMMAND,
    ),
    Parser(
        "typed period",
        "raw",
        samples("20 days", "1 month and 3 days", "P20D", "2 weeks"),
        lambda d, _: local_time.typed_period(d.decode("utf-8", "replace"), "--within"),
        ("cli.session.local_time",),
        COMMAND,
    ),
    Parser(
        "fact as JSON",
        "json",
        samples(FACT),
        lambda d, _: fields.from_json(d, "f.json", "order-transmitted"),
        ("cli.session.field_values",),
        COMMAND,
    ),
    Parser(
        "record --from",
        "json",
        samples(FACT),
        command("record", "order-transmitted", "main", "--from", "{}", "--as", "ilves", "--dry-run"),
        ("cli.session.field_values", "ledger.facts", "ledger.facts.value_types"),
        COMMAND,
    ),
    Parser(
        "lint",
        "json",
        samples('{"public": {"instrument": "2AP-7", "from_party": "RS", "to_party": "HU"}}'),
        command("lint", "{}"),
        ("cli.session.field_values",),
        COMMAND,
    ),
    Parser(
        "edition of the rules",
        "json",
        lambda: [orjson.dumps(running())],
        command("law", "diff", "{}"),
        ("ledger.law.editions",),
        COMMAND,
    ),
    # a ledger's own folder, in which anything may have been written
    setting("trust/policy", "orders", "fsck"),
    setting("trust/registrar", "orders", "fsck"),
    setting("trust/tsa/authorities", "stamp list", "fsck", "stamp"),
    setting("trust/tsa/a.pem", "fsck", "stamp list"),
    setting("story.json", "orders", "due"),
    setting("names.json", "show main", "orders"),
    setting("store", "orders", "fsck"),
    setting("RESTORED", "orders", "checkpoint"),
    setting("signer", "checkpoint", "fsck"),
    setting("state/*/log.key", "checkpoint"),
    setting("keys/PUBLIC-ilves.pub", "key list"),
    setting("entries.db", "orders", "fsck"),
    setting("heads.db", "fsck", "checkpoint"),
    setting("keys.db", "fsck", "timeline main"),
    setting("state/*/guard.db", "fsck", "checkpoint"),
)

# Modules that call a parser on what this program has made itself, or on values whose form was checked before.
OWN = {
    "ledger.application.archive.parquet_files": "what Linux says of memory; its test tries damaged Parquet",
    "cli.commands.due": "days that the law computed",
    "ledger.law.deadlines.general_duties": "dates of entries, whose form is checked; tests/test_law_never_raises.py",
    "ledger.law.instruments.notice": "the same",
    "ledger.law.instruments.stored_communications": "the same",
    "ledger.law.turns": "the same",
    "ledger.law.parties.party_register": "the same",
    "ledger.law.deadlines.data_subject_rights": "the same",
    "projections.reports.letters.wording": "the same",
    "projections.sentences.values": "the same",
    "ledger.messages": "days that were dates",
    "ledger.adapters.folders.read_trust": "a digest that the user has kept; tests/cli/handover/test_trust_folder.py",
    "ledger.verify.completeness.unstated_files": "digests of verified entries and of the policy that they adopted",
    "ledger.application.find_subject": "disclosures that were verified when they were stored",
    "ledger.adapters.storage.orders.order_row": "rows of views.db, which may be deleted at any time",
    "ledger.adapters.storage.orders.order_lists": "the same",
    "ledger.adapters.storage.orders.order_answers": "the same",
    "cli.lists.counted_rows": "rows of views.db, which may be deleted at any time",
    "cli.commands.serve": "a secret in a file that its operator names",
    "cli.serving.addresses": "an address that its operator types",
    "cli.serving.signing_page": "a URL that cli.serving.addresses has read",
    "cli.commands.account": "a certificate that an administrator names",
    "ledger.adapters.log.signer_clients": "a file of its operator; tests/ledger/adapters/log/test_signer_clients.py",
    "server.operations.configuration": "a file of its operator; tests/server/operations/test_configuration.py",
    "server.run": "a certificate of its operator",
    "ledger.application.backup.copy_ledger": "a tar that it writes",
    "server.api.application": "requests; tests/server/api/test_made_requests.py makes them from the OpenAPI document",
    "server.desk.forms.typed": "forms of people; tests/server/desk/test_hostile_forms.py tries any names and texts",
    "server.desk.site": "its own texts",
    "server.guests.requester": "base URLs of the server's own; tests/server/guests/test_requester.py tries others",
    "server.desk.lists.choice": "addresses of pages; tests/server/desk/lists/test_choice.py tries any values",
    "server.desk.lists.store": "rows that it has written itself; tests/server/desk/lists/test_keeper.py damages them",
    "server.files.erasure": "rows of its own links",
    "server.files.keeping": "what it has decrypted under its own key",
    "server.files.places": "credentials in a file of its operator; tests/server/files/test_s3.py",
    "server.files.settings": "a file of its operator; tests/server/files",
    "server.operations.health_question": "an answer of the server on this machine",
    "cli.imports.intake.profile": "a day that its user types",
    "server.jobs.settings": "a file of its operator; tests/server/jobs/test_jobs.py",
    "server.jobs.digest": "moments of its own answers",
    "server.jobs.mail": "a file of its operator, with a password",
    "server.jobs.run": "what its own commands answer",
    "server.exchange.client": "answers of peers; tests/server/exchange/test_client.py",
    "server.exchange.endpoint": "receipts of peers; tests/server/exchange/test_endpoint.py",
    "server.exchange.peers": "a file of its operator; tests/server/exchange/test_peers.py",
    "server.exchange.store": "rows that it has written itself",
    "cli.audits.run_audit": "results that it has made itself",
    "ledger.application.audits.audit_state": "results that it has written itself",
    "cli.commands.demo": "a bundle that it has just made",
    "cli.reports.pdf": "the same",
    "ledger.adapters.document_signatures.token_key": "what a token answers; tests/interop/test_softhsm.py",
    "cli.desk.security": "forms: tests/fuzz/servers.py",
    "projections.statistics.published_figures": "published tables that come with the program, fixtures/statistics",
}
