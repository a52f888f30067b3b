"""What can be wrong with the ledger on this machine, as against what was signed: missing, busy, damaged, behind."""

from __future__ import annotations


class LedgerFault(Exception):
    """The ledger cannot be used as it stands.

    `code` is one of the released codes, `says` a sentence for people, `hint` what to do next. What is wrong with
    signed bytes is a `Refused`; this is about the files around them.
    """

    def __init__(self, code: str, says: str, hint: str = "") -> None:
        super().__init__(code, says, hint)
        self.code = code
        self.says = says
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.code}: {self.says}"


class Busy(LedgerFault):
    """Another process held the ledger for thirty seconds."""

    def __init__(self, what: str) -> None:
        super().__init__("BUSY", f"{what} was held by another process for 30 seconds", "try again")
