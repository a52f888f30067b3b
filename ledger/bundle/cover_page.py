"""Write READ-ME-FIRST.html: one page for readers without prior knowledge, such as a judge or a court's technician.

It says what the bundle is, what its maker claims, which values stay closed, and how to check it with the
tools of others. It never gives a verdict: a page that comes with the evidence proves nothing about it. It is
one file, without scripts and network access.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape as in_html
from typing import Final, Literal

from ledger.bundle.layout import folder
from ledger.bundle.manifest import Manifest
from ledger.bundle.order_summary import order_rows
from ledger.entries.envelope import OpenedEntry
from ledger.entries.placement import registry_of
from ledger.errors import RecordError
from ledger.facts.vocabulary import INSTRUMENTS, ROLES
from ledger.formats.characters import visible

_STYLE = """
:root { color-scheme: light; }
body { margin: 2rem auto; max-width: 46rem; padding: 0 1rem; color: #1a1a1a; background: #fff;
  font: 1rem/1.5 Georgia, "Times New Roman", serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin-bottom: 0.25rem; }
h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid #767676; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 1rem 0.25rem 0; border-bottom: 1px solid #d0d0d0; }
th { font-weight: normal; color: #444; width: 11rem; }
code, pre { font-family: "DejaVu Sans Mono", Consolas, Menlo, monospace; font-size: 0.85rem; overflow-wrap: anywhere; }
pre { background: #f4f4f4; border-left: 3px solid #767676; padding: 0.5rem 0.75rem; white-space: pre-wrap; }
.test { border: 3px solid #a00000; color: #a00000; font-weight: bold; padding: 0.5rem 0.75rem; }
@media print {
  body { margin: 0; max-width: none; font-size: 10.5pt; }
  h2 { break-after: avoid; } pre, tr { break-inside: avoid; } pre { background: none; }
}
"""
_EARLIER = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
_POLICY = f"{_EARLIER}; base-uri 'none'; form-action 'none'"

# RFC 8410: an Ed25519 public key in DER is these twelve bytes, then the key.
_KEY_FILE = 'open("key.der", "wb").write(bytes.fromhex("302a300506032b6570032100") + key)'

TAKE_APART = f"""python3 - ENTRY KEY <<'END'
import base64, json, sys
envelope = json.load(open(sys.argv[1]))
kind, body = envelope["payloadType"].encode(), base64.b64decode(envelope["payload"])
open("signed", "wb").write(b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body))
open("signature", "wb").write(base64.b64decode(envelope["signatures"][0]["sig"]))
key = bytes.fromhex(sys.argv[2])
{_KEY_FILE}
print(json.dumps(json.loads(body), indent=2, ensure_ascii=False))
END"""

TAKE_HEAD_APART = f"""python3 - CHECKPOINT LOG-KEY <<'END'
import base64, sys
text, lines = open(sys.argv[1], "rb").read().split(b"\\n\\n", 1)
open("signed", "wb").write(text + b"\\n")
open("signature", "wb").write(base64.b64decode(lines.split()[2])[4:])
key = base64.b64decode(sys.argv[2].split("+", 2)[2])[1:]
{_KEY_FILE}
END"""

OPENSSL = "openssl pkeyutl -verify -pubin -inkey key.der -keyform DER -rawin -in signed -sigfile signature"

IN_THE_LOG = """python3 - ENTRY <<'END'
import base64, hashlib, sys
digest = lambda data: hashlib.sha256(data).digest()
proof = open(sys.argv[1].replace(".dsse.json", ".tlog-proof"), "rb").read()
lines, head = proof.split(b"\\n\\n", 1)
lines, (origin, size, root, *rest) = lines.split(b"\\n"), head.split(b"\\n")
at, last, reached = int(lines[1].split()[1]), int(size) - 1, digest(b"\\0" + open(sys.argv[1], "rb").read())
for other in map(base64.b64decode, lines[2:]):
    if at & 1 or at == last:
        reached = digest(b"\\1" + other + reached)
        while at and not at & 1:
            at, last = at >> 1, last >> 1
    else:
        reached = digest(b"\\1" + reached + other)
    at, last = at >> 1, last >> 1
print("leads to the root" if last == 0 and reached == base64.b64decode(root) else "DOES NOT lead to the root")
END"""


# Check at the time of each token: the authority's certificate may have expired since.
STAMPED = """find FOLDER -name '*.tsr' | while read -r token; do
  at=$(openssl ts -reply -in "$token" -text | sed -n 's/^Time stamp: //p')
  echo "$token says $at"
  when=$(date -d "$at" +%s)
  openssl ts -verify -data "${token%.*.tsr}" -in "$token" -attime "$when" -CAfile ROOT-FROM-THE-COURT-FILE
done"""


_ANNEX = "Annex: how to check it with a shell"
_EDITIONS: Final[tuple[Literal[1, 2, 3], ...]] = (3, 2, 1)
_WHY = {
    "audience": "this reader may not have it",
    "erased": "it was erased, and nobody can open it any more",
    "not-held": "the maker does not have it",
}

_START = (
    "<h2>Start with the verifier page</h2>",
    "<p>Open <code>OPEN-ME-FIRST.html</code> in a browser. It is in the folder that was filed with this bundle, and "
    "each release of Comity has it. It needs no network, and nothing is installed. A copy from elsewhere is better "
    "than the one that came with the bundle.</p>",
    "<ol>",
    "<li>Give it this bundle.</li>",
    "<li>Give it a folder of trust that did <em>not</em> come with the bundle, or type the checkpoint from your "
    "paper.</li>",
    "<li>Give it the file that was disclosed, if you hold it. The page says whether it is the one.</li>",
    "</ol>",
    '<p lang="de">Deutsch: Öffnen Sie <code>OPEN-ME-FIRST.html</code> in einem Browser. Die Prüfseite gibt es auch auf '
    "Deutsch. Sie braucht kein Netz, und es wird nichts installiert. Übergeben Sie ihr dieses Bündel und einen Ordner "
    "mit Vertrauensankern, der <em>nicht</em> mit dem Bündel kam, oder den Prüfpunkt von Ihrem Papier.</p>",
    '<p lang="fr">Français : ouvrez <code>OPEN-ME-FIRST.html</code> dans un navigateur. La page de vérification existe '
    "aussi en français. Elle n’a pas besoin de réseau et rien n’est installé. Donnez-lui ce paquet de preuves et un "
    "dossier de confiance qui n’est <em>pas</em> venu avec lui, ou le point de contrôle de votre document.</p>",
)
_WITH_COMITY = (
    "<p>Use a copy of the program and a folder of trust (the log's policy and the registrar's key) that did "
    "<em>not</em> come with this bundle, or a checkpoint from the court file. Without either, no program can say "
    "more than that the parts fit each other.</p>",
    "<pre>comity verify BUNDLE --trust FOLDER --anchor CHECKPOINT</pre>",
    "<p>It says two separate things: whether the record is whole and signed by whom it says, and what the "
    "procedure it tells of lacks. Neither is an opinion on whether the evidence may be used. That is for the "
    "court.</p>",
)


def pages(
    manifest: Manifest,
    checkpoint: bytes,
    opened: Sequence[OpenedEntry],
    indexes: Sequence[int],
    *,
    stamped: bool = False,
) -> tuple[bytes, ...]:
    """Return the page as this version and the three before write it; the parameters are those of `read_me_first`.

    The content policy of the first version had neither base-uri nor form-action.
    """
    three, two, one = (
        read_me_first(manifest, checkpoint, opened, indexes, stamped=stamped, edition=edition) for edition in _EDITIONS
    )
    return three, two, one, one.replace(_POLICY.encode(), _EARLIER.encode(), 1)


def read_me_first(
    manifest: Manifest,
    checkpoint: bytes,
    opened: Sequence[OpenedEntry],
    indexes: Sequence[int],
    *,
    stamped: bool = False,
    edition: Literal[1, 2, 3] = 3,
) -> bytes:
    """Return the page as UTF-8; `opened` are the entries of the bundle at `indexes` of the log, in that order.

    `stamped` says that the bundle has time-stamp tokens. The page says of the order who asked whom for what and
    what came, begins with the verifier page, and has the steps for a shell in its annex. Of earlier versions, edition 2
    did not speak of the order, and edition 1 had the steps in the middle.
    """
    own = [n for n, entry in enumerate(opened) if entry.payload.order == manifest.order]
    if not own:
        raise RecordError("CTX-CHAIN", "none of its entries are here", where=manifest.order)
    here = folder(manifest.log)
    example = f"{here}/entries/{indexes[own[-1]]}.dsse.json"
    instrument = opened[own[0]].payload.instrument or ""
    title = f"Evidence bundle {_reference(opened, manifest.order)}"
    head = [
        f"<h1>{escape(title)}</h1>",
        "<p>This file holds the record of one order for electronic evidence, and what is needed to check it. "
        "It was made by the office named below. <strong>This page came with the bundle and proves nothing: "
        "it says what its maker claims, and how you can check that without them and without us.</strong></p>",
    ]
    said = order_rows(opened, indexes, manifest.order) if edition == 3 else []
    asked = ("<h2>What its entries say of the order</h2>", _table(said)) if said else ()
    basis = "Legal basis of handing it over" if edition == 3 else "Legal basis"
    claims = [
        "<h2>What its maker claims</h2>",
        _claims(manifest, instrument, opened, _head(checkpoint), basis),
        "<h2>What is kept closed</h2>",
        f"<p>{_withheld(manifest)}</p>",
        *(_closed(manifest, opened, indexes) if edition == 3 else ()),
    ]
    steps = _steps(here, example, opened[own[-1]].payload.signer.key, stamped)
    with_comity = ["<h2>How to check it with Comity</h2>", *_WITH_COMITY]
    files = ["<h2>What is in it</h2>", _legend(here, manifest.v)]
    parts = (
        [*head, *claims, "<h2>How to check it without us</h2>", steps, *with_comity, *files]
        if edition == 1
        else [*head, *asked, *_START, *claims, *with_comity, *files, f"<h2>{_ANNEX}</h2>", steps]
    )
    if manifest.test:
        parts.insert(0, '<p class="test" role="note">TEST. This comes from a test ledger. It is not evidence.</p>')
        title = f"TEST {title}"
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n</body>\n</html>\n"
    ).encode()


def escape(text: str) -> str:
    """Return a text by others as HTML; invisible characters are shown by their code."""
    return in_html(visible(text))


def _reference(opened: Sequence[OpenedEntry], order: str) -> str:
    """Return the reference of the newest version of the order that has one, else the beginning of the order's id."""
    for entry in reversed(opened):
        public = entry.payload.public
        if entry.payload.order == order and entry.payload.kind == "order-issued":
            for name in ("reference", "case_ref"):
                if isinstance(public.get(name), str):
                    return str(public[name])
    return order[:8]


def _head(checkpoint: bytes) -> tuple[str, str, str, list[str]]:
    """Return origin, size, root and the names on the signature lines, as the note states them."""
    text, _, tail = checkpoint.decode(errors="replace").partition("\n\n")
    origin, size, root = (*text.split("\n"), "", "", "")[:3]
    return origin, size, root, [line.split(" ")[1] for line in tail.splitlines() if line.count(" ") == 2]


def _claims(
    manifest: Manifest,
    instrument: str,
    opened: Sequence[OpenedEntry],
    head: tuple[str, str, str, list[str]],
    basis: str,
) -> str:
    orders = [entry.payload.order for entry in opened]
    own, register = orders.count(manifest.order), orders.count(registry_of(manifest.log))
    others = len(orders) - own - register
    origin, size, root, names = head
    witnesses = [name for name in names if name != origin]
    signer = manifest.signer
    rows = [
        ("Order", f"<code>{escape(manifest.order)}</code>"),
        ("Instrument", f"{escape(instrument)}: {escape(INSTRUMENTS.get(instrument, 'not known to this program'))}"),
        (
            "Entries",
            f"{own} of the order, {register} of the register of offices and keys"
            + (f", {others} of companion or linked orders" if others else ""),
        ),
        ("Made for", escape(f"{ROLES.get(manifest.audience, manifest.audience)} ({manifest.audience})")),
        ("Purpose", escape(manifest.purpose) or "not stated"),
        (basis, escape(", ".join(manifest.legal_basis)) or "not stated"),
        ("Made by", escape(f"{signer.actor} of {signer.party}, as {ROLES.get(signer.role, signer.role)}")),
        ("Made at", escape(f"{manifest.made_at} (UTC, by the clock of its maker)")),
        ("Log", f"<code>{escape(origin)}</code>"),
        ("Size of the log", f"{escape(size)} entries"),
        ("Root of the log", f"<code>{escape(root)}</code>"),
        ("Seen by witnesses", escape(", ".join(witnesses)) or "none: nobody outside confirms when the log said this"),
        ("Made with", escape(manifest.tool)),
    ]
    cells = "\n".join(f'<tr><th scope="row">{name}</th><td>{value}</td></tr>' for name, value in rows)
    return f"<table>\n{cells}\n</table>"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = "\n".join(f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows)
    return f"<table>\n{cells}\n</table>"


def _closed(manifest: Manifest, opened: Sequence[OpenedEntry], indexes: Sequence[int]) -> tuple[str, ...]:
    """Return the list of what is kept closed: the entry, its kind, the field, and why."""
    kinds = {n: entry.payload.kind for n, entry in zip(indexes, opened, strict=True)}
    rows = [
        (f"entry {c.index} of the log, {kinds.get(c.index, 'not here')}", f"{c.field.replace('_', ' ')}: {_WHY[c.why]}")
        for c in manifest.withheld
    ]
    return (_table(rows),) if rows else ()


def _withheld(manifest: Manifest) -> str:
    if not manifest.withheld_count:
        return "Nothing that was sealed is kept closed in this bundle."
    one = manifest.withheld_count == 1
    many = "One sealed value is" if one else f"{manifest.withheld_count} sealed values are"
    count = sum(closed.why == "erased" for closed in manifest.withheld)
    erased = f" Of these, {count} {'was' if count == 1 else 'were'} erased for good." if count else ""
    return (
        f"{many} not opened in this bundle.{erased} In place of each the entry carries a salted digest: nothing can be "
        "put in its place later, and nothing around it was changed. "
        + ("The signed list in the manifest names them." if manifest.withheld else "Which ones is not said here.")
    )


def _steps(here: str, example: str, key: str, stamped: bool) -> str:
    def do(*commands: str) -> str:
        return f"<pre>{escape(chr(10).join(commands))}</pre>"

    head = f"{here}/checkpoint"
    apart = TAKE_APART.replace("ENTRY", example).replace("KEY", "KEY-FROM-THE-COURT-FILE")
    head_apart = TAKE_HEAD_APART.replace("CHECKPOINT", head).replace("LOG-KEY", "LOG-KEY-FROM-THE-COURT-FILE")
    return "\n".join(
        (
            "<p>On a machine with Python, coreutils and OpenSSL 3, in an empty folder. Keys and the checkpoint to "
            "compare with come from the court file or the other side, never from this bundle.</p>",
            "<ol>",
            "<li><p>Take the files out; every one must have the digest on the list.</p>",
            do("unzip BUNDLE", "sha256sum -c SHA256SUMS"),
            "</li>",
            "<li><p>The state of the log that everything here leads to. Its three lines must be those on your paper, "
            "or those that the other side or a witness holds.</p>",
            do(f"cat {head}"),
            "</li>",
            "<li><p>The log signed that state. The log's key reads <code>name+id+key</code>.</p>",
            do(head_apart, OPENSSL),
            "</li>",
            "<li><p>An entry, here the last one of the order: what it says, and that its signer signed it. The entry "
            f"names the key <code>{escape(key)}</code>; the register must give that key to that office.</p>",
            do(apart, OPENSSL),
            "</li>",
            "<li><p>The entry stands in the log: its proof must lead to the root of step 2.</p>",
            do(IN_THE_LOG.replace("ENTRY", example)),
            "</li>",
            "<li><p>Nothing is missing between two entries of the order: the digest of an entry must be "
            "<code>prev</code> of the next one.</p>",
            do("{ printf '\\0'; cat " + example + "; } | sha256sum"),
            "</li>",
            *(_stamped_step(do(STAMPED.replace("FOLDER", here))) if stamped else ()),
            "</ol>",
        )
    )


def _stamped_step(commands: str) -> tuple[str, ...]:
    return (
        "<li><p>Time-stamp authorities saw states of the log, this one or earlier ones: what such a state covers was "
        "there at the moment the authority gives. Its root certificate comes from the court file.</p>",
        commands,
        "</li>",
    )


def _legend(here: str, version: int) -> str:
    rows = (
        ("manifest.dsse.json", "the list of files, signed by the maker of the bundle"),
        ("policy", "the maker's copy of whom to trust: compare it with yours, do not use it"),
        (f"{here}/checkpoint", "the signed state of the log"),
        (f"{here}/entries/", "each entry as it was signed, and the proof that the log holds it"),
        (f"{here}/disclosures/", "what opens the sealed values that this audience may read"),
        (f"{here}/heads/, consistency/", "earlier states of the log, and proofs that it only grew"),
        ("documents/, foreign/", "files that entries name, entries of other records; where they are included"),
        *((("others/", "registers of other logs, which prove the keys of their entries"),) if version > 1 else ()),
        ("views/", "tables and prints for convenience. They are not evidence"),
    )
    cells = "\n".join(f'<tr><th scope="row"><code>{name}</code></th><td>{says}</td></tr>' for name, says in rows)
    return f"<table>\n{cells}\n</table>"
