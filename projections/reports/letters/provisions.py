"""The provisions that ask for each content of a letter: by content, letter and act.

Directive (EU) 2016/680 (LED) arts 13 to 16 and Regulation (EU) 2023/1543 (EPOC) arts 13, 18: [text]. Regulation (EU)
2016/679 (GDPR) arts 12, 14, 15 and CETS 224 (2AP) art. 14(11) to (13): [known]. 18 U.S.C. 2705(a): [text].
docs/reference/letters.md has the same table in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Provisions = Mapping[str, str]  # act -> provision

PROVISIONS: Final[Mapping[str, Mapping[str, Provisions]]] = {
    "controller": {
        "notice": {"LED": "LED:13(1)(a)"},
        "access": {"LED": "LED:14(e)", "GDPR": "GDPR:15(1)(e)", "2AP": "2AP:14(12)(a)(i)"},
        "erasure": {"LED": "LED:16(4)", "GDPR": "GDPR:12(4)", "2AP": "2AP:14(12)(b)"},
    },
    "dpo": {
        "notice": {"LED": "LED:13(1)(b)"},
        "access": {"LED": "LED:13(1)(b)", "GDPR": "GDPR:14(1)(b)"},
        "erasure": {"LED": "LED:13(1)(b)", "GDPR": "GDPR:14(1)(b)"},
    },
    "purposes": {
        "notice": {"LED": "LED:13(1)(c)", "2AP": "2AP:14(11)(a)"},
        "access": {"LED": "LED:14(a)", "GDPR": "GDPR:15(1)(a)", "2AP": "2AP:14(12)(a)(i)"},
    },
    "basis": {
        "notice": {"LED": "LED:13(2)(a)", "2AP": "2AP:14(11)(a)"},
        "access": {"LED": "LED:14(a)", "2AP": "2AP:14(12)(a)(i)"},
    },
    "period": {
        "notice": {"LED": "LED:13(2)(b)", "2AP": "2AP:14(11)(a)"},
        "access": {"LED": "LED:14(d)", "GDPR": "GDPR:15(1)(d)", "2AP": "2AP:14(12)(a)(i)"},
    },
    "recipients": {
        "notice": {"LED": "LED:13(2)(c)", "2AP": "2AP:14(11)(a)"},
        "access": {"LED": "LED:14(c)", "GDPR": "GDPR:15(1)(c)", "2AP": "2AP:14(12)(a)(i)"},
    },
    "safeguards": {
        "notice": {"LED": "LED:13(2)(c)"},
        "access": {"LED": "LED:14(c)", "GDPR": "GDPR:15(2)"},
    },
    "data": {
        "access": {"LED": "LED:14(g)", "GDPR": "GDPR:15(3)", "2AP": "2AP:14(12)(a)(i)"},
    },
    "complaint": {
        "notice": {"LED": "LED:13(1)(d)", "2AP": "2AP:14(11)(a)"},
        "access": {"LED": "LED:14(f)", "GDPR": "GDPR:15(1)(f)", "2AP": "2AP:14(12)(a)(i)"},
        "erasure": {"LED": "LED:16(4)", "GDPR": "GDPR:12(4)", "2AP": "2AP:14(12)(b)"},
    },
    "remedies": {
        "notice": {"EPOC": "EPOC:13(3)", "2AP": "2AP:14(13)"},
        "access": {"EPOC": "EPOC:18(1)"},
        "erasure": {"EPOC": "EPOC:18(1)"},
    },
    "outcome": {
        "erasure": {"LED": "LED:16(2)", "GDPR": "GDPR:17(1)", "2AP": "2AP:14(12)(a)(ii)"},
    },
    "restriction": {
        "erasure": {"LED": "LED:16(3)", "GDPR": "GDPR:18(1)", "2AP": "2AP:14(12)(a)(ii)"},
    },
    "reasons": {
        "erasure": {"LED": "LED:16(4)", "GDPR": "GDPR:12(4)", "2AP": "2AP:14(12)(b)"},
    },
}
