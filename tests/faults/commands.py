"""The ledger that is tried, and every command that writes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from unittest.mock import patch

from cli.session import ledger_choice
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import cosign, witness_vkey
from tests.ledger.application.foreign import test_receive
from tests.support.cli import ORIGIN, House

EXISTS = "is there already"
NEXT = ("record", "party-registered", "-f", "party=XN", "-f", "zone=UTC", "-f", "declarations_verified=false")
TABLE = "order,kind,occurred,instrument,from_party,to_party,identifiers\n" + "".join(
    f"T-{n},order-issued,2026-03-0{n}T09:00:00Z,2AP-7,XO,XV,acct-{n}\n" for n in range(1, 6)
)
AUDITOR = ("--name", "auditor.example/xo", "--state", "HOUSE/auditor")
MIRROR = ("mirror.example/xo", "--state", "HOUSE/mirror")
WITNESS = ("--name", "witness.example/xo", "--state", "HOUSE/witness", "--policy", "HOUSE/ledger/trust/policy")


@dataclass(frozen=True, slots=True)
class Command:
    """One command line; HOUSE is replaced by the folder of its user.

    `ready` is done to the ledger before. Repeated where the first run came to its end, it may refuse, saying
    `done`. `cut` is what `fsck` may leave undecided until the command is repeated. `made` is a file or folder
    that is whole in the end. `goes_on` is the resulting ledger, where it is another one, and it `holds` entries
    of these kinds. `form` is the format of the answer.
    """

    words: tuple[str, ...]
    ready: Callable[[House], object] | None = None
    done: str = "\0"
    cut: str = "\0"
    made: str = ""
    goes_on: str = "ledger"
    holds: tuple[str, ...] = ()
    form: tuple[str, ...] = ("--json",)


def with_second_key(house: House) -> None:
    """Have the log sign by ML-DSA-44 as well."""
    does(house, "key", "add-log", "--yes")


def furnished(folder: Path) -> House:
    """Return a ledger with an office, an order that seals something, and keys that wait."""
    folder.mkdir(parents=True)
    return furnish(House(folder).begun())


def furnish(house: House) -> House:
    """Put into a new ledger what its commands are about."""
    house.with_office("ilves", "ISS")
    does(house, *NEXT[:3], "party=XV", *NEXT[4:], "--as", "registrar")
    house.order()
    sealed = ("-f", "until=2030-01-01", "-f", "reasons=others are being looked for")
    does(house, "record", "confidentiality-requested", "PPO-1", *sealed, "--as", "ilves")
    for name in ("ready", "following"):
        house.reply("key", "new", name)
    (house.folder / "table.csv").write_text(TABLE)
    return house


def does(house: House, *words: str) -> str:
    """Run a command that has to work."""
    done = house.run(*put(house, words))
    assert done.exit_code == 0, (words, done.output)
    return str(done.stdout)


def put(house: House, words: tuple[str, ...]) -> list[str]:
    """Return the words of a command for one house."""
    return [word.replace("HOUSE", str(house.folder)) for word in words]


def dated_ahead(house: House) -> None:
    """Sign a head by a clock of another year."""
    with patch.object(
        ledger_choice, "now", lambda folder=None, now=ledger_choice.now: now(folder) + timedelta(days=1000)
    ):
        does(house, *NEXT, "--as", "registrar", "--clock-is-right")


def without_guard(house: House) -> None:
    """Remove the guard; somebody holds the newest checkpoint."""
    (house.folder / "held.note").write_text(does(house, "checkpoint"))
    state = Home(house.folder / "state" / "comity", house.keys).log(read_folder(house.ledger).origin)
    for file in state.glob("guard.db*"):
        file.unlink()


def without_heads_key(house: House) -> None:
    """Remove the key that commits heads, as from a ledger that is older than it."""
    state = Home(house.folder / "state" / "comity", house.keys).log(read_folder(house.ledger).origin)
    for file in state.glob("heads*"):
        file.unlink()


def with_copy(house: House) -> None:
    """Make a copy and remove the ledger's folder; its keys.db is kept elsewhere."""
    does(house, "backup", "HOUSE/ledger", "-o", "HOUSE/copy.tar")


def with_earlier_copy(house: House) -> None:
    """Make a copy, and record an entry after it."""
    with_copy(house)
    does(house, *NEXT[:3], "party=XW", *NEXT[4:], "--as", "registrar")


def with_later_copy(house: House) -> None:
    """Make a copy, and another one behind it."""
    with_earlier_copy(house)
    does(house, *COMMANDS["backup since"].words)


def with_counterparty(house: House) -> None:
    """Put the trust folder of another office here."""
    shutil.copytree(offices() / "skylark" / "ledger" / "trust", house.folder / "theirs")


def as_provider(house: House) -> None:
    """Replace the ledger by a provider's, with the authority's bundle."""
    shutil.rmtree(house.folder)
    shutil.copytree(offices() / "skylark", house.folder)
    shutil.copy(offices() / "order.zip", house.folder)


@cache
def offices() -> Path:
    """Make two offices that know each other."""
    return test_receive._original()


def with_witness(house: House) -> None:
    """Publish the log, and let a witness follow it."""
    does(house, "log", "publish", "HOUSE/published")
    does(house, "witness", "new", WITNESS[1], *WITNESS[2:4])


def with_cosigned(house: House) -> None:
    """Let a witness of the policy cosign, and its note come back as a file."""
    does(house, "witness", "new", WITNESS[1], *WITNESS[2:4])
    key = house.folder / "witness" / "witness.key.pub"
    from ledger.adapters.keys.key_files import load

    vkey = witness_vkey(WITNESS[1], load(key.with_suffix("")).public)
    does(house, "witness", "add", vkey, "http://127.0.0.1:9")
    does(house, "log", "publish", "HOUSE/published")
    does(house, "witness", "pull", "HOUSE/published", *WITNESS, "-o", "HOUSE/cosigned.note")


def with_mirrored(house: House) -> None:
    """Let a mirror have cosigned everything, in a folder; the trust folder is held elsewhere too."""
    from ledger.adapters.keys.key_files import load

    does(house, "mirror", "new", *put(house, MIRROR))
    seed = load(house.folder / "mirror" / "mirror.key").seed
    vkey = witness_vkey(MIRROR[0], public_key(seed))
    does(house, "mirror", "add", vkey, "http://127.0.0.1:9")
    does(house, "log", "publish", "HOUSE/mirrored")
    checkpoint = house.folder / "mirrored" / "checkpoint"
    note = checkpoint.read_bytes()
    checkpoint.write_bytes(note + cosign(note, MIRROR[0], seed, int(ledger_choice.now().timestamp())).encode())
    shutil.copytree(house.ledger / "trust", house.folder / "held")


def with_auditor(house: House) -> None:
    """Publish the log, and make the key of an auditor."""
    does(house, "log", "publish", "HOUSE/published")
    (house.folder / "auditor.vkey").write_text(
        json.loads(does(house, "audit", "new", AUDITOR[1], *AUDITOR[2:], "--json"))["vkey"]
    )


def with_notes(house: House) -> None:
    """Let an auditor of the policy sign the published log."""
    with_auditor(house)
    does(house, "audit", "add", (house.folder / "auditor.vkey").read_text())
    does(house, "log", "publish", "HOUSE/published")
    does(house, *COMMANDS["audit sign"].words)


def with_account(house: House) -> None:
    """Make an account."""
    does(house, "account", "add", "Dina", "--office", "ilves")


def with_policy(house: House) -> None:
    """Write a trust policy of one root, not signed."""
    house.reply("key", "new", "ada")
    does(house, *COMMANDS["trust new"].words)


def with_signed_policy(house: House) -> None:
    """Write it and sign it."""
    with_policy(house)
    does(house, *COMMANDS["trust sign"].words)


def with_older_policy(house: House) -> None:
    """Write a second version of it, while somebody holds the first."""
    with_signed_policy(house)
    shutil.copytree(house.folder / "policy", house.folder / "held")
    checked = house.run(*put(house, ("trust", "check", "HOUSE/policy", "--json")))
    (house.folder / "fingerprint").write_text(json.loads(checked.stdout)["words"])
    does(house, *COMMANDS["trust new"].words[:5])
    does(house, *COMMANDS["trust sign"].words)


def with_book(house: House) -> None:
    """Write an address book of two Parties and two offices."""
    (house.folder / "offices.csv").write_text(
        "party,zone,actor,name,roles,key,holder\nXO,UTC,court,Court,CT,new,Dina Ilves\nXW,UTC,sky,Sky,SP,new,\n"
    )


def with_subjects(house: House) -> None:
    """Name two persons whose data are sealed, one of them in two orders."""
    order = ("issue", "--instrument", "2AP-7", "--to", "XV", "--reference", "PPO-2", "--as", "ilves", "--yes")
    does(house, *order, "-f", "identifiers=user-1", "--subject", "witness 3")
    asked = ("record", "confidentiality-requested", "PPO-1", "-f", "until=2030-01-01", "--as", "ilves", "--yes")
    for name in ("witness 3", "J. Tamm"):
        does(house, *asked, "-f", f"reasons=of {name}", "--subject", name)


RECORD = ("record", "order-transmitted", "PPO-1", "-f", "addressee=ilves", "-f", "channel=post", "--as", "ilves")
COMMANDS: dict[str, Command] = {
    "record": Command(RECORD),
    "receipt": Command((*RECORD, "--receipt", "HOUSE/receipt.tlog-proof"), done=EXISTS, made="receipt.tlog-proof"),
    "sealed": Command(
        (
            *("record", "confidentiality-requested", "PPO-1", "-f", "until=2030-01-01", "-f", "reasons=because"),
            *("--as", "ilves"),
        )
    ),
    "issue": Command(
        ("issue", "--instrument", "2AP-7", "--to", "XV", "--reference", "PPO-9", "--as", "ilves"),
        done="REFERENCE-TAKEN",
    ),
    "import": Command(("import", "orders", "HOUSE/table.csv", "--as", "ilves")),
    "receive": Command(("receive", "HOUSE/order.zip", "--as", "sky"), as_provider),
    "counterparty add": Command(("counterparty", "add", "HOUSE/theirs"), with_counterparty),
    "reveal": Command(
        ("timeline", "PPO-1", "--reveal", "--because", "trial", "--purpose", "other", "--as", "ilves"),
    ),
    "orders": Command(("orders",)),
    "views": Command(("views", "--rebuild"), lambda house: does(house, "orders")),
    "report": Command(
        ("report", "custody", "PPO-1", "--record", "--as", "ilves", "-o", "HOUSE/custody.html"),
        done=EXISTS,
        made="custody.html",
        form=(),
    ),
    "erase": Command(
        ("erase", "PPO-1", "--cause", "erasure-granted", "--as", "ilves", "--yes"), cut="repeat the erasure"
    ),
    "subject same": Command(("subject", "same", "witness 3", "J. Tamm"), with_subjects),
    "subject other": Command(
        ("subject", "other", "witness 3", "PPO-2", "another"), with_subjects, done="SUBJECT-UNKNOWN"
    ),
    "subject find": Command(
        ("subject", "find", "J. Tamm", "--because", "trial", "--purpose", "other", "--as", "ilves"), with_subjects
    ),
    "subject reindex": Command(("subject", "reindex"), with_subjects, form=()),
    "account add": Command(("account", "add", "Dina", "--office", "ilves"), done="ACCOUNT-NAME"),
    "account lock": Command(("account", "lock", "Dina"), with_account),
    "remote add": Command(
        (
            "remote",
            "add",
            "https://office.example",
            "--trust",
            "HOUSE/ledger/trust",
            "--yes",
            "--key",
            "HOUSE/config/comity/keys/ilves",
        ),
    ),
    "remote remove": Command(
        ("remote", "remove", "https://office.example"),
        lambda house: does(house, *COMMANDS["remote add"].words),
        done="nothing is kept",
    ),
    "order rename": Command(("order", "rename", "PPO-1", "karsk-1")),
    "key new": Command(("key", "new", "another"), done=EXISTS, made="config/comity/keys"),
    "key enrol": Command(
        ("key", "enrol", "ready", "--role", "RET", "--party", "XO", "--office", "Office"),
        done="KEY",
    ),
    "key accept": Command(
        ("key", "accept", "ready"),
        lambda house: does(house, *COMMANDS["key enrol"].words),
        done="no key of ready waits",
    ),
    "key person": Command(("key", "person", "ilves", "Dina Ilves")),
    "key rotate": Command(
        ("key", "rotate", "ilves", "--to", "HOUSE/config/comity/keys/following.pub", "--lost"),
        done="no key that could be replaced",
    ),
    "key revoke": Command(("key", "revoke", "ilves", "--cause", "lost", "--yes"), done="no such key"),
    "key compromised": Command(
        ("key", "compromised", "ilves", "--since", "2026-01-01T00:00:00Z", "--yes"), done="no such key"
    ),
    "rotate-log": Command(("key", "rotate-log", "--yes")),
    "add-log": Command(("key", "add-log", "--yes"), done="signs already", cut="CP-KEY"),
    "rotate-log second": Command(
        ("key", "rotate-log", "--algorithm", "ml-dsa-44", "--yes"), with_second_key, cut="POL-NEWER"
    ),
    "checkpoint": Command(("checkpoint",)),
    "publish": Command(("log", "publish", "HOUSE/published")),
    "publish again": Command(
        ("log", "publish", "HOUSE/published"),
        lambda house: (does(house, "log", "publish", "HOUSE/published"), does(house, *RECORD)),
    ),
    "log clock": Command(("log", "clock", "--clock-is-right"), dated_ahead),
    "log commit": Command(("log", "commit")),
    "enrol and commit": Command(("log", "commit", "--enrol"), without_heads_key),
    "remake-guard": Command(
        ("log", "remake-guard", "--anchor", "HOUSE/held.note"), without_guard, done="GUARD-EXISTS", cut="GUARD-MISSING"
    ),
    "export": Command(
        ("export", "PPO-1", "--audience", "COURT", "-o", "HOUSE/court.evidence.zip", "--as", "ilves"),
        done=EXISTS,
        made="court.evidence.zip",
        form=(),
    ),
    "export receipts": Command(
        ("export", "PPO-1", "--audience", "COURT", "--format", "cose-receipts", "-o", "HOUSE/receipts"),
        done=EXISTS,
        made="receipts",
        form=(),
    ),
    "file": Command(
        ("file", "PPO-1", "--audience", "COURT", "-o", "HOUSE/filed", "--as", "ilves", "--html"),
        done=EXISTS,
        made="filed",
    ),
    "archive": Command(("archive", "HOUSE/archive"), made="archive", holds=("archive-made",)),
    "backup": Command(("backup", "HOUSE/ledger", "-o", "HOUSE/copy.tar"), done=EXISTS, made="copy.tar"),
    "backup since": Command(
        ("backup", "HOUSE/ledger", "-o", "HOUSE/later.tar", "--since", "HOUSE/copy.tar"),
        with_earlier_copy,
        done=EXISTS,
        made="later.tar",
    ),
    "restore later": Command(
        ("restore", "HOUSE/copy.tar", "HOUSE/later.tar", "HOUSE/second"),
        with_later_copy,
        done=EXISTS,
        goes_on="second",
    ),
    "restore": Command(("restore", "HOUSE/copy.tar", "HOUSE/second"), with_copy, done=EXISTS, goes_on="second"),
    "init": Command(
        ("init", "HOUSE/second", "--origin", "ledger.example/xo/second"), done="LEDGER-EXISTS", goes_on="second"
    ),
    "init offices": Command(
        (
            *("init", "HOUSE/second", "--origin", "ledger.example/xo/second"),
            *("--offices", "HOUSE/offices.csv"),
        ),
        with_book,
        goes_on="second",
    ),
    "offices add": Command(("offices", "add", "HOUSE/offices.csv"), with_book),
    "succeed": Command(
        ("succeed", "HOUSE/ledger", "HOUSE/second", "--origin", f"{ORIGIN}/2", "--cause", "planned"),
        done="LEDGER-EXISTS",
        cut="GUARD-MISSING",
        goes_on="second",
        holds=("log-succeeded",),
    ),
    "trust new": Command(
        (
            "trust",
            "new",
            "HOUSE/policy",
            "--from",
            "HOUSE/ledger",
            "--root",
            "ada=HOUSE/config/comity/keys/ada.pub",
            "--threshold",
            "1",
        ),
        lambda house: house.reply("key", "new", "ada"),
    ),
    "trust sign": Command(("trust", "sign", "HOUSE/policy", "--key", "ada"), with_policy),
    "trust update": Command(
        ("trust", "update", "HOUSE/held", "HOUSE/policy", "--root-fingerprint", "HOUSE/fingerprint"), with_older_policy
    ),
    "trust stick": Command(
        ("trust", "stick", "HOUSE/policy", "HOUSE/stick"), with_signed_policy, done="is not empty", made="stick"
    ),
    "witness new": Command(("witness", "new", *WITNESS[1:4]), done="a witness is never made twice", made="witness"),
    "witness add": Command(
        ("witness", "add", witness_vkey(WITNESS[1], public_key(bytes(range(32)))), "http://127.0.0.1:9"),
        done="has a witness xo already",
        cut="LOG-UNREACHABLE",
    ),
    "witness pull": Command(
        ("witness", "pull", "HOUSE/published", *WITNESS, "-o", "HOUSE/back.note"),
        with_witness,
        done="the clock of this witness is behind its last cosignature",  # retired, if it was ahead by years
    ),
    "witness take": Command(("witness", "take", "HOUSE/cosigned.note"), with_cosigned, cut="LOG-UNREACHABLE"),
    "mirror new": Command(("mirror", "new", *MIRROR), done="a mirror is never made twice", made="mirror"),
    "mirror add": Command(
        ("mirror", "add", witness_vkey(MIRROR[0], public_key(bytes(range(32)))), "http://127.0.0.1:9"),
        done="has a witness xo-mirror already",
    ),
    "restore from mirror": Command(
        ("restore", "HOUSE/second", "--from-mirror", "HOUSE/mirrored", "--trust", "HOUSE/held"),
        with_mirrored,
        done=EXISTS,
        goes_on="second",
    ),
    "audit new": Command(("audit", "new", *AUDITOR[1:]), done="this program has its key", made="auditor"),
    "fsck continued": Command(("fsck", "--auditor", *AUDITOR[1:]), with_auditor),
    "audit sign": Command(
        ("audit", "sign", "HOUSE/published", *AUDITOR, "--trust", "HOUSE/ledger/trust", "-o", "HOUSE/audits"),
        with_auditor,
    ),
    "audit take": Command(("audit", "take", "HOUSE/audits"), with_notes),
    "monitor": Command(
        ("monitor", "HOUSE/published", "--trust", "HOUSE/ledger/trust", "--state", "HOUSE/watch", "--entries"),
        with_witness,
    ),
}

# Commands that are not tried, and why: what writes for them is tried by another name, or they write nothing.
STANDS_FOR = {
    "notify": "record: the same function with other fields",
    "object": "record: the same function with other fields",
    "disclose": "record: the same function with other fields; the files are only read",
    "notify-customer": "record: the same function with other fields",
    "lapse": "record: one after another",
    "order join": "import: one batch",
    "import hi1": "import: one batch",
    "import delivery": "import: one batch",
    "import letters": "import: one batch",
    "import mail": "import: one batch",
    "import adopt": "record: a file that is replaced whole, and then one entry",
    "guest invite": "account add: one transaction in identity.db",
    "guest revoke": "account lock: one transaction in identity.db",
    "guest end": "account lock: one transaction in identity.db",
    "audit add": "witness add: an entry, and then the policy",
    "stamp add": "trust sign: files replaced whole, one after another",
    "stamp": "checkpoint: the answer is one more row of heads.db",
    "mirror push": "checkpoint: the cosignature is one more row of heads.db; tests/slow/test_mirror.py kills it",
    "mirror evidence": "trust sign: files replaced whole",
    "witness evidence": "trust sign: files replaced whole",
    "desk": "orders, and reveal",
    "serve": "writes as receive does, and requests.db, which can be deleted",
    "account list": "it only reads",
    "account acts": "it only reads",
    "account unlock": "account lock: one transaction in identity.db",
    "account sign-out": "account lock: one transaction in identity.db",
    "account unlink": "account lock: one transaction in identity.db",
    "account remove": "account lock: one transaction in identity.db",
    "account code": "account lock: one transaction in identity.db",
    "account link": "account lock: one transaction in identity.db",
    "demo": "play, export and report in a folder that is renamed when it is whole",
    "play": "init, record and checkpoint of a test ledger",
}
ELSEWHERE = {
    "audit": "tests.cli.commands.test_audit",
    "directory new": "init: the same steps, and a folder with a policy last",
    "directory add": "tests.cli.commands.test_directory",
    "directory take": "the same",
    "directory prove": "trust sign: files replaced whole",
    "witness serve": "tests.faults.witness",
    "mirror serve": "tests.faults.mirror",
    "signer serve": "tests.faults.signer",
    "signer use": "the same",
    "log move-guard": "tests.postgres.test_shared_guard",
    "migrate": "tests.postgres.test_migrate",
    "exchange send": "tests.server.exchange.test_processes",
    "exchange deliver": "the same",
    "exchange fetch": "receive: the same function; nothing is remembered before it",
    "exchange release": "receive: the same function; then a row of exchange.db",
    "exchange refuse": "a row of exchange.db, then a file is deleted",
    "jobs run": "tests.server.jobs.test_jobs",
    "files put": "tests.server.files.test_faults",
    "files check": "the same; with --collect it deletes objects without a link",
    "jobs calendar": "a row of jobs.db",
}
SHOWS = "reads; with --reveal it records who looked, as `reveal` does; its view is that of `orders`"
WRITES_NOTHING = {
    **dict.fromkeys(("show", "due", "judge", "custody", "check", "replay", "register", "stats", "log"), SHOWS),
    **dict.fromkeys(
        ("lint", "law", "law deadline", "law diff", "vocabulary", "verify", "man", "completion", "schema"),
        "reads",
    ),
    **dict.fromkeys(
        (
            "key list",
            "counterparty list",
            "witness list",
            "audit list",
            "directory show",
            "directory check",
            "mirror check",
            "stamp list",
            "trust check",
            "schema",
            "exchange list",
            "jobs list",
            "remote list",
            "queue",
            "guest list",
            "files list",
            "files get",
            "import profile",
            "import profiles",
        ),
        "reads",
    ),
}


def pristine(command: str) -> Path:
    """Return the folder of a ledger in which a command can be given; made once by each process that asks."""
    ready = COMMANDS[command].ready
    return _pristine() if ready is None else _made_ready(ready)


@cache
def _pristine() -> Path:
    return furnished(Path(mkdtemp(prefix="comity-faults-")) / "house").folder


@cache
def _made_ready(ready: Callable[[House], object]) -> Path:
    house = House(Path(shutil.copytree(_pristine(), Path(mkdtemp(prefix="comity-faults-")) / "house")))
    ready(house)
    return house.folder
