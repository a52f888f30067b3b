"""One order from its issue to a bundle for a court through two office servers, and erasure through either of them."""

from __future__ import annotations

import json
import re
import secrets
import zipfile
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

import comity
from ledger.adapters.http_signatures import sign_request
from ledger.adapters.keys.key_files import Key
from ledger.adapters.keys.open_key import open_key
from tests.cluster.cluster import BOTH, URL, Cluster
from tests.server.office import submission

OFFICE = "office"
OFFICE_SAYS = "an order from issue to court bundle, erasure and repeated requests at either server"
_PATH = "/v1/entries"
_REVEALED = ("--audience", "COURT", "--as", "ilves", "--role", "ISS")


def check_office(cluster: Cluster) -> Iterator[str]:
    """Yield what is wrong; nothing if everything holds."""
    yield from _check_order(cluster)
    for here, there in (BOTH, BOTH[::-1]):
        yield from _check_erasure(cluster, here, there)
    yield from _check_repeated(cluster)


def key_of(cluster: Cluster, actor: str) -> Key:
    """Return the key of an office."""
    return open_key(str(cluster.work / "config" / "comity" / "keys" / actor))


def _check_order(cluster: Cluster) -> Iterator[str]:
    """Record an order from issue to receipt of the evidence, and export it at both machines."""
    secret, reference = f"skyl-{secrets.token_hex(4)}", "PPO-2026-1"
    with _connected(cluster, "ilves") as issuing, _connected(cluster, "skylark") as provider:
        issued = issuing.record("order-issued", _order(reference, secret), role="ISS")
        sent = {"addressee": "skylark", "channel": "provider-portal"}
        issuing.record("order-transmitted", sent, reference, role="ISS")
        provider.record("order-received", {}, issued.order)
        manifest = {"elements": ["name"], "files": [{"name": "return.json", "sha256": "0" * 64, "size": 12}]}
        disclosed = {"partial": False, "channel": "provider-portal", "manifest": manifest}
        given = provider.record("data-disclosed", disclosed, f"ilves/{reference}")
        received = {"about": given.leaf, "check": "not-checked"}
        issuing.record("evidence-received", received, reference, role="RET")
        states = {issuing.order(reference).judge().state, provider.order(reference).judge().state}
        if len(states) != 1:
            yield f"the two offices read different states: {states}"
    for name in BOTH:
        bundle = _exported(cluster, name, reference)
        if secret not in _disclosed(bundle):
            yield f"the bundle that machine {name} made does not disclose the identifier"
        trust = str(cluster.work / "ledger" / "trust")
        verdict = json.loads(cluster.comity("verify", str(bundle), "--trust", trust, "--json"))["verdict"]
        if verdict != "TOTAL-PASSED":
            yield f"the bundle that machine {name} made is {verdict}"


def _check_erasure(cluster: Cluster, here: str, there: str) -> Iterator[str]:
    """Erase a person at one machine; the other discloses nothing afterwards."""
    secret, reference = f"skyl-{secrets.token_hex(4)}", f"PPO-2026-{secrets.token_hex(3)}"
    with _connected(cluster, "ilves") as issuing:
        issuing.record("order-issued", _order(reference, secret), role="ISS")
    if secret not in _disclosed(_exported(cluster, there, reference)):
        yield f"before the erasure machine {there} discloses nothing"
    as_person = ("--cause", "erasure-granted", "--as", "ilves", "--role", "ISS", "--yes")
    cluster.comity("erase", reference, *as_person, at=here, person=True)
    for name in BOTH:
        if secret in _disclosed(_exported(cluster, name, reference)):
            yield f"machine {name} discloses what was erased at machine {here}"


def _check_repeated(cluster: Cluster) -> Iterator[str]:
    """Send one request twice under its key, first to each of the machines: the answers have the same bytes."""
    for first, second in (BOTH, BOTH[::-1]):
        body, once = submission(key_of(cluster, "ilves")), uuid4().hex
        answers = [_post(cluster, name, body, once) for name in (first, second, first)]
        if len(set(answers)) != 1:
            yield f"a request to {first} and again to {second} has different answers"


def _connected(cluster: Cluster, actor: str) -> Any:
    work = cluster.work
    trust, state = work / "ledger" / "trust", work / "client" / actor
    return comity.connect(URL, key=key_of(cluster, actor), trust=trust, state=state, ca=str(work / "ca.pem"))


def _order(reference: str, identifier: str) -> dict[str, Any]:
    return {
        "instrument": "2AP-7", "from_party": "XO", "to_party": "XV", "reference": reference,
        "issuing_authority": "ilves", "providers": ["skylark"], "data_categories": ["subscriber"],
        "identifiers": [identifier],
    }  # fmt: skip


def _exported(cluster: Cluster, name: str, reference: str) -> Path:
    bundle = cluster.work / f"{uuid4().hex}.evidence.zip"
    cluster.comity("export", reference, "-o", str(bundle), *_REVEALED, at=name, person=True)
    return bundle


def _disclosed(bundle: Path) -> str:
    """Return the text of all files of a bundle, and of its disclosures, which are in base64url."""
    with zipfile.ZipFile(bundle) as opened:
        texts = [opened.read(name).decode("latin-1") for name in opened.namelist()]
    words = re.findall(r"[A-Za-z0-9_-]{24,}", "\n".join(texts))
    opened_words = [urlsafe_b64decode(word[: len(word) // 4 * 4]).decode("latin-1") for word in words]
    return "\n".join([*texts, *opened_words])


def _post(cluster: Cluster, name: str, body: bytes, once: str) -> bytes:
    """Return the answer of the server of one machine, asked by the way that HAProxy takes."""
    headers = {"content-type": "application/json", "idempotency-key": once}
    signed = sign_request(key_of(cluster, "ilves"), "POST", URL + _PATH, headers, body)
    place = f"http://{cluster.nodes[name].address}:7400{_PATH}"
    named = {**headers, **signed, "host": "office.example"}
    reply = httpx.post(place, content=body, headers=named, timeout=30, trust_env=False)
    reply.raise_for_status()
    return reply.content
