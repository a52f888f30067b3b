"""Tell other programs of new entries: Standard Webhooks with Ed25519 signatures (`v1a`).

A message has codes and addresses: the kind of the entry, its index and leaf, and where the server answers about it. An
entry that the office of the webhook may not see is left out. The id of a message follows from the entry and the
address, so that a receiver recognises one that is sent again.

Source: github.com/standard-webhooks/standard-webhooks, 1.0.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import httpx
import msgspec

from ledger.adapters.http_signatures import SigningKey
from ledger.adapters.keys.open_key import open_key
from ledger.entries.envelope import open_
from ledger.errors import LedgerError, RecordError
from ledger.messages import plain
from ledger.tlog.note import b64
from server.jobs.settings import Settings, Webhook
from server.jobs.state import JobStore, WebhookPlace
from server.jobs.table import Place
from server.jobs.views import OfficeViews, office_views

_PAGE = 200  # entries
_MOST = 2_000  # entries that one run looks at for one address
_SECONDS = 15  # of patience with a receiver
_FIRST_WAIT, _LONGEST_WAIT = 30, 6 * 3_600
TYPE: Final = "entry.recorded"

Post = Callable[[str, bytes, dict[str, str]], int]


def headers_of(key: SigningKey, name: str, at: int, body: bytes) -> dict[str, str]:
    """Return the headers of a message: its id, the moment (seconds since 1970), and the signature over all three."""
    signature = key.sign(f"{name}.{at}.".encode() + body)
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1a,{b64(signature)}",
    }


def public_key_of(key: SigningKey) -> str:
    """Return the public key as receivers are given it."""
    return f"whpk_{b64(key.public)}"


@contextmanager
def posting() -> Iterator[Post]:
    """Yield a function that sends a message and returns the status of the answer; it follows no redirect."""
    with httpx.Client(timeout=_SECONDS, trust_env=False) as client:

        def post(url: str, body: bytes, headers: dict[str, str]) -> int:
            try:
                with client.stream("POST", url, content=body, headers=headers) as reply:
                    return reply.status_code
            except (httpx.HTTPError, httpx.InvalidURL) as wrong:
                raise LedgerError("WEBHOOK-SILENT", f"{url}: {type(wrong).__name__}") from None

        yield post


def call_webhooks(settings: Settings, store: JobStore, place: Place) -> None:
    """Send each webhook the entries behind the last one that its receiver took, in the order of the log.

    A new webhook begins at the present end of the log. A message that is not taken (a status other than 2xx) is sent
    again after a growing wait, and the ones behind it wait. The first error is raised at the end: `LedgerError`
    WEBHOOK-SILENT, `RecordError` KEY-UNKNOWN.
    """
    failed: list[LedgerError | RecordError] = []
    with office_views(place.ledger, datetime.fromtimestamp(place.now, UTC)) as seen, posting() as send:
        for hook in settings.webhooks:
            name = sha256(f"{hook.url}\n{hook.office}".encode()).hexdigest()
            at = store.webhook(name, seen.head.size)
            if at.next_at > store.now():
                continue
            try:
                _call(hook, name, at, seen, store, send)
            except (LedgerError, RecordError) as wrong:
                now = store.webhook(name, seen.head.size)
                wait = min(_FIRST_WAIT * 2 ** min(now.tries, 20), _LONGEST_WAIT)
                store.keep_webhook(name, WebhookPlace(now.position, now.tries + 1, store.now() + wait))
                failed.append(wrong)
    if failed:
        raise failed[0]


def _call(hook: Webhook, name: str, at: WebhookPlace, seen: OfficeViews, store: JobStore, send: Post) -> None:
    key, caller, position = open_key(hook.key), seen.caller(hook.office), at.position
    ends = min(position + _MOST, seen.head.size)
    while position < ends:
        page = seen.view.entries(caller, position, _PAGE)
        for entry in page.entries:
            if entry.entry is not None:
                payload = open_(entry.entry.encode(), verify=False).payload
                if not hook.kinds or payload.kind in hook.kinds:
                    message = _message(seen.view.origin, entry.index, entry.leaf, payload.kind, payload.order)
                    _send(hook, key, message, entry.leaf, send)
            position = entry.index + 1
            store.keep_webhook(name, WebhookPlace(position, 0, 0))
        position = page.next


def _message(origin: str, index: int, leaf: str, kind: str, order: str) -> dict[str, object]:
    return {
        "log": origin,
        "index": index,
        "leaf": leaf,
        "kind": kind,
        "entry": f"/v1/entries/{index}",
        "order": f"/v1/orders/{order}",
    }


def _send(hook: Webhook, key: SigningKey, data: dict[str, object], leaf: str, send: Post) -> None:
    at = int(time.time())
    name = f"msg_{sha256(f'{hook.url} {leaf}'.encode()).hexdigest()[:32]}"
    moment = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
    body = msgspec.json.encode({"type": TYPE, "timestamp": moment, "data": data}, enc_hook=plain)
    status = send(hook.url, body, headers_of(key, name, at, body))
    if not 200 <= status < 300:
        raise LedgerError("WEBHOOK-SILENT", f"{hook.url} answers {status}")
