"""Define the two error types: errors in signed bytes, and errors in the files of a ledger.

Both carry a released code (docs/reference/codes.md); the code decides the exit status of a command
(`cli.exit_codes`).
"""

from __future__ import annotations

from ledger.messages import Message


class RecordError(Exception):
    """Signed, hashed or packed bytes are not what they must be; nothing after them can be trusted.

    `code` is one of the released codes, `says` a sentence for people, `where` the wrong file, entry or byte,
    `hint` the next step. Law never raises this error: it returns findings.
    """

    def __init__(self, code: str, says: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(code, says, where, hint)
        self.code = code
        self.says = says
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f" {self.where}" if self.where else ""
        return f"{self.code}{place}: {self.says}"


class TooManyAttempts(RecordError):
    """Too many attempts have failed; try again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            "API-WAIT", Message("too many attempts have failed"), hint=Message("wait {0} seconds", seconds)
        )
        self.seconds = seconds


class LedgerError(Exception):
    """The ledger on this machine cannot be used: it is missing, busy, damaged or behind.

    `code` is one of the released codes, `says` a sentence for people, `hint` the next step. Errors in signed
    bytes are `RecordError`; this one concerns the files around them.
    """

    def __init__(self, code: str, says: str, hint: str = "") -> None:
        super().__init__(code, says, hint)
        self.code = code
        self.says = says
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.code}: {self.says}"


class Busy(LedgerError):
    """Another process held the ledger for thirty seconds."""

    def __init__(self, what: str) -> None:
        super().__init__("BUSY", f"{what} was held by another process for 30 seconds", Message("try again"))


class TooManyRequests(LedgerError):
    """More requests wait than a writer takes, or it is being stopped; try again after `seconds`."""

    def __init__(self, says: str, seconds: int) -> None:
        super().__init__("BUSY", says, Message("try again in {0} s", seconds))
        self.seconds = seconds
