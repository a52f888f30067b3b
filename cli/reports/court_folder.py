"""Make the files of a court's folder that accompany the versions of a trust policy: READ-ME.txt and verify.html."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.shipped_files import shipped

if TYPE_CHECKING:
    from ledger.trust.signed_policy import PolicyVersion


def read_me(first: PolicyVersion, newest: PolicyVersion, *, with_page: bool) -> str:
    """Return the text of READ-ME.txt: what the folder is, the words to compare, and how to keep and use it."""
    from ledger.trust.signed_policy import spoken

    words = spoken(first.fingerprint).split("-")
    lines = "\n".join("    " + "-".join(words[i : i + 4]) for i in range(0, 16, 4))
    roots = "\n".join(f"    {root.name}  {root.key}" for root in newest.said.roots)
    page = (
        "\n\nWithout Comity: open verify.html in a browser, drop the bundle on it, choose this folder, and type the\n"
        "words as they were read to you. page/policy and page/registrar say what the newest version says, for older\n"
        "pages."
    )
    return f"""WHAT THIS FOLDER IS

Whom to trust about the records of an office: whose log it is, who witnesses it, who keeps its register.
Version {newest.said.version}, issued {newest.said.issued}, in force until {newest.said.expires}.
{newest.said.threshold} of these must have signed it:

{roots}

1. COMPARE, BY TELEPHONE OR ON PAPER

Nothing in this folder proves that it is the true one. Ask somebody you know at the office to read you the fingerprint
of its first version, from their own papers and not from this text, and compare every word:

{lines}

In digits: {first.fingerprint}

2. KEEP IT

    comity trust update my-trust THIS-FOLDER --root-fingerprint "the words as they were read to you"

From then on a newer folder needs no telephone: the same command without the words takes it, if enough of those who
signed the last version signed the new one, and refuses it if not.

3. CHECK A BUNDLE

    comity verify FILE.evidence.zip --trust my-trust{page if with_page else ""}

SHA256SUMS has the digest of every file here: sha256sum -c SHA256SUMS. It shows damage, not fraud.
"""


def verifier_page() -> bytes | None:
    """Return the verifier page; None if it has not been built here."""
    page = shipped("browser/verify.html")
    return page.read_bytes() if page.exists() else None
