"""Collect every message of a report for translators: `make messages`. No report imports this.

There are three sources: the templates, whose words are marked `_("...")`; our sentences in Python, read from the syntax
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

from ledger.facts import KINDS, WHY
from ledger.facts.value_forms import Form, IntegerForm, ListForm, MapForm, ObjectForm, TextForm
from ledger.facts.vocabulary import GROUNDS, INSTRUMENTS, ROLES
from ledger.facts.words import CODE_LISTS
from ledger.law import FINDING_RULES, ClockVerdict, next_steps
from ledger.law.deadlines.table import REGISTER
from ledger.law.next_steps.step import Remedy
from ledger.law.record_checks.regions import AT_REST
from ledger.law.rules.order_contents import CONTENTS, WORDS
from ledger.law.states import ALL
from ledger.law.terms.rule import LEVELS
from ledger.verify.claims import NOT_TRUE
from projections.drawings.timeline import in_few_words, kinds_in_words
from projections.render.translation import PLACE, translation
from projections.reports.certificates import REGULAR, RULES, source_of_a_copy
from projections.reports.custody_report import STEPS
from projections.reports.data_protection.office_record import CONTENTS as RECORD_CONTENTS
from projections.reports.evidence_chain_report import SHOWN
from projections.reports.front_page import words
from projections.reports.history import NAMED_FIELDS, NOTHING_SINCE, ONLY_IF, THIS_ORDER
from projections.reports.letters.wording import WORDS as LETTER_WORDS
from projections.reports.order_form.parts import ANNEX, ANNEX_I, ANNEX_II, FOR_AUTHORITY, LABELS, PARAGRAPHS
from projections.sentences.kinds import PATTERNS
from projections.sentences.sentence import MESSAGES, says
from projections.views.completeness import ADVICE
from projections.views.evidence_chain import CRITERIA

ROOT: Final = Path(__file__).parents[2]
HERE: Final = ROOT / "projections"
TEMPLATES: Final = (
    *("layout", "report", "words", "custody", "evidence-chain", "dpo", "audit", "stages", "replay", "sheet"),
    *("numbers", "stats", "statistics", "letter", "ledgers"),
)
SAID: Final = re.compile(r"\b(?:say|says|word|counted)\(")  # the marks of words in the templates of PDF reports
TOKEN: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|[()]')
WORD: Final = re.compile(r"\w+")
SOURCES: Final = (
    "projections/reports/history.py",
    "projections/reports/custody_report.py",
    "projections/reports/evidence_chain_report.py",
    "projections/reports/front_page.py",
    "projections/reports/audits/ledgers_report.py",
    "projections/reports/hearing/hearing_bundle.py",
    "projections/reports/signature_note.py",
    "projections/views/custody.py",
    "ledger/law/terms/periods.py",
    "projections/drawings/timeline.py",
    "projections/drawings/custody_chain.py",
    "projections/drawings/deadline_bars.py",
    "projections/drawings/bar_chart.py",
    "projections/render/pictures.py",
    "projections/reports/ledger_report.py",
    "projections/reports/data_protection/processing_record.py",
    "projections/reports/data_protection/dpo_questions.py",
    "projections/reports/recipients.py",
    "projections/views/timeline.py",
    "projections/views/known_at.py",
    "projections/reports/order_form/make.py",
    "projections/reports/order_form/parts.py",
    "projections/reports/certificates.py",
    "projections/views/completeness.py",
    "projections/drawings/charts.py",
    "projections/statistics/counting.py",
    "projections/views/replaced.py",
    "projections/statistics/forms.py",
    "projections/statistics/report.py",
    "projections/reports/data_protection/office_record.py",
    *(f"projections/reports/letters/{name}.py" for name in ("parts", "notice", "access", "erasure", "wording")),
    "cli/reports/order_report.py",
    "cli/reports/court_folder.py",
    "cli/reports/ledger_report.py",
    "cli/reports/integrity.py",
    "cli/session/proven_times.py",
    "cli/reports/statistics_report.py",
    "ledger/law/admissibility/criteria.py",
    "ledger/law/record_checks/open_duties.py",
    "ledger/law/terms/calendar.py",
    "ledger/law/terms/computation.py",
    "ledger/law/deadlines/deadline_base.py",
)
# Sentences and phrases: two adjacent words in small letters, except commands, citations and lists of names.
PHRASE: Final = re.compile(r"[a-z\}][a-z'’]*[,:]? (?:[a-z\{A-Z]|\d)")
NEITHER: Final = re.compile(
    r"comity|(?<!with )--|pdfdetach|unzip|sha256sum|^\S+:\S+,|[a-z]_[a-z]|^[a-z-]+-[a-z]+ [a-z]+-|^noqa|\|"
    "|controller-described|erasure-decided:|^<"
)
REGIONS: Final = re.compile(r'"([A-Z][A-Z_]{2,})"')
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
    found = dict.fromkeys((*_templates(), *_papers(), *_sources(), *_sheets(), *_law(), *SMALL))
    return tuple(m for m in found if re.search("[A-Za-z]{2}", re.sub(r"{[0-9]}", "", m)))


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
    for source in SOURCES:
        tree = ast.parse((ROOT / source).read_text())
        yield from (
            m.strip() if m.endswith(".") else m for m in spoken(tree) if PHRASE.search(m) and not NEITHER.search(m)
        )


def spoken(node: ast.AST) -> Iterator[str]:
    """Return the texts of a syntax tree except docstrings, each with its places numbered."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
        node.body = node.body[1:]
    texts = _texts(node)
    if texts is not None:
        yield from map(_numbered, texts)
        return
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.keyword) and child.arg == "help"):
            yield from spoken(child)


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
    """Return the short words of sheets and statistics that are not sentences: titles, labels, boxes, heads, rows."""
    for source in (
        "reports/order_form/make",
        "reports/order_form/parts",
        "reports/certificates",
        "reports/data_protection/office_record",
        "statistics/forms",
    ):
        for node in ast.walk(ast.parse((HERE / f"{source}.py").read_text())):
            match node:
                case ast.Call(
                    func=ast.Name(id="FormLine" | "FormSection" | "Selection" | "TablePlan"),
                    args=[first, *_],
                    keywords=more,
                ):
                    ticks = [
                        k.value for k in more if k.arg in ("ticks", "cite", "took") and source != "statistics/forms"
                    ]
                    for argument in (first, *ticks):
                        yield from _numbered_texts(argument)
                case ast.Assign(targets=[ast.Name(id="heads")], value=argument):
                    yield from _numbered_texts(argument)
                case ast.Call(func=ast.Name(id="FormTable"), args=[_, ast.Tuple() as argument, *_]):
                    yield from _numbered_texts(argument)
    parts = (*ANNEX_I, FOR_AUTHORITY, *ANNEX_II)
    yield from (part.title for part in parts)
    yield from (*LABELS.values(), *ANNEX.values(), *PARAGRAPHS.values())
    yield from (rule.title for rule in RULES.values())
    yield from (p.when.__doc__ or "" for points in CONTENTS.values() for p in points if p.when is not None)
    yield from ADVICE.values()


def _numbered_texts(node: ast.AST) -> Iterator[str]:
    """Return the texts of a call's argument, or of each item of a tuple."""
    for item in node.elts if isinstance(node, ast.Tuple) else (node,):
        yield from map(_numbered, _texts(item) or ())


def _law() -> Iterable[str]:
    yield from (_placed(c.says) for c in FINDING_RULES if not c.says.startswith("Missing in the order"))
    yield from (word for said in WORDS.values() for word in said.split(" or "))
    yield from (word for table in LETTER_WORDS for word in table.values())
    yield from (ground.says for ground in GROUNDS.values())
    yield from (word for each in CODE_LISTS.values() for word in each.words.values())
    yield from (content.label for content in RECORD_CONTENTS)
    yield from _next_steps()
    yield from (says(kind) for kind in KINDS)
    yield from (each for fact in KINDS.values() for each in fact.says.split(". ", 1)[1:])  # forms have them all
    yield from (in_few_words(kind) for kind in KINDS)
    for field in (*(field for fact in KINDS.values() for field in fact.fields().values()), WHY):
        yield from re.split(r"(?<=\.) ", field.says)
        yield from _expected(field.form)
    yield from ("the role in which the signer acts", "a list, each item {0}")
    yield from ("{0}, without control or bidi-control characters", "{0}, in Unicode normalisation form C")
    yield from ("{0}, without {1}, which Unicode 14.0 does not have", "{0}, without {1}, which has no shape of its own")
    for deadline in REGISTER:
        yield from (kinds_in_words(deadline.met_by), deadline.acts)
    yield from PATTERNS.values()
    yield from MESSAGES
    yield from NAMED_FIELDS
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


def _expected(form: Form) -> Iterator[str]:
    """Yield the words for the forms of the single values in a form; a closed list of codes has words for each code."""
    match form:
        case TextForm(values=()) | IntegerForm():
            yield form.expected
        case ListForm():
            yield from _expected(form.item)
        case ObjectForm():
            for member in form.members.values():
                yield from _expected(member)
        case MapForm():
            yield from (form.expected, form.key.expected, form.item.expected)


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


def _placed(says: str) -> str:
    """Return a sentence with named places as one with numbered places."""
    return _numbered(re.sub(r"\{\w+\}", "\0", says))


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
    for m in messages():
        known = held.get(m)
        made.add(m, known.string if known is not None else "")
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
