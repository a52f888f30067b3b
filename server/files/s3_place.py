"""Keep the pieces of files in a bucket of an S3-compatible store: `<prefix>/<ledger>/<object>/<piece>`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from ledger.errors import LedgerError
from ledger.messages import Message

_TRIES = 3
_SECONDS = 20  # for all tries of one request


class S3Place:
    """A bucket; `root` is the beginning of every key, without a slash at its end."""

    def __init__(self, endpoint: str, bucket: str, region: str, root: str, access_key: str, secret_key: str) -> None:
        self._root = root
        self._store = S3Store(
            bucket,
            endpoint=endpoint or None,
            region=region,
            access_key_id=access_key,
            secret_access_key=secret_key,
            virtual_hosted_style_request=False,
            client_options={"allow_http": endpoint.startswith("http://"), "timeout": "60s", "connect_timeout": "10s"},
            retry_config={"max_retries": _TRIES, "retry_timeout": timedelta(seconds=_SECONDS)},
        )

    def write(self, name: str, number: int, data: bytes) -> None:
        with _translated():
            obstore.put(self._store, self._key(name, number), data, use_multipart=False)

    def alone(self, name: str) -> AbstractContextManager[None]:
        """Lock nothing: a bucket has no locks."""
        return nullcontext()

    def settle(self, name: str, numbers: range) -> None:
        """Do nothing: a bucket has made a piece durable when it answers."""

    def read(self, name: str, number: int) -> bytes | None:
        with _translated():
            try:
                return bytes(obstore.get(self._store, self._key(name, number)).bytes())
            except (NotFoundError, FileNotFoundError):
                return None

    def has(self, name: str, number: int) -> bool:
        with _translated():
            try:
                obstore.head(self._store, self._key(name, number))
            except (NotFoundError, FileNotFoundError):
                return False
            return True

    def delete(self, name: str) -> None:
        with _translated():
            for keys in self._listed(f"{self._root}/{name}/"):
                obstore.delete(self._store, keys)

    def names(self) -> Iterator[str]:
        last = ""
        with _translated():
            for keys in self._listed(f"{self._root}/"):
                for key in keys:
                    name = key.split("/")[-2]
                    if name != last:
                        yield name
                    last = name

    def _listed(self, prefix: str) -> Iterator[list[str]]:
        for page in obstore.list(self._store, prefix=prefix):
            yield [str(each["path"]) for each in page]

    def _key(self, name: str, number: int) -> str:
        return f"{self._root}/{name}/{number}"


@contextmanager
def _translated() -> Iterator[None]:
    """Raise errors of the store as `LedgerError` FILES-PLACE; its answer, which may name keys, is left out."""
    try:
        yield
    except (BaseError, OSError) as wrong:
        raise LedgerError(
            "FILES-PLACE", f"the store for files fails: {type(wrong).__name__}", Message("try again")
        ) from None
