"""The book of rules as two HTML pages without script: the rules in force, and what of each article has no rule."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup

from ledger.law.provisions import RULES, Provision
from ledger.law.rules.acts import ACTS
from ledger.law.wording import TEXTS
from projections.render.html import based, environment, source
from projections.render.html import digest as csp_digest
from projections.views.rulebook import MARKS, Coverage, anchor, book

RULES_TITLE = "Rules in force"
GAPS_TITLE = "What has no rule"


def rulebook_page(rules: Sequence[Provision], digest: str, gaps: str = "") -> str:
    """Return the rules by act and article with an empty line under each in which to correct it.

    `digest` is that of the rules in force, `gaps` the file name of the other page, empty where there is none.
    """
    return _page("rulebook.html.j2", RULES_TITLE, acts=book(rules), count=len(rules), digest=digest, gaps=gaps)


def coverage_page(articles: Sequence[Coverage], digest: str, rules: str = "") -> str:
    """Return every listed article, its rules and what has none; `rules` is the file name of the other page."""
    acts = [(TEXTS[code], list(some)) for code, some in groupby(articles, key=lambda a: a.act)]
    bare = sum(not a.rules for a in articles)
    return _page(
        "coverage.html.j2",
        GAPS_TITLE,
        acts=acts,
        count=len(articles),
        bare=bare,
        digest=digest,
        rules=rules,
        anchor=anchors(),
        names={code: act.says for code, act in ACTS.items()},
    )


def anchors() -> dict[str, str]:
    """Return the anchor of each rule by its id; of two with one id the first."""
    found: dict[str, str] = {}
    for rule in RULES:
        found.setdefault(rule.id, anchor(rule.kind, rule.id))
    return found


def _page(template: str, title: str, **values: object) -> str:
    style = based("rulebook") + source("rulebook.css")
    policy = f"default-src 'none'; style-src '{csp_digest(style)}'; base-uri 'none'; form-action 'none'"
    return (
        environment("en")
        .get_template(template)
        .render(
            title=title,
            policy=Markup(policy),  # noqa: S704 - made here
            style=Markup(style),  # noqa: S704 - our own file
            marks=MARKS,
            **values,
        )
    )
