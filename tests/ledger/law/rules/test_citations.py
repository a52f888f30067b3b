"""Every citation of every rule is read: its act, its provision in words, and its ELI if it is an act of the Union."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.facts import KINDS
from ledger.law.deadlines.counting_policies import POLICIES
from ledger.law.provisions import RULES
from ledger.law.rules.citations import SERIES, UNION, citation
from ledger.law.terms.calendar import Days, eu_days
from ledger.law.terms.computation import computation

CITED = sorted({cite for rule in RULES for cite in rule.cite} | {b for kind in KINDS.values() for b in kind.basis})
# Sources that are no provision of an act: shown in their own words.
PLAIN = {policy.source for policy in POLICIES.values()} | {"ACPO", "ISO/IEC", "Pub. L. 93-595", "Pub. L. 99-508"}
FORM = re.compile(
    r"http://data\.europa\.eu/eli/(reg|reg_impl|dir)/\d{4}/\d+"
    r"(/art_\d+[a-z]?(/par_\d+)?(/pnt_[0-9a-z]+)*|/anx_[IVX]+)?/oj"
)


@pytest.mark.parametrize("cite", CITED)
def test_a_citation_of_a_rule_or_kind_is_read(cite: str) -> None:
    read = citation(cite)
    assert read.cite == cite
    if cite in PLAIN or ":" not in cite:
        return
    code = cite.partition(":")[0]
    assert read.act != cite, f"{code}: add the act to ACTS in ledger/law/rules/acts.py, and its ELI to citations.py"
    assert read.provision
    if code in UNION:
        assert read.eli is not None
        assert FORM.fullmatch(read.eli), read.eli
    else:
        assert read.eli is None
    if code in SERIES or code == "SCA":
        assert read.id


@pytest.mark.parametrize(
    ("cite", "eli"),
    [
        ("EPOC:10(2)", "http://data.europa.eu/eli/reg/2023/1543/art_10/par_2/oj"),
        ("EPOC:5(5)(a)", "http://data.europa.eu/eli/reg/2023/1543/art_5/par_5/pnt_a/oj"),
        ("EPOC:3(18)", "http://data.europa.eu/eli/reg/2023/1543/art_3/pnt_18/oj"),
        ("EPOC:10(2)-(4)", "http://data.europa.eu/eli/reg/2023/1543/art_10/oj"),
        ("EPOC:AnnexI(H)", "http://data.europa.eu/eli/reg/2023/1543/anx_I/oj"),
        ("2025/1550:3.3.3(b)", "http://data.europa.eu/eli/reg_impl/2025/1550/oj"),
        ("LED:4(1)(c)", "http://data.europa.eu/eli/dir/2016/680/art_4/par_1/pnt_c/oj"),
        ("EPOC", "http://data.europa.eu/eli/reg/2023/1543/oj"),
        ("GDPR:33", "http://data.europa.eu/eli/reg/2016/679/art_33/oj"),
        ("1182/71:3(2)(c)", "http://data.europa.eu/eli/reg/1971/1182/art_3/par_2/pnt_c/oj"),
    ],
)
def test_an_act_of_the_union_has_an_eli_down_to_the_point(cite: str, eli: str) -> None:
    assert citation(cite).eli == eli


@pytest.mark.parametrize(
    ("cite", "words", "id"),
    [
        ("2AP:7(5)(c)(i)-(ii)", "art. 7(5)(c)(i)-(ii)", "CETS 224 art. 7(5)(c)(i)-(ii)"),
        ("BC:29(7)", "art. 29(7)", "ETS 185 art. 29(7)"),
        ("SCA:2703(h)(2)", "s. 2703(h)(2)", "/us/usc/t18/s2703/h/2"),
        ("Pub. L. 99-508", "", "/us/pl/99/508"),
        ("OPO:9(1)", "s. 9(1)", "http://www.legislation.gov.uk/id/ukpga/2019/5/section/9/1"),
        ("ISO27037:6.1", "clause 6.1", "urn:iso:std:iso-iec:27037:ed-1"),
        ("FRE:902(13)", "rule 902(13)", None),
        ("EPOC:AnnexI(H)", "Annex I, section H", None),
        ("2025/1550:3.2", "point 3.2", None),
        ("the entry itself", "", None),
        ("EPOC", "", None),
        ("SCA", "", None),
        ("BC", "", "ETS 185"),
        ("ISO27037", "", "urn:iso:std:iso-iec:27037:ed-1"),
        ("ECHR:6", "art. 6", "ETS 5 art. 6"),
    ],
)
def test_another_source_has_its_words_and_its_own_identifier(cite: str, words: str, id: str | None) -> None:
    assert (citation(cite).provision, citation(cite).id) == (words, id)


@given(st.text())
def test_every_text_is_read(text: str) -> None:
    assert citation(text).cite == text


def test_the_citations_of_a_computation_have_elis() -> None:
    from datetime import UTC, datetime

    steps = computation(eu_days(datetime(2026, 10, 15, 9, 12, tzinfo=UTC), 10, Days("Europe/Dublin")))
    cited = [cite for step in steps for cite in step.cite]
    assert len(cited) > 3
    assert all(citation(cite).eli for cite in cited)
