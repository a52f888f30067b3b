"""The access entry of an export: which sealed values are opened, for whom, why, and by which person."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from ledger.bundle.contents import Contents
from ledger.entries.envelope import Signer, open_
from ledger.facts.vocabulary import ROLES

if TYPE_CHECKING:
    from ledger.application.journal import Journal
    from ledger.application.write.receipt import Receipt


@dataclass(frozen=True, slots=True)
class ExportAccess:
    """Sealed values of `orders` that are opened to make a bundle.

    `purpose` is a code, `because` gives the reason, `person` is the name of the person who opens them.
    """

    orders: tuple[str, ...]
    purpose: str
    because: str
    person: str

    def record(self, journal: Journal, signer: Signer, entry: str) -> Receipt:
        """Record the access under an entry id; an entry that has this id already is left as it is."""
        return self._note(journal, signer, self.because, entry=entry)

    def record_failure(self, journal: Journal, signer: Signer, access: Receipt, why: str) -> Receipt:
        """Replace the entry of an access by one which says that nothing was handed out, and why."""
        says = f"nothing was handed out after entry {access.index} of the log: {_plain(why)}"
        return self._note(journal, signer, says, replaces=access.leaf)

    def digest(self, signer: Signer) -> str:
        """Return the digest by which a repeated command is recognised: orders, purpose, reason, person and signer."""
        parts = [self.orders, self.purpose, self.because, self.person, signer.actor, signer.role, signer.public.hex()]
        return sha256(json.dumps(parts).encode()).hexdigest()

    def _note(self, journal: Journal, signer: Signer, because: str, **more: str) -> Receipt:
        return journal.note_access(
            self.orders, signer, view="export", purpose=self.purpose, because=because, person=self.person, **more
        )


def export_access(journal: Journal, contents: Contents, because: str | None, person: str) -> ExportAccess:
    """Return the access of a bundle: the orders whose values it opens, and the reason, by default its purpose."""
    about = contents.about
    opened = {
        open_(raw, verify=False).payload.order for index, raw, _ in contents.entries if index in contents.disclosures
    }
    mains = {journal.subject_keys.main_of(order) or order for order in opened} if journal.subject_keys else opened
    orders = (about.order, *sorted(mains - {about.order, journal.registry}))
    why = f"to make a bundle for {about.audience} ({ROLES[about.audience]}): {because or about.purpose}"
    return ExportAccess(orders, about.purpose, why, person)


def _plain(text: str) -> str:
    """Return the text of an error in printable ASCII, at most 300 characters: no entry can refuse it."""
    return re.sub("[^ -~]", "?", text)[:300]
