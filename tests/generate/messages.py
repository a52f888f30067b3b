"""Collect every message of a report for translators: `make messages`. No report imports this.

There are four sources: the templates, whose words are marked `_("...")`; our sentences in Python, read from the syntax
tree, where each value of an f-string is a place (`{0}`) and each choice of two words makes two messages; and the words
of the law, taken from its registers, so that a new finding or kind is automatically a new message.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from pkgutil import walk_packages
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from browser.build import PAGES, english
from ledger.facts import KINDS, WHY
from ledger.facts.vocabulary import GROUNDS, INSTRUMENTS, ROLES
from ledger.facts.words import CODE_LISTS
from ledger.facts.words.kind_words import explanation, in_few_words, kinds_in_words
from ledger.law import FINDING_RULES, ClockVerdict, next_steps
from ledger.law.deadlines.table import REGISTER
from ledger.law.next_steps.step import Remedy
from ledger.law.record_checks.regions import AT_REST
from ledger.law.rules.order_contents import CONTENTS, WORDS
from ledger.law.states import ALL
from ledger.law.terms.rule import LEVELS
from ledger.messages import Message, numbered
from ledger.verify.claims import NOT_TRUE
from projections.render.translation import PLACE, translation
from projections.reports.certificates import REGULAR, RULES, source_of_a_copy
from projections.reports.custody_report import STEPS
from projections.reports.data_protection.office_record import CONTENTS as RECORD_CONTENTS
from projections.reports.evidence_chain_report import SHOWN
from projections.reports.front_page import words
from projections.reports.history import NAMED_FIELDS, NOTHING_SINCE, ONLY_IF, THIS_ORDER
from projections.reports.letters.wording import WORDS as LETTER_WORDS
from projections.sentences.catalogue import Text
from projections.sentences.field_words import REGIMES
from projections.sentences.kinds import PATTERNS
from projections.sentences.quotation import QUOTED
from projections.sentences.sentence import MESSAGES, says
from projections.views.completeness import ADVICE
from projections.views.evidence_chain import CRITERIA
from server.desk.site import english_texts
from server.error_texts.codes import CODES
from server.identity.page.texts import ENGLISH

ROOT: Final = Path(__file__).parents[2]
HERE: Final = ROOT / "projections"
TEMPLATES: Final = (
    *("layout", "report", "words", "custody", "evidence-chain", "dpo", "audit", "stages", "replay", "sheet"),
    *("numbers", "stats", "statistics", "letter", "ledgers"),
)
SAID: Final = re.compile(r"\b(?:say|says|word|counted)\(")  # the marks of words in the templates of PDF reports
TOKEN: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|[()]')
WORD: Final = re.compile(r"\w+")
SOURCES: Final = ("ledger", "projections", "cli", "server")  # packages whose messages are in the catalogue
REGIONS: Final = re.compile(r'"([A-Z][A-Z_]{2,})"')
# Messages of which another language may leave out a value: the command, which a page of the desk does not need.
WITH_COMMAND: Final = frozenset(
    (
        "`{0}` registers it; --unregistered, or a column so called, names it as it is",
        "there are {0}; `{1}` explains them",
        "register it under a longer name; or `comity record {0}` with names_reason, a code that says why",
        "{0}=FILE hashes the file; where nothing was compared it is check=not-checked",
    )
)
# Values in templates, and phrases of a word and a number.
SMALL: Final = (
    *("equal", "differs", "not comparable", "no digest", "first stated", "matches", "mismatch", "none", " or "),
    *("act", "observation", "import", "yes", "no", "authorised", "custody", "export", "timeline", "register"),
    *("TOTAL-PASSED", "INDETERMINATE", "TOTAL-FAILED", "public holiday", "Saturday", "Sunday"),
    *(
        "{0} day",
        "{0} days",
        "{0} hour",
        "{0} hours",
        "{0} month",
        "{0} months",
        "{0} week",
        "{0} weeks",
        "{0} year",
        "{0} years",
        "state",
        "region {0}",
        "deadline {0}",
    ),
    *("criterion {0}", "finding {0}", "after {0}", "by {0}", "proven: {0}", "{0} due {1}", "{0} d {1} h"),
    *("{0} h {1} min", "{0} violation", "{0} violations", "{0} remark", "{0} remarks", "{0} gap", "{0} gaps"),
    *("{0} week", "{0} weeks", "{0} year", "{0} years", "{0} byte", "{0} bytes", "{0} more", " and ", "entry {0}"),
    *(ONLY_IF, THIS_ORDER, NOTHING_SINCE),
    *("{0} at {1} UTC", "{0} at {1} UTC ({2} in {3})", "{0} at {1} UTC ({2} on {3} in {4})"),
    "When the entries were made, and that no other version of this log was shown to others.",
    "Summary",
    "of",
    "referred back and clarified in between: {0} more",
    *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    *("{0} day later", "{0} second", "{0} seconds", "{0} minute", "{0} minutes", "nothing on record", "not stated"),
    *("{0}, act by {1}", "{0}, observation by {1}", "{0}, import by {1}", "Missing in the order: {0}."),
    *("All orders.", "total", "several", "withheld (x)", "Statistics", ", if ", "demonstrated", "not applicable"),
    *(
        *(
            "deadline",
            "Exhibit",
            "Copy",
            "of",
            "Entry",
            "released by",
            "received by",
            "held by",
            "paused",
            "as of",
            "ends",
        ),
        "Deadlines",
        "answered by entry",
        "digest",
        "the entry says",
        "By provider, requests under other instruments",
        "Time to disclosure, by provider, requests under other instruments",
        "not-running",
        "{0} entry",
        "{0} entries",
        "signature",
        "shown",
        "authenticity",
        "integrity",
        "time",
        "Controller",
        "Purpose",
        "Recipients",
        "the entry says",
    ),
)


@cache
def messages() -> tuple[str, ...]:
    """Return every message once, templates first."""
    found = dict.fromkeys(
        (*_templates(), *_papers(), *_sources(), *_sheets(), *_law(), *CODES.values(), *SMALL, *_of_pages())
    )
    return (*(m for m in found if re.search("[A-Za-z]{2}", re.sub(r"{[0-9]}", "", m))), QUOTED)


def _of_pages() -> Iterator[str]:
    """Yield the texts of the desk, the sign-in page, the verifier page and the signing page that have no context."""
    yield from (text for text in _page_texts() if isinstance(text, str))


def with_context() -> tuple[tuple[str, str], ...]:
    """Return the context and the English words of each text that has a context, once."""
    return tuple(dict.fromkeys(pair for text in _page_texts() if not isinstance(text, str) for pair in text.items()))


def _page_texts() -> Iterator[Text]:
    yield from english_texts().values()
    yield from ENGLISH.values()
    for page in PAGES:
        texts = english(page)
        yield from (text for part in ("steps", "checks", "page") for text in texts.get(part, {}).values())
        yield from (form for forms in texts.get("nouns", {}).values() for form in forms.values())


def _templates() -> Iterator[str]:
    for name in TEMPLATES:
        with (HERE / "templates" / f"{name}.html.j2").open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("_",), (), {"trim_blocks": "true", "silent": "false"}):
                yield from (m for m in (message if isinstance(message, tuple) else (message,)) if m)


def _papers() -> Iterator[str]:
    """Return the texts in every marked call of typst, up to the bracket that ends it."""
    for file in sorted((HERE / "templates").glob("*.typ")):
        source = file.read_text()
        for call in SAID.finditer(source):
            depth = 1
            for token in TOKEN.finditer(source, call.end()):
                if token[0] in "()":
                    depth += 1 if token[0] == "(" else -1
                    if not depth:
                        break
                else:
                    yield token[1].replace('\\"', '"')


def _sources() -> Iterator[str]:
    """Yield the pattern of every message that is made in Python, each choice of words in it as a separate one."""
    for package in SOURCES:
        for source in sorted((ROOT / package).rglob("*.py")):
            text = source.read_text(encoding="utf-8")
            if "Message(" in text:
                yield from spoken(ast.parse(text))


def spoken(tree: ast.AST) -> Iterator[str]:
    """Yield the patterns of the messages in a syntax tree; those whose words are in a table are with the table."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Message"), args=[pattern, *_]):
                yield from (text for text in _texts(pattern) or () if "\0" not in text)
            case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id="Message"), ast.Tuple(elts=patterns)]):
                yield from (text for pattern in patterns for text in _texts(pattern) or ())


def texts(node: ast.AST) -> Iterator[str]:
    """Yield every text of a syntax tree except docstrings, each with its places numbered."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
        node.body = node.body[1:]
    found = _texts(node)
    if found is not None:
        yield from map(_numbered, found)
        return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.keyword) and child.arg == "help"):
            yield from texts(child)


def _texts(node: ast.AST) -> list[str] | None:
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            return ["".join(parts) for parts in product(*(_texts(v) or ["\0"] for v in values))]
        case ast.FormattedValue(value=value):
            return _texts(value)
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            one, other = _texts(left), _texts(right)
            return None if one is None or other is None else [a + b for a in one for b in other]
        case ast.IfExp(body=body, orelse=orelse):
            one, other = _texts(body), _texts(orelse)
            return None if one is None or other is None else one + other
        case _:
            return None


def _numbered(text: str) -> str:
    first, *rest = text.split("\0")
    return first + "".join(f"{{{n}}}{part}" for n, part in enumerate(rest))


def _sheets() -> Iterator[str]:
    """Return the titles of certificates, when a content is required, and what to do about a finding."""
    yield from (rule.title for rule in RULES.values())
    yield from (p.when.__doc__ or "" for points in CONTENTS.values() for p in points if p.when is not None)
    yield from ADVICE.values()


def _law() -> Iterable[str]:
    yield from (numbered(c.says) for c in FINDING_RULES if not c.says.startswith("Missing in the order"))
    yield from WORDS.values()
    yield from (word for table in LETTER_WORDS for word in table.values())
    yield from (ground.says for ground in GROUNDS.values())
    yield from (word for each in CODE_LISTS.values() for word in each.words.values())
    yield from (content.label for content in RECORD_CONTENTS)
    yield from _next_steps()
    yield from (says(kind) for kind in KINDS)
    yield from (each for fact in KINDS.values() for each in fact.says.split(". ", 1)[1:])  # forms have them all
    yield from (in_few_words(kind) for kind in KINDS)
    for field in (*(field for fact in KINDS.values() for field in fact.fields().values()), WHY):
        yield from parts_of(explanation(field.says))
    for deadline in REGISTER:
        yield from (kinds_in_words(deadline.met_by), deadline.acts, deadline.wound_by)
    yield from PATTERNS.values()
    yield from MESSAGES
    yield from NAMED_FIELDS
    yield from REGIMES.values()
    yield NOT_TRUE
    yield from ROLES.values()
    yield from INSTRUMENTS.values()
    yield from LEVELS.values()
    yield from SHOWN.values()
    yield from CRITERIA.values()
    yield from STEPS.values()
    states = {s for m in ALL for row in m.rows if row.to not in ("stays", "the state before") for s in [row.to]}
    states |= {s for m in ALL for alone in m.alone for s in [alone.to]} | {"DRAFT", "-"}
    regions = set(REGIONS.findall((ROOT / "ledger/law/record_checks/regions.py").read_text())) - {"REG"}
    yield from (words(s) for s in sorted(states | regions | {str(v) for v in ClockVerdict}))
    yield from (name.replace("_", " ") for name in AT_REST)


def parts_of(message: Message) -> Iterator[str]:
    """Yield the patterns of the messages that are joined in one."""
    yield from (part.id for part in message.values if isinstance(part, Message))


def _next_steps() -> Iterator[str]:
    """Yield what is missing, by each row of the tables of next steps."""
    for module in walk_packages(next_steps.__path__, f"{next_steps.__name__}."):
        yield from _lacks(vars(import_module(module.name)).values())


def _lacks(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        if isinstance(value, Remedy):
            yield value.lacks
        elif isinstance(value, dict):
            yield from _lacks(value.values())
        elif isinstance(value, tuple):
            yield from _lacks(value)


def left_in_english(text: str, lang: str) -> list[str]:
    """Return the English parts of a text in another language: two or more words of a message, in this order.

    Not counted is what stays English by design: names of fields, and what is declared before a foreign court.
    """
    text = re.sub(r"\s+", " ", text)
    for kept in sorted(_declared(), key=len, reverse=True):
        text = text.replace(kept, " ")
    words = set(WORD.findall(text))
    return [p for p, its in _english_parts(lang) if its <= words and re.search(rf"\b{re.escape(p)}\b", text)]


@cache
def _english_parts(lang: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return the parts of messages, of two or more words, that no translation and no field name contains.

    Each is given with its words.
    """
    said = " ".join(translation(lang).messages.values())
    parts = {part.strip(" ,.;:()") for m in messages() for part in PLACE.split(m)[::2]}
    fields = {name.replace("_", " ") for kind in KINDS.values() for name in kind.fields()}
    ours = (p for p in parts if " " in p and p not in said and p not in fields and re.search("[a-z]{3}", p))
    return tuple((p, frozenset(WORD.findall(p))) for p in sorted(ours))


def _declared() -> Iterator[str]:
    """Return the words of certificates that stay in the language of their court."""
    yield from (rule.oath for rule in RULES.values())
    yield from REGULAR
    yield from ("Part A: the party", "Part B: the expert", "Place, date and time", "Name and designation")
    for line in source_of_a_copy():
        yield from (line.label, *line.ticks)
    yield from ("I certify that", "I certify", "as qualified person", "the comparison above", "the process above")
    yield from ("Hash values obtained by", "the values stand in the table above", "no hash value is on record")


def updated(file: Path, lang: str) -> bytes:
    """Return the catalogue of a language: translated messages kept, new ones empty, old ones removed."""
    held = Catalog(locale=lang)
    if file.exists():
        with file.open("rb") as old:
            held = read_po(old, locale=lang)
    made = Catalog(
        locale=lang,
        fuzzy=False,
        header_comment="# Comity in another language: docs/how-to/add-a-language.md.",
        project="Comity",
        version="0.1.0",
    )
    for context, m in (*(("", m) for m in messages()), *with_context()):
        known = held.get(m, context or None)
        made.add(m, known.string if known is not None else "", context=context or None)
    out = io.BytesIO()
    write_po(out, made, width=120, omit_header=False, sort_output=False)
    # Dates and tools in the header would change the bytes with every run.
    return re.sub(
        rb'^"(POT-Creation-Date|PO-Revision-Date|Generated-By|Last-Translator|Report-Msgid-Bugs-To|Language-Team):[^\n]*\n',
        b"",
        out.getvalue(),
        flags=re.M,
    )


if __name__ == "__main__":
    for catalogue in sorted((HERE / "locale").glob("*/LC_MESSAGES/comity.po")):
        catalogue.write_bytes(updated(catalogue, catalogue.parts[-3]))
