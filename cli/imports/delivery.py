"""`comity import delivery`: evidence of registered mail becomes a claim, or proof of sending or of receipt.

No XML signature is checked here, so a file that no one vouches for could have been written by hand: it is a claim. The
office names who has validated the signature, and the entry keeps that name.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any

import click

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.options import AS, KEY, ROLE
from cli.terminal import file_io, output
from ledger.facts import KINDS

if TYPE_CHECKING:
    from cli.imports.rem_evidence import Evidence
    from ledger.entries.case import Case, Entry

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")


@command(
    "comity import delivery DELIVERY.xml --order PPO-2026-123 --as ilves",
    "comity import delivery RETRIEVAL.xml --order PPO-2026-123 --as ilves --dry-run",
    "comity import delivery container.asics --order PPO-2026-123 --whose skylark --validated-by ec-dss",
)
@click.argument("file")
@click.option("--order", required=True, metavar="ORDER", help="The order that was sent.")
@AS
@ROLE
@KEY
@click.option("--whose", metavar="ACTOR", help="Who was to receive it; else the order's one provider.")
@click.option("--unregistered", is_flag=True, help="The order may be to an office that no register knows.")
@click.option("--validated-by", metavar="NAME", help="Who validated its signature, such as ec-dss; else it is a claim.")
@click.option("--dry-run", is_flag=True, help="Print the unsigned fact and the findings it would raise.")
def delivery(
    file: str,
    order: str,
    actor: str | None,
    role: str | None,
    key_file: str | None,
    whose: str | None,
    unregistered: bool,
    validated_by: str | None,
    dry_run: bool,
) -> Exit:
    """Record what delivery evidence proves of ORDER: FILE is ETSI REM XML, as e-CODEX has it, or an ASiC-S with one.

    Acceptance of a submission or relay is recorded as order-transmitted, delivery or retrieval as order-received, at
    the time of the evidence, with the digest of FILE. Its XML signature is not checked here; keep the file. Without
    --validated-by the time is a claim, which starts no clock that needs a proof.
    """
    from cli.imports.rem_evidence import ASIC_S, read_evidence
    from cli.session.open_ledger import case, find, writing
    from cli.session.recording import RecordOptions, put

    data = file_io.read(file)
    evidence = read_evidence(data, file)
    kind = evidence.shows
    _tell(evidence)
    if kind is None:
        why = f" ({'; '.join(evidence.reasons)})" if evidence.reasons else ""
        hint = "no kind of fact says that; keep the file, and send the order again"
        raise Stop(f"{file} proves no receipt: {evidence.type} {evidence.event}{why}", hint=hint, code=Exit.REFUSED)
    sha256 = hashlib.sha256(data).hexdigest()
    with writing() as journal:
        here = find(journal, order)
        order_case = case(journal, here)
        addressee = whose or addressee_of(order_case)
    if (entry := documents(order_case).get(sha256)) is not None:
        output.tell(f"already recorded: {entry.kind}, entry #{entry.seq}, rests on this very file")
        return Exit.DONE
    _compare(evidence, order_case)
    media = ASIC_S if data.startswith(b"PK") else "application/xml"
    by = _validator(validated_by, evidence)
    proof = {
        "code": f"delivery-evidence-validated-by-{by}" if by else "delivery-evidence",
        "media": media,
        "size": len(data),
        "sha256": sha256,
    }
    public: dict[str, Any]
    if kind == "order-received":
        public, sealed = {"proof_kind": "delivery-receipt"} if by else {}, {}
        public["proof"] = proof
    else:
        public, sealed = {"addressee": addressee, "channel": "decentralised-it-system"}, {"record": proof}
    options = RecordOptions(
        fields=(),
        source=None,
        elements=(),
        on=evidence.at,
        actor=actor,
        role=role,
        key_file=key_file,
        speaks="import",
        whose=addressee if kind == "order-received" else None,
        on_source="receipt-stamp" if by else "other-party",
        replaces=None,
        why=None,
        audience=(),
        subjects=(),
        entry=None,
        dry_run=dry_run,
        yes=True,
        receipt=None,
        unregistered=unregistered,
    )
    return put(options, kind, here, public=public, sealed=sealed)


def _validator(name: str | None, evidence: Evidence) -> str:
    """Return the name that a document's code keeps; `Stop` for another one, or where there is nothing to validate."""
    if name is None:
        return ""
    if not evidence.signed:
        raise Stop(
            "it has no signature that anybody can have validated", hint="leave out --validated-by: it is a claim"
        )
    if not _NAME.fullmatch(name):
        raise Stop(f"{name!r} is no name of a validator: lower-case letters, digits, `.` and `-`, at most 40")
    return name


def addressee_of(case: Case) -> str:
    """Return the addressee of the order: the last one on record, else the only provider that it names."""
    addressees = [e.public["addressee"] for e in case.entries if e.kind == "order-transmitted"]
    named = [p for e in case.entries if e.kind == "order-issued" for p in e.get("providers", ())]
    candidates = addressees[-1:] or list(dict.fromkeys(named))
    if len(candidates) != 1:
        raise Stop(
            "who was to receive it?", hint="say --whose ACTOR; the order names " + (", ".join(candidates) or "nobody")
        )
    return str(candidates[0])


def _tell(evidence: Evidence) -> None:
    output.tell(f"{evidence.type} {evidence.event}, {output.plain(evidence.at)}, evidence {evidence.id}")
    who = [("by", evidence.issuer), ("from", evidence.sender), ("to", ", ".join(evidence.recipients))]
    output.tell("  " + ", ".join(f"{word} {name}" for word, name in who if name))
    signature = "there, not checked here" if evidence.signed else "missing: anybody can have written it"
    output.tell(f"  message {evidence.message or 'not named'}; signature {signature}")


def _compare(evidence: Evidence, case: Case) -> None:
    """Report whether the message of the evidence is the document of the order, if both have a SHA-256."""
    if evidence.digest is None or evidence.digest[0] != "sha256":
        return
    served = [e.get("order_document") for e in case.entries if e.kind == "order-issued"]
    digests = [document["sha256"] for document in served if document]
    if digests:
        what = "the order as it was served" if evidence.digest[1] in digests else "not the order document on record"
        output.tell(f"  its message is {what}, by digest")


def documents(case: Case) -> dict[str, Entry]:
    """Return the documents in the entries of an order, by SHA-256, as far as they can be opened here."""
    return {
        value["sha256"]: entry
        for entry in case.entries
        for name, field in (KINDS[entry.kind].fields() if entry.kind in KINDS else {}).items()
        if field.type == "document" and (value := entry.get(name)) is not None
    }
