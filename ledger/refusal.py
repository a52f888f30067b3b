"""The one way in which integrity says no."""

from __future__ import annotations


class Refused(Exception):
    """Something signed, hashed or packed is not what it has to be; nothing after it can be trusted.

    `code` is one of the released codes (reference: README, "Codes"), `says` a sentence for people, `where` the file,
    entry or byte that is wrong, `hint` what to do next. Law never raises this: it returns findings.
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
