"""Make the files of a court's folder that are no evidence: READ-ME.txt, and the verifier page to open first.

What `comity file` and `comity trust stick` make has both. There READ-ME.txt begins with the page, and what needs a
shell is in its annex. A folder of receipts (`comity export --format cose-receipts`) has READ-ME.txt alone.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from cli.shipped_files import shipped
from ledger.command_line import quoted_path
from ledger.facts.vocabulary import ROLES
from ledger.messages import Message, joined
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
    "custody": Message("who held what was disclosed, from hand to hand, with its digests"),
    "evidence-chain": Message("eight criteria, and what each of them rests on in the record"),
    "hearing": Message("both reports in one paper, with cover, index and numbered pages"),
}
CERTIFICATE = Message("a certificate; what is blank is for the person who certifies")
TEST = Message("TEST. This comes from a test ledger. It is not evidence.")
PAPER_INSIDE = Message("A paper in PDF carries the bundle inside: the page takes the PDF in the place of the bundle.")
ABSENT = Message(
    "The verifier page is missing: it was not built on the machine that made this folder. Each "
    "release of Comity has it. The annex says how to check the bundle without the page."
)
DAMAGE = Message("SHA256SUMS has the digest of every file here. It shows damage, not fraud:")


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
    text.heading(Message("Start here"))
    if PAGE in names:
        text.paragraph(
            Message("Open {0} in a browser, from this folder. It needs no network, and nothing is installed.", PAGE)
        )
        text.paragraph(
            Message(
                "Give it {0}, and then a folder of trust, or the three lines of a checkpoint, that did not come with "
                "this folder: what another office gave you, the court file, or a witness.",
                bundle,
            )
        )
        text.paragraph(
            Message(
                "The page asks how it reached you. What came with this folder shows only that its parts fit each "
                "other: the maker of the bundle made it too. If you hold nothing else, give the page nothing else: it "
                "says then that nothing from outside vouches for it."
            )
        )
        text.paragraph(
            Message("Then drop the file that was disclosed, if you hold it: the page says whether it is the one.")
        )
        if any(name.endswith(".pdf") for name in papers):
            text.paragraph(PAPER_INSIDE)
    else:
        text.paragraph(ABSENT)
    text.heading(Message("What this folder is"))
    text.rows({Message("the order"): ", ".join(filter(None, (called, about.order)))})
    text.rows({Message("for whom"): text.words(Message(ROLES[about.audience]))})
    text.rows({Message("made at"): about.made_at.strftime("%Y-%m-%d %H:%M:%S UTC")})
    text.end()
    if PAGE in names:
        text.rows({PAGE: text.words(Message("the verifier page: a program that checks the bundle in a browser"))})
    text.rows({bundle: text.words(Message("the evidence bundle: signed entries, and what proves them"))})
    text.rows({name: text.words(PAPERS.get(name.partition(".")[0], CERTIFICATE)) for name in papers})
    text.rows({"trust/": text.words(Message("whose log, witnesses and register; it came with the rest"))})
    text.end()
    if signature is not None:
        says = (Message("Each paper in PDF has an electronic signature."), *signature.says)
        text.paragraph(joined(" ", says))
    text.heading(Message("The checkpoint"))
    text.paragraph(Message("All of it is of one state of the log. Every paper prints its three lines:"))
    text.block(checkpoint.decode().split("\n")[:3])
    text.paragraph(Message("Compare them with a copy from elsewhere: the court file, the other side, a witness."))
    text.paragraph(
        Message("The folder trust came with the rest, so it proves nothing. Use one that came by another way.")
    )
    text.heading(Message("Annex: with the program, or with a shell"))
    text.paragraph(
        Message("CHECKPOINT is a file with the three lines above. TRUST is the folder of trust from elsewhere.")
    )
    text.block([f"comity verify {quoted_path(bundle)} --trust TRUST --anchor CHECKPOINT"])
    text.paragraph(Message("This says whether FILE is what was disclosed, and what the record states of it:"))
    text.block([f"comity check FILE --bundle {quoted_path(bundle)} --trust TRUST"])
    text.block([f"comity custody --bundle {quoted_path(bundle)} --trust TRUST"])
    text.paragraph(
        Message("Without the program, READ-ME-FIRST.html inside the bundle says each step with Python and OpenSSL:")
    )
    text.block([f"unzip {quoted_path(bundle)} READ-ME-FIRST.html"])
    return str(text)


def versions_read_me(first: PolicyVersion, newest: PolicyVersion, *, page: bool, lang: str = "en") -> str:
    """Return READ-ME.txt of a stick with the versions of a signed policy: what to compare, how to keep and use it."""
    text = _Text(translation(lang))
    _stick_begins(text, page=page)
    text.paragraph(Message("Whom to trust about the records of an office: whose log, which witnesses, which register."))
    said = newest.said
    text.paragraph(Message("Version {0}, issued {1}, in force until {2}.", said.version, said.issued, said.expires))
    text.paragraph(Message("{0} of these must have signed it:", said.threshold))
    text.block([f"{root.name}  {root.key}" for root in said.roots])
    _compare(text, first.fingerprint, Message("the fingerprint of its first version"))
    text.heading(Message("Annex: with the program"))
    text.paragraph(Message("Keep it. The words are those that were read to you:"))
    text.block(['comity trust update my-trust THIS-FOLDER --root-fingerprint "WORDS"'])
    text.paragraph(
        Message(
            "From then on a newer folder needs no telephone. The same command without the words takes it, if "
            "enough of those who signed the last version signed the new one, and refuses it if not."
        )
    )
    text.block(["comity verify FILE.evidence.zip --trust my-trust"])
    text.paragraph(Message("The folder page has what the newest version says, for older verifier pages."))
    _sums(text)
    return str(text)


def trust_read_me(fingerprint: str, files: Iterable[str], *, page: bool, lang: str = "en") -> str:
    """Return READ-ME.txt of a stick with a plain trust folder; `fingerprint` is the one of its files, in hex."""
    text = _Text(translation(lang))
    _stick_begins(text, page=page)
    text.paragraph(Message("Whom to trust about the records of an office: whose log, which witnesses, which register."))
    about = {
        "policy": Message("the keys of the log and of its witnesses"),
        "registrar": Message("the key of the office that keeps the register"),
        "mirrors": Message("which of the witnesses state that they store all entries"),
        "tsa/": Message("certificates of time-stamp authorities"),
        "others/": Message("the same of other records, whose entries this one has"),
    }
    tops = {f"{name.partition('/')[0]}/" if "/" in name else name for name in files}
    text.rows({name: text.words(says) for name, says in about.items() if name in tops})
    text.end()
    text.paragraph(Message("Nobody signed this folder. Several people can sign a policy in versions instead."))
    _compare(text, fingerprint, Message("the fingerprint of this folder"))
    text.paragraph(
        Message(
            "A forger can print the true words here. The verifier page and the program make them from the "
            "files: compare those words."
        )
    )
    text.heading(Message("Annex: with the program"))
    text.paragraph(Message("This prints the fingerprint of a folder of trust:"))
    text.block(["comity trust check THIS-FOLDER"])
    text.paragraph(Message("This checks a bundle:"))
    text.block(["comity verify FILE.evidence.zip --trust THIS-FOLDER"])
    _sums(text)
    return str(text)


def _stick_begins(text: _Text, *, page: bool) -> None:
    text.heading(Message("Start here"))
    if page:
        text.paragraph(
            Message("Open {0} in a browser, from this folder. It needs no network, and nothing is installed.", PAGE)
        )
        text.paragraph(
            Message("Give it the bundle, and this folder as the folder of trust. Then compare, as said below.")
        )
    else:
        text.paragraph(ABSENT)
    text.heading(Message("What this folder is"))


def _compare(text: _Text, fingerprint: str, what: str) -> None:
    from ledger.trust.signed_policy import spoken

    words = spoken(fingerprint).split("-")
    text.heading(Message("Compare, by telephone or on paper"))
    text.paragraph(Message("Nothing in this folder proves that it is the true one."))
    text.paragraph(Message("Ask a person whom you know at the office to read {0} to you, from their own papers.", what))
    text.paragraph(Message("Compare every word:"))
    text.block(["-".join(words[i : i + 4]) for i in range(0, 16, 4)])
    text.paragraph(Message("The same in digits:"))
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
    text.heading(Message("What this folder is"))
    text.paragraph(Message("Entries of the record of one order, each with a receipt that says: it is in the log."))
    text.rows({Message("the log"): made.origin, Message("entries in it"): str(made.signed.size)})
    text.end()
    text.rows(
        {
            "entries/N.dsse.json": text.words(
                Message("the signed bytes of entry N of the log; the first has the number 0")
            )
        }
    )
    text.rows({"entries/N.receipt": text.words(Message("its receipt: a COSE Receipt, RFC 9942"))})
    text.rows({keys[0]: text.words(Message("the key of the log, as a COSE_Key"))})
    text.rows({keys[1]: text.words(Message("the same key, as PEM"))})
    text.end()
    text.heading(Message("What a receipt says"))
    text.paragraph(Message("The holder of the log's key states that the bytes of this entry are in the log."))
    text.paragraph(Message("With other bytes, or with another key, the receipt does not verify."))
    text.heading(Message("What a receipt does not say"))
    text.paragraph(Message("Whose key it is. The key came with the rest: compare it with a copy from elsewhere."))
    text.paragraph(
        Message("That anybody else saw this log. A receipt carries no witness. Others may be shown another log.")
    )
    text.paragraph(Message("Which number the entry has, and how many entries there are. The signature covers neither."))
    text.paragraph(Message("When the entry was made, or in which order things happened."))
    text.paragraph(Message("Who signed the entry, and in which role. The register that says so is not here."))
    text.paragraph(Message("What the sealed values are. Nothing in this folder opens them."))
    text.paragraph(
        Message("That no entry is missing. The folder has the entries of the order that this reader may know of.")
    )
    text.paragraph(Message("That anything was lawful."))
    text.paragraph(Message("The evidence bundle of the same order has the register and the witnesses, and says more."))
    text.heading(Message("Check a receipt with a program of others"))
    text.paragraph(Message("The receipt and the entry have the same number. The program is scitt-cose, from PyPI:"))
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
        self.words = language.words
        self._parts: list[str] = []
        self._rows: dict[str, str] = {}

    def heading(self, words: str) -> None:
        self._parts.append(self.words(words).replace("\u00ad", "").upper())

    def paragraph(self, sentence: str) -> None:
        words = self.words(sentence).replace("\u00ad", "")
        self._parts.append(textwrap.fill(words, WIDTH, break_on_hyphens=False, break_long_words=False))

    def block(self, lines: Iterable[str]) -> None:
        self._parts.append("\n".join(f"    {line}" for line in lines))

    def rows(self, rows: Mapping[str, str]) -> None:
        self._rows |= {self.words(name): says.replace("\u00ad", "") for name, says in rows.items()}

    def end(self) -> None:
        """End a table."""
        width = max(map(len, self._rows))
        self.block(f"{name:<{width}}  {says}" for name, says in self._rows.items())
        self._rows = {}

    def __str__(self) -> str:
        return "\n\n".join(self._parts) + "\n"
