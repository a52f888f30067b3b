"""The rules in force as a lawyer reads and corrects them: in the order of the law, every rule with its mark."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape
from itertools import groupby

from ledger.facts.vocabulary import INSTRUMENTS
from ledger.law.provisions import RULES, Provision

HEADINGS = {
    "act": "Acts",
    "policy": "How time is counted",
    "finding": "Findings",
    "deadline": "Clocks",
    "element": "What an order states",
    "transition": "How the state moves",
}
MARKS = {
    "text": "the wording of the provision was read",
    "known": "certain from knowledge, not verified against the text",
    "likely": "believed right; check it before you rely on it",
    "design": "a choice of this project; no source claims it",
}
_STYLE = """
body{font:16px/1.5 Georgia,serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111}
h1,h2{line-height:1.2} code{overflow-wrap:anywhere} table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-bottom:1px solid #bbb}
th{font-weight:600} td:first-child{white-space:nowrap;font-family:ui-monospace,monospace;font-size:.9em}
dl{margin:.2rem 0 0;font-size:.9em} dt{font-style:italic;display:inline} dd{display:inline;margin:0 0 0 .2rem}
dd::after{content:"\\A";white-space:pre} .correct{min-width:8rem}
td:nth-child(4){white-space:nowrap} @media screen and (max-width:50rem){table{display:block;overflow-x:auto}}
@media print{body{font-size:10pt;max-width:none;margin:0} thead{display:table-header-group} tr{break-inside:avoid}}
"""
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)


def rulebook(about: str | None = None) -> list[Provision]:
    """Return all rules in the order of the law, or the rules about something; empty if there is none.

    `about` is an instrument under which they can apply, the id of one rule, or a provision that they rest on.
    """
    if about is None or about in INSTRUMENTS:
        return [r for r in RULES if about is None or not r.instruments or about in r.instruments]
    return [r for r in RULES if r.id == about] or [
        r for r in RULES if any(cite == about or cite.startswith(f"{about}(") for cite in r.cite)
    ]


def rulebook_page(rules: Sequence[Provision], digest: str) -> str:
    """Return one HTML page without script or network: the rules with an empty column in which to correct them."""
    marks = "".join(f"<dt>[{m}]</dt> <dd>{escape(says)}</dd>" for m, says in MARKS.items())
    sections = "".join(_section(kind, list(part)) for kind, part in groupby(rules, key=lambda r: r.kind))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Rules in force</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>'
        f"<h1>Rules in force</h1><p>{len(rules)} rules; digest <code>{digest}</code>. A model of the law, not legal "
        f"advice: print it, correct it, send it back.</p><dl>{marks}</dl>{sections}</main></body></html>\n"
    )


def _section(kind: str, rules: Iterable[Provision]) -> str:
    rows = "".join(
        f"<tr><td>{escape(r.id)}</td><td>{escape(r.says)}{_detail(r)}</td>"
        f"<td>{escape(', '.join(r.cite))}</td><td>{r.since or ''}</td><td>[{r.mark}]</td><td></td></tr>"
        for r in rules
    )
    heads = "".join(
        f'<th scope="col"{extra}>{name}</th>'
        for name, extra in (
            *(("rule", ""), ("says", ""), ("citation", ""), ("since", ""), ("mark", "")),
            ("correction", ' class="correct"'),
        )
    )
    return f"<h2>{HEADINGS[kind]}</h2><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _detail(rule: Provision) -> str:
    shown = [(name, value) for name, value in rule.detail if value]
    if not shown:
        return ""
    return "<dl>" + "".join(f"<dt>{escape(n)}:</dt> <dd>{escape(v)}</dd>" for n, v in shown) + "</dl>"
