"""Choose the purpose for which sealed values are opened, as a code of the vocabulary.

The default comes from one table: the role of the office that opens, the view, and the role of the
reader. It is never the purpose of another role. Where no row fits, the command asks for `--purpose`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import click

CODES: Final[Mapping[str, str]] = {
    "investigation": "finding out what happened and who did it",
    "prosecution": "deciding on charges and bringing them",
    "trial": "proceedings before a court",
    "execution-of-sentence": "carrying out a sentence",
    "defence": "defending the person who is accused",
    "supervision": "overseeing data protection",
    "audit": "checking the record itself",
    "rights-request": "answering the person whose data they are",
    "other": "anything else; --because says what",
}  # every code of `ledger.facts.vocabulary.Purpose`

INVESTIGATING: Final = frozenset({"ISS", "SEEK", "RET", "CAR", "LAB"})
ANY: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class PurposeRule:
    """A purpose and its conditions: views, roles that open, roles that read; an empty set stands for all."""

    code: str | None
    roles: frozenset[str] = ANY
    readers: frozenset[str] = ANY
    views: frozenset[str] = ANY

    def fits(self, view: str, role: str, reader: str | None) -> bool:
        """Return True if the row holds for this opening."""
        return (
            (not self.roles or role in self.roles)
            and (not self.readers or reader in self.readers)
            and (not self.views or view in self.views)
        )


TABLE: Final = (  # the first row that fits counts; for a code of None, --purpose is required
    PurposeRule("rights-request", readers=frozenset({"CUST"})),
    PurposeRule("supervision", roles=frozenset({"DPO", "SA"})),
    PurposeRule("audit", roles=frozenset({"AUD"})),
    PurposeRule("defence", roles=frozenset({"DEF"})),
    PurposeRule("trial", roles=frozenset({"CT"})),
    PurposeRule("trial", readers=frozenset({"CT"})),
    PurposeRule("defence", readers=frozenset({"DEF"})),
    PurposeRule("supervision", readers=frozenset({"DPO", "SA"})),
    PurposeRule("audit", readers=frozenset({"AUD"})),
    PurposeRule(None, views=frozenset({"dpo"})),  # either an answer to a data subject or self-monitoring
    PurposeRule("investigation", roles=INVESTIGATING),
    PurposeRule("investigation", readers=INVESTIGATING),
)


def purpose_of(view: str, role: str, reader: str | None = None) -> str | None:
    """Return the purpose of an opening; None if the table does not decide it, and `--purpose` is required.

    `view` is a code of the vocabulary, `role` that of the opener, `reader` that of the reader where it
    is known.
    """
    return next((row.code for row in TABLE if row.fits(view, role, reader)), None)


class Code(click.Choice[str]):
    """A code of `CODES`; the error for any other text shows where the code and the words belong."""

    def __init__(self) -> None:
        super().__init__(tuple(CODES))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value in CODES:
            return str(value)
        from difflib import get_close_matches

        text = " ".join(str(value).split())
        near = get_close_matches(text.lower(), CODES, 1)
        code = next(iter(near or (word for word in text.lower().split() if word in CODES)), "CODE")
        meant = f"did you mean {near[0]}?" if near else f"the codes are {', '.join(CODES)}"
        meant += "; `comity vocabulary purposes` explains them"
        because = "hearing on Monday" if near else text
        says = f"{text!r} is no code; {meant}; words go to --because: --purpose {code} --because '{because}'"
        raise click.BadParameter(says, param=param)


PURPOSE = click.option(
    "--purpose",
    type=Code(),
    metavar="CODE",
    help=f"What for: {'; '.join(f'{code} ({says})' for code, says in CODES.items())}. "
    "By default what the opener's role and the reader say.",
)
