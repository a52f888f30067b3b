"""Connect to the office server that --ledger names, under the trust that is kept for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cli.exit_codes import BY_CODE, Exit, Stop
from cli.remote.servers import Server, known_server, trust_of
from ledger.command_line import quoted
from ledger.errors import LedgerError, RecordError

if TYPE_CHECKING:
    from comity.remote.ledger import RemoteLedger
    from ledger.adapters.keys.key_files import Key
    from ledger.adapters.keys.open_key import Secret


@contextmanager
def connected(
    url: str, secret: Secret, key: str | Key | None = None, actor: str | None = None
) -> Iterator[RemoteLedger]:
    """Connect to a server with a key: the given one, else the one that is kept for it, else the only one of the user.

    If the user has several, the file with the name of `actor` is taken.

    `LedgerError`: TRUST for a server that is not known, NO-HTTP, KEY-*; `Stop` if nothing says which key.
    """
    import comity
    from ledger.adapters.folders.user_folders import Home

    server = known_server(url)
    if server is None:
        says = f"nothing says under which trust the answers of {url} are verified"
        raise LedgerError(
            "TRUST", says, f"comity remote add {quoted(url)} --trust DIR, with a folder that came another way"
        )
    trust = trust_of(server)
    if trust.until is not None and trust.until <= datetime.now(UTC):
        hint = f"ask the office for a newer one, and: comity remote add {quoted(url)} --trust DIR"
        raise RecordError("POL-EXPIRED", f"the trust that is kept for {url} expired {trust.until}", hint=hint)
    if key is None or isinstance(key, str):
        key = key_of(server, secret, key, actor)
    state = Home.user().state / "remote"
    with closing(comity.connect(url, key=key, trust=trust, state=state, ca=server.ca)) as ledger:
        yield ledger


def key_of(server: Server, secret: Secret, named: str | None = None, actor: str | None = None) -> Key:
    """Return the key that asks a server: the named one, else the kept one, else the only one of the user.

    `LedgerError` KEY-*; `Stop` if nothing says which key.
    """
    from ledger.adapters.keys.open_key import open_key

    return open_key(named or server.key or _only_key(server, actor), secret)


def _only_key(server: Server, actor: str | None) -> str:
    """Return the file of the user's only key; `Stop` if there are none or several."""
    from ledger.adapters.folders.user_folders import Home
    from ledger.adapters.keys.key_files import listed

    home = Home.user()
    names = list(listed(home.keys))
    if len(names) == 1:
        return str(home.keys / names[0])
    if actor in names:
        return str(home.keys / actor)
    has = f"there are {', '.join(names[:6])}" if names else f"there is none in {home.keys}"
    kept = f"comity remote add {quoted(server.url)} --trust {quoted(server.trust)} --key FILE"
    hint = f"{kept} keeps one; comity key new makes one"
    raise Stop(f"which key asks {server.url}? {has}", hint=hint, code=Exit.USAGE if names else Exit.UNDECIDABLE)


@contextmanager
def verified() -> Iterator[None]:
    """Raise what an answer shows that does not verify as API-FALSE; what the server refuses keeps its code.

    A rollback and a fork keep their codes too: where their evidence was kept is named.
    """
    try:
        yield
    except RecordError as wrong:
        from comity.remote.connection import Refused

        if wrong.code == "API-SIGNATURE":
            hint = "is this key in the register, and is the clock right? `comity remote list` shows which key asks"
            raise Refused(wrong.code, wrong.says, where=wrong.where, hint=hint) from None
        if isinstance(wrong, Refused) or BY_CODE.get(wrong.code) is Exit.PROVED_BAD:
            raise
        says = f"an answer of the server does not verify, and nothing of it is shown: {wrong.code}: {wrong.says}"
        raise RecordError("API-FALSE", says, where=wrong.where, hint=wrong.hint) from wrong
