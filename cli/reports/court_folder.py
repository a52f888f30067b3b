"""Make the files of a court's folder that are no evidence: READ-ME.txt, and the verifier page to open first.

What `comity file` and `comity trust stick` make has both. There READ-ME.txt begins with the page, and what needs a
shell is in its annex. A folder of receipts (`comity export --format cose-receipts`) has READ-ME.txt alone.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from cli.shipped_files import shipped
from ledger.facts.vocabulary import ROLES
from projections.render.translation import Translation, translation
from projections.reports.signature_note import SignatureNote

if TYPE_CHECKING:
    from ledger.application.export.cose_receipts import CoseReceipts
    from ledger.bundle.contents import About
    from ledger.trust.signed_policy import PolicyVersion

PAGE = "OPEN-ME-FIRST.html"
READ_ME = "READ-ME.txt"
WIDTH = 100

PAPERS = {
    "custody": "who held what was disclosed, from hand to hand, with its digests",
    "evidence-chain": "eight criteria, and what each of them rests on in the record",
    "hearing": "both reports in one paper, with cover, index and numbered pages",
}
CERTIFICATE = "a certificate; what is blank is for the person who certifies"
TEST = "TEST. This comes from a test ledger. It is not evidence."
PAPER_INSIDE = "A paper in PDF carries the bundle inside: the page takes the PDF in the place of the bundle."
ABSENT = (
    "The verifier page is missing: it was not built on the machine that made this folder. Each release of Comity has "
    "it. The annex says how to check the bundle without the page."
)
DAMAGE = "SHA256SUMS has the digest of every file here. It shows damage, not fraud:"


def verifier_page() -> bytes | None:
    """Return the verifier page; None if it has not been built here."""
    page = shipped("browser/verify.html")
    return page.read_bytes() if page.exists() else None


def filing_read_me(
    about: About,
    checkpoint: bytes,
    bundle: str,
    names: Sequence[str],
    called: str | None,
    lang: str = "en",
    signature: SignatureNote | None = None,
) -> str:
    """Return READ-ME.txt of what is filed; `names` are the files of the folder, `called` the order's name for people.

    `checkpoint` is the note of the bundle; `signature` is that of each paper in PDF.
    """
    text = _Text(translation(lang))
    papers = [name for name in names if not name.startswith(("trust/", bundle, PAGE))]
    if about.test:
        text.paragraph(TEST)
    text.heading("Start here")
    if PAGE in names:
        text.paragraph(f"Open {PAGE} in a browser, from this folder. It needs no network, and nothing is installed.")
        text.paragraph(f"Give it {bundle}, and then the folder of trust or the three lines of the checkpoint.")
        text.paragraph("Then drop the file that was disclosed, if you hold it: the page says whether it is the one.")
        if any(name.endswith(".pdf") for name in papers):
            text.paragraph(PAPER_INSIDE)
    else:
        text.paragraph(ABSENT)
    text.heading("What this folder is")
    text.rows({"the order": ", ".join(filter(None, (called, about.order)))})
    text.rows({"for whom": text.say(ROLES[about.audience])})
    text.rows({"made at": about.made_at.strftime("%Y-%m-%d %H:%M:%S UTC")})
    text.end()
    if PAGE in names:
        text.rows({PAGE: text.say("the verifier page: a program that checks the bundle in a browser")})
    text.rows({bundle: text.say("the evidence bundle: signed entries, and what proves them")})
    text.rows({name: text.say(PAPERS.get(name.partition(".")[0], CERTIFICATE)) for name in papers})
    text.rows({"trust/": text.say("whose log, witnesses and register; it came with the rest")})
    text.end()
    if signature is not None:
        says = ("Each paper in PDF has an electronic signature.", *signature.says)
        text.paragraph(" ".join(text.say(sentence) for sentence in says))
    text.heading("The checkpoint")
    text.paragraph("All of it is of one state of the log. Every paper prints its three lines:")
    text.block(checkpoint.decode().split("\n")[:3])
    text.paragraph("Compare them with a copy from elsewhere: the court file, the other side, a witness.")
    text.paragraph("The folder trust came with the rest, so it proves nothing. Use one that came by another way.")
    text.heading("Annex: with the program, or with a shell")
    text.paragraph("CHECKPOINT is a file with the three lines above. TRUST is the folder of trust from elsewhere.")
    text.block([f"comity verify {bundle} --trust TRUST --anchor CHECKPOINT"])
    text.paragraph("This says whether FILE is what was disclosed, and what the record states of it:")
    text.block([f"comity check FILE --bundle {bundle} --trust TRUST"])
    text.block([f"comity custody --bundle {bundle} --trust TRUST"])
    text.paragraph("Without the program, READ-ME-FIRST.html inside the bundle says each step with Python and OpenSSL:")
    text.block([f"unzip {bundle} READ-ME-FIRST.html"])
    return str(text)


def versions_read_me(first: PolicyVersion, newest: PolicyVersion, *, page: bool, lang: str = "en") -> str:
    """Return READ-ME.txt of a stick with the versions of a signed policy: what to compare, how to keep and use it."""
    text = _Text(translation(lang))
    _stick_begins(text, page=page)
    text.paragraph("Whom to trust about the records of an office: whose log, which witnesses, which register.")
    said = newest.said
    text.paragraph(f"Version {said.version}, issued {said.issued}, in force until {said.expires}.")
    text.paragraph(f"{said.threshold} of these must have signed it:")
    text.block([f"{root.name}  {root.key}" for root in said.roots])
    _compare(text, first.fingerprint, "the fingerprint of its first version")
    text.heading("Annex: with the program")
    text.paragraph("Keep it. The words are those that were read to you:")
    text.block(['comity trust update my-trust THIS-FOLDER --root-fingerprint "WORDS"'])
    text.paragraph(
        "From then on a newer folder needs no telephone. The same command without the words takes it, if enough of "
        "those who signed the last version signed the new one, and refuses it if not."
    )
    text.block(["comity verify FILE.evidence.zip --trust my-trust"])
    text.paragraph("The folder page has what the newest version says, for older verifier pages.")
    _sums(text)
    return str(text)


def trust_read_me(fingerprint: str, files: Iterable[str], *, page: bool, lang: str = "en") -> str:
    """Return READ-ME.txt of a stick with a plain trust folder; `fingerprint` is the one of its files, in hex."""
    text = _Text(translation(lang))
    _stick_begins(text, page=page)
    text.paragraph("Whom to trust about the records of an office: whose log, which witnesses, which register.")
    about = {
        "policy": "the keys of the log and of its witnesses",
        "registrar": "the key of the office that keeps the register",
        "mirrors": "which of the witnesses state that they store all entries",
        "tsa/": "certificates of time-stamp authorities",
        "others/": "the same of other records, whose entries this one has",
    }
    tops = {f"{name.partition('/')[0]}/" if "/" in name else name for name in files}
    text.rows({name: text.say(says) for name, says in about.items() if name in tops})
    text.end()
    text.paragraph("Nobody signed this folder. Several people can sign a policy in versions instead.")
    _compare(text, fingerprint, "the fingerprint of this folder")
    text.paragraph(
        "A forger can print the true words here. The verifier page and the program make them from the files: compare "
        "those words."
    )
    text.heading("Annex: with the program")
    text.paragraph("This prints the fingerprint of a folder of trust:")
    text.block(["comity trust check THIS-FOLDER"])
    text.paragraph("This checks a bundle:")
    text.block(["comity verify FILE.evidence.zip --trust THIS-FOLDER"])
    _sums(text)
    return str(text)


def _stick_begins(text: _Text, *, page: bool) -> None:
    text.heading("Start here")
    if page:
        text.paragraph(f"Open {PAGE} in a browser, from this folder. It needs no network, and nothing is installed.")
        text.paragraph("Give it the bundle, and this folder as the folder of trust. Then compare, as said below.")
    else:
        text.paragraph(ABSENT)
    text.heading("What this folder is")


def _compare(text: _Text, fingerprint: str, what: str) -> None:
    from ledger.trust.signed_policy import spoken

    words = spoken(fingerprint).split("-")
    text.heading("Compare, by telephone or on paper")
    text.paragraph("Nothing in this folder proves that it is the true one.")
    text.paragraph(f"Ask a person whom you know at the office to read {what} to you, from their own papers.")
    text.paragraph("Compare every word:")
    text.block(["-".join(words[i : i + 4]) for i in range(0, 16, 4)])
    text.paragraph("The same in digits:")
    text.block([fingerprint])


def _sums(text: _Text) -> None:
    text.paragraph(DAMAGE)
    text.block(["sha256sum -c SHA256SUMS"])


def receipts_read_me(made: CoseReceipts, keys: tuple[str, str], *, test: bool, lang: str = "en") -> str:
    """Return READ-ME.txt of a folder of receipts; `keys` are the names of the log's key as a COSE_Key and as PEM."""
    text = _Text(translation(lang))
    index = made.entries[0][0]
    if test:
        text.paragraph(TEST)
    text.heading("What this folder is")
    text.paragraph("Entries of the record of one order, each with a receipt that says: it is in the log.")
    text.rows({"the log": made.origin, "entries in it": str(made.signed.size)})
    text.end()
    text.rows({"entries/N.dsse.json": text.say("the signed bytes of entry N of the log; the first has the number 0")})
    text.rows({"entries/N.receipt": text.say("its receipt: a COSE Receipt, RFC 9942")})
    text.rows({keys[0]: text.say("the key of the log, as a COSE_Key")})
    text.rows({keys[1]: text.say("the same key, as PEM")})
    text.end()
    text.heading("What a receipt says")
    text.paragraph("The holder of the log's key states that the bytes of this entry are in the log.")
    text.paragraph("With other bytes, or with another key, the receipt does not verify.")
    text.heading("What a receipt does not say")
    text.paragraph("Whose key it is. The key came with the rest: compare it with a copy from elsewhere.")
    text.paragraph("That anybody else saw this log. A receipt carries no witness. Others may be shown another log.")
    text.paragraph("Which number the entry has, and how many entries there are. The signature covers neither.")
    text.paragraph("When the entry was made, or in which order things happened.")
    text.paragraph("Who signed the entry, and in which role. The register that says so is not here.")
    text.paragraph("What the sealed values are. Nothing in this folder opens them.")
    text.paragraph("That no entry is missing. The folder has the entries of the order that this reader may know of.")
    text.paragraph("That anything was lawful.")
    text.paragraph("The evidence bundle of the same order has the register and the witnesses, and says more.")
    text.heading("Check a receipt with a program of others")
    text.paragraph("The receipt and the entry have the same number. The program is scitt-cose, from PyPI:")
    text.block(
        [
            f"LEAF=$(od -An -v -tx1 entries/{index}.dsse.json | tr -d ' \\n')",
            f"scitt-cose --receipt entries/{index}.receipt --receipt-log-pubkey {keys[1]} --leaf-entry-hex $LEAF",
        ]
    )
    return str(text)


class _Text:
    """A plain text in one language, in paragraphs, blocks that are typed or compared, and rows of two columns."""

    def __init__(self, language: Translation) -> None:
        self.say = language.say
        self._parts: list[str] = []
        self._rows: dict[str, str] = {}

    def heading(self, words: str) -> None:
        self._parts.append(self.say(words).replace("\u00ad", "").upper())

    def paragraph(self, sentence: str) -> None:
        words = self.say(sentence).replace("\u00ad", "")
        self._parts.append(textwrap.fill(words, WIDTH, break_on_hyphens=False, break_long_words=False))

    def block(self, lines: Iterable[str]) -> None:
        self._parts.append("\n".join(f"    {line}" for line in lines))

    def rows(self, rows: Mapping[str, str]) -> None:
        self._rows |= {self.say(name): says.replace("\u00ad", "") for name, says in rows.items()}

    def end(self) -> None:
        """End a table."""
        width = max(map(len, self._rows))
        self.block(f"{name:<{width}}  {says}" for name, says in self._rows.items())
        self._rows = {}

    def __str__(self) -> str:
        return "\n\n".join(self._parts) + "\n"
