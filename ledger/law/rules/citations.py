"""Read a citation such as `EPOC:10(2)`: its act, its provision in words, and its stable identifiers.

Acts of the Union have an ELI (European Legislation Identifier), down to the paragraph and point where a citation names
one: `http://data.europa.eu/eli/reg/2023/1543/art_10/par_2/oj`. Treaties have their number in the series of the Council
of Europe, statutes of the United States their path in USLM, a statute of the United Kingdom its URI, standards a URN
(RFC 5141). A source without any of them is shown in its own words.
"""

from __future__ import annotations

import re
from functools import cache

from msgspec import Struct

from ledger.law.rules.acts import ACTS

ELI = "http://data.europa.eu/eli"
UNION = {  # code -> type, year and number in an ELI
    "EPOC": "reg/2023/1543",
    "2025/1550": "reg_impl/2025/1550",
    "1182/71": "reg/1971/1182",
    "LED": "dir/2016/680",
    "GDPR": "reg/2016/679",
    "eIDAS": "reg/2014/910",
}
UK_ACT = "http://www.legislation.gov.uk/id/ukpga/2019/5"  # 2019 c. 5
NAMES = {  # acts that kinds of facts cite and no rule rests on
    "eIDAS": "Regulation (EU) No 910/2014",
    "ISO27042": "ISO/IEC 27042:2015",
}
POINTS = {("EPOC", "3"), ("GDPR", "4"), ("LED", "3")}  # articles of definitions: their numbers are points
SERIES = {"2AP": "CETS 224", "BC": "ETS 185", "ECHR": "ETS 5"}
URNS = {"ISO27037": "urn:iso:std:iso-iec:27037:ed-1", "ISO27042": "urn:iso:std:iso-iec:27042:ed-1"}
WORDS = {"SCA": "s.", "OPO": "s.", "FRE": "rule", "ACPO": "principle", "ISO27037": "clause", "ISO27042": "clause"}

_ARTICLE = re.compile(r"(?P<number>\d+[a-z]?)(?P<parts>(?:\([0-9A-Za-z]+\))*)(?P<more>-.*)?")
_ANNEX = re.compile(r"Annex(?P<number>[IVX]+)(?:\((?P<section>[A-Z])\))?")
_PART = re.compile(r"\(([0-9A-Za-z]+)\)")
_PUBLIC_LAW = re.compile(r"Pub\. L\. (\d+)-(\d+)")


class Citation(Struct, frozen=True):
    """A citation read: `act` is its name, `provision` the place in words, empty for the whole act or another source.

    `eli` is the identifier of an act of the Union, `id` that of another source; None where there is none.
    """

    cite: str
    act: str
    provision: str
    eli: str | None = None
    id: str | None = None


@cache
def citation(cite: str) -> Citation:
    """Return a citation read; every text gives one, and a source that is no act keeps its words."""
    code, _, place = cite.partition(":")
    name = ACTS[code].says if code in ACTS else NAMES.get(code)
    if name is None:
        law = _PUBLIC_LAW.fullmatch(cite)
        return Citation(cite, cite, "", id=f"/us/pl/{law[1]}/{law[2]}" if law else None)
    return Citation(cite, name, _words(code, place), _eli(code, place), _id(code, place))


def _words(code: str, place: str) -> str:
    if not place:
        return ""
    if annex := _ANNEX.fullmatch(place):
        return f"Annex {annex['number']}" + (f", section {annex['section']}" if annex["section"] else "")
    if code == "2025/1550" and "." in place:
        return f"point {place}"
    return f"{WORDS.get(code, 'art.')} {place}"


def _eli(code: str, place: str) -> str | None:
    """Return the ELI down to the last part that the citation names for certain; of a range, the whole article."""
    if code not in UNION:
        return None
    parts = [ELI, UNION[code]]
    if annex := _ANNEX.fullmatch(place):
        parts.append(f"anx_{annex['number']}")
    elif (article := _ARTICLE.fullmatch(place)) and "." not in place:
        parts.append(f"art_{article['number']}")
        if not article["more"]:
            kind = "pnt" if (code, article["number"]) in POINTS else "par"
            for part in _PART.findall(article["parts"]):
                parts.append(f"{kind if part.isdecimal() else 'pnt'}_{part}")
    return "/".join((*parts, "oj"))


def _id(code: str, place: str) -> str | None:
    if code == "SCA" and (section := _ARTICLE.fullmatch(place)):
        return "/".join(("/us/usc/t18", f"s{section['number']}", *_PART.findall(section["parts"])))
    if code == "OPO" and (section := _ARTICLE.fullmatch(place)):
        return "/".join((UK_ACT, f"section/{section['number']}", *_PART.findall(section["parts"])))
    if code in SERIES:
        return f"{SERIES[code]} {_words(code, place)}".rstrip()
    return URNS.get(code)
