"""The same facts, as this or that court asks for them: which criteria answer which test of the forum.

A sheet maps the questions of a forum to A1-A8. It repeats what the record shows and lacks, and leaves the answer to the
court: nothing here says that evidence is admitted. Cases and rules with how they were read; not legal advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec import Struct

from ledger.law.admissibility.criteria import Criterion
from ledger.law.terms.rule import CriterionState, Mark


@dataclass(frozen=True, slots=True)
class ForumQuestion:
    """One test of a forum: its source, what it asks, which criteria of the record speak to it, and what stays open."""

    cite: str
    asks: str
    criteria: tuple[str, ...]
    mark: Mark
    leaves: str = ""  # what the record cannot answer


@dataclass(frozen=True, slots=True)
class Forum:
    """A court system or line of case law with its questions, in the order in which they are usually put."""

    code: str
    name: str
    questions: tuple[ForumQuestion, ...]


FORUMS = {
    forum.code: forum
    for forum in (
        Forum(
            "US",
            "United States, federal courts",
            (
                ForumQuestion(
                    "FRE 901(a)",
                    "Is there enough to support a finding that the item is what its proponent says it is?",
                    ("A1", "A3"),
                    Mark.KNOWN,
                ),
                ForumQuestion(
                    "FRE 901(b)(9), 902(13)",
                    "Was the record made by an electronic process that produces an accurate result?",
                    ("A1", "A2"),
                    Mark.TEXT,
                    "a certification by a qualified person as 902(11) or (12) asks for it, with the notice of 902(11)",
                ),
                ForumQuestion(
                    "FRE 902(14)",
                    "Is the copy shown to be identical by a process of digital identification?",
                    ("A2", "A3"),
                    Mark.TEXT,
                    "the certification of the comparison; it authenticates only",
                ),
                ForumQuestion(
                    "FRE 803(6)(A)",
                    "Was the record made at or near the time of the event?",
                    ("A6",),
                    Mark.KNOWN,
                    "regular practice of the business",
                ),
                ForumQuestion(
                    "18 U.S.C. 3505",
                    "Foreign record of regular activity in a criminal case: is there a foreign certification?",
                    ("A1", "A6"),
                    Mark.TEXT,
                    "that a false declaration would be punished under the law of the country where it is signed; "
                    "written notice at the arraignment or as soon after as practicable; an objection not made "
                    "before trial is waived; 902(12) is for civil cases",
                ),
                ForumQuestion(
                    "Sanchez-Llamas v. Oregon, 548 U.S. 331 (2006)",
                    "Was a treaty not kept? As such that does not suppress evidence.",
                    ("A5",),
                    Mark.KNOWN,
                ),
            ),
        ),
        Forum(
            "GB",
            "England and Wales",
            (
                ForumQuestion(
                    "Criminal Justice Act 2003 s. 117, s. 129, s. 133",
                    "Is the document a business record, and the copy authenticated as the court approves?",
                    ("A1", "A2"),
                    Mark.TEXT,
                ),
                ForumQuestion(
                    "PACE 1984 s. 78",
                    "Would admission harm the fairness of the proceedings, given how the evidence was obtained?",
                    ("A4", "A5", "A7", "A8"),
                    Mark.KNOWN,
                    "the balance is the court's",
                ),
                ForumQuestion(
                    "Common-law presumption that a computer worked properly (PACE s. 69 repealed, YJCEA 1999 s. 60)",
                    "Is there evidence to the contrary?",
                    ("A2", "A3"),
                    Mark.KNOWN,
                    "the presumption is under review; its outcome is not known here",
                ),
                ForumQuestion(
                    "CPIA 1996",
                    "Was the defence given what undermines the prosecution or assists it?",
                    ("A8",),
                    Mark.KNOWN,
                ),
                ForumQuestion(
                    "ACPO principles 1, 3 and 4",
                    "Was nothing changed, is there an audit trail a third party can follow to the same result?",
                    ("A2", "A3", "A8"),
                    Mark.TEXT,
                ),
            ),
        ),
        Forum(
            "DE",
            "Germany",
            (
                ForumQuestion(
                    "StPO s. 249(1) sentence 2, s. 261",
                    "Can the electronic document be read out, and what is it worth?",
                    ("A1", "A2"),
                    Mark.TEXT,
                    "the free evaluation of evidence is the court's",
                ),
                ForumQuestion(
                    "BGH 5 StR 457/21 (2 March 2022)",
                    "Does the balance of interests forbid the use of what came from abroad?",
                    ("A4", "A5"),
                    Mark.LIKELY,
                    "no general exclusion; the foreign measure is not reviewed in full",
                ),
                ForumQuestion(
                    "BVerfG 2 BvR 684/22 (1 November 2024)",
                    "Use of evidence from mutual assistance is judged by national law: was it kept?",
                    ("A4", "A5", "A7"),
                    Mark.TEXT,
                ),
                ForumQuestion(
                    "BVerfG 2 BvR 625/25",
                    "Do reports on collection and transmission show where the data come from?",
                    ("A1", "A3"),
                    Mark.TEXT,
                ),
                ForumQuestion("StPO s. 147", "Could the defence inspect the files?", ("A8",), Mark.KNOWN),
            ),
        ),
        Forum(
            "EU",
            "Courts of the Union and of its Member States",
            (
                ForumQuestion(
                    "CJEU C-670/22 M.N., paras 130-131",
                    "Can the person comment effectively on evidence likely to weigh preponderantly?",
                    ("A8",),
                    Mark.KNOWN,
                    "if not, national courts must disregard it",
                ),
                ForumQuestion(
                    "CJEU C-670/22 M.N., operative part 1 and 4",
                    "Could the issuing authority have ordered this at home, and was the other State notified?",
                    ("A4", "A5"),
                    Mark.TEXT,
                ),
                ForumQuestion(
                    "CJEU C-746/18 Prokuratuur",
                    "Were traffic data obtained after prior review by a court or an independent body?",
                    ("A4",),
                    Mark.KNOWN,
                ),
                ForumQuestion(
                    "CJEU C-548/21 Bezirkshauptmannschaft Landeck (4 October 2024)",
                    "Was there prior review, and was the person told once that harmed the investigation no more?",
                    ("A4", "A7"),
                    Mark.KNOWN,
                    "an infringement does not by itself decide on the evidence; national law does",
                ),
                ForumQuestion(
                    "Regulation (EU) 2023/1543 art. 18",
                    "Is there an effective remedy, and are rights of defence respected when the evidence is assessed?",
                    ("A5", "A8"),
                    Mark.TEXT,
                ),
                ForumQuestion(
                    "Regulation (EU) No 910/2014 arts 25, 35, 41, 46",
                    "Is the electronic form, seal or time stamp given the effect it has?",
                    ("A1", "A2", "A6"),
                    Mark.TEXT,
                    "a presumption needs a qualified trust service",
                ),
            ),
        ),
        Forum(
            "ECHR",
            "European Court of Human Rights",
            (
                ForumQuestion(
                    "Yalcinkaya v. Turkiye [GC], 15669/20 (26 September 2023)",
                    "If raw data were not disclosed, was that counterbalanced, and could integrity be tested?",
                    ("A2", "A8"),
                    Mark.TEXT,
                    "the more the defence depends on the authorities, the more the court must examine",
                ),
                ForumQuestion(
                    "Bykov v. Russia [GC], 4378/02, paras 88-90",
                    "What is the quality of the evidence, and could it be challenged?",
                    ("A1", "A2", "A8"),
                    Mark.KNOWN,
                ),
                ForumQuestion(
                    "Article 8 ECHR",
                    "Was the interference in accordance with the law?",
                    ("A4", "A7"),
                    Mark.KNOWN,
                ),
                ForumQuestion(
                    "Sigurdur Einarsson v. Iceland (2019); Rook v. Germany (2019)",
                    "Did the defence have access to the whole of the data and a say in how it was searched?",
                    ("A8",),
                    Mark.KNOWN,
                ),
            ),
        ),
    )
}


class ForumAnswer(Struct, frozen=True):
    """One question of a forum: what the record shows on each criterion that speaks to it, and what stays open."""

    cite: str
    asks: str
    criteria: dict[str, CriterionState]
    mark: Mark
    leaves: str


class ForumSheet(Struct, frozen=True):
    """The questions of one forum, in the order in which they are usually put."""

    code: str
    name: str
    questions: tuple[ForumAnswer, ...]


def sheet(criteria: Mapping[str, Criterion], code: str) -> ForumSheet:
    """Return the questions of a forum with the states of the criteria A1 to A8; KeyError for an unknown forum."""
    forum = FORUMS[code.upper()]
    return ForumSheet(
        forum.code,
        forum.name,
        tuple(
            ForumAnswer(q.cite, q.asks, {name: criteria[name].state for name in q.criteria}, q.mark, q.leaves)
            for q in forum.questions
        ),
    )
