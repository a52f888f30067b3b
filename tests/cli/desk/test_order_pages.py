"""Which paper of an order is made at once and which in the background, and what an access states."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

pytest.importorskip("starlette", reason="needs the extra `server`")

from cli.access.purposes import purpose_of
from cli.desk import order_pages
from cli.desk.order_pages import _away, _judged_now, forms, open_, paper, stated
from cli.desk.responses import HTML
from cli.exit_codes import Exit, Stop
from cli.reports.report_files import MEDIA
from ledger.law.judge import judge
from tests.cli.desk.test_desk import Sat, sat
from tests.support.cli import ledger_of
from tests.support.scenarios import given, issued

ORDER = "1b4e28ba"


class Background:
    """Reports that are made in the background; `kept` is the one that is finished."""

    def __init__(self, kept: bytes | None = None) -> None:
        self.kept, self.asked = kept, list[tuple[str, tuple[str, ...], int]]()

    def take(self, words: tuple[str, ...], size: int) -> bytes | None:
        self.asked.append(("take", words, size))
        return self.kept

    async def wait(self, words: tuple[str, ...], size: int) -> bytes:
        self.asked.append(("wait", words, size))
        return b"waited"


def asked(kind: str, form: str, entries: int, kept: bytes | None = None) -> tuple[Any, list[Any]]:
    """Ask a desk for a paper of an order with so many entries; return the answer, and what was asked in turn."""
    background = Background(kept)
    store = SimpleNamespace(head=lambda order: entries)
    desk: Any = SimpleNamespace(
        name=lambda order: f"<{order}>",
        reader=SimpleNamespace(store=store),
        case=lambda order: f"case {order}",
        background=background,
    )
    frame: Any = SimpleNamespace(size=77)
    return asyncio.run(paper(desk, frame, ORDER, kind, form)), background.asked


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_pages, "find_spec", lambda name: name == "typst")
    monkeypatch.setattr(order_pages, "_paper", lambda reader, case, *said, **more: ("at once", case, *said))
    monkeypatch.setattr(order_pages, "page", lambda *said, **more: ("being made", said[0], said[2], more))


@pytest.mark.parametrize("entries", [1, 39, 40])
@pytest.mark.parametrize(("kind", "form"), [("custody", "html"), ("dpo", "json"), ("replay", "html")])
def test_a_paper_of_up_to_forty_entries_is_made_at_once(kind: str, form: str, entries: int) -> None:
    assert asked(kind, form, entries) == (("at once", f"case {ORDER}", kind, form, f"<{ORDER}>"), [])


@pytest.mark.parametrize(
    ("kind", "words", "title"),
    [
        ("custody", ("report", "custody", ORDER, "--format", "html"), "Chain of custody"),
        ("replay", ("replay", ORDER, "--html", "-"), "Replay"),
    ],
)
def test_a_page_of_more_entries_is_made_beside_the_desk_and_asks_again_after_a_second(
    kind: str, words: tuple[str, ...], title: str
) -> None:
    answer, said = asked(kind, "html", 41)
    more = {"again": 1, "order": ORDER, "entries": 41}
    assert answer == ("being made", "desk_making.html.j2", f"{title} of <{ORDER}>", more)
    assert said == [("take", words, 77)]
    answer, said = asked(kind, "html", 41, b"finished")
    assert (answer.body, answer.media_type, said) == (b"finished", HTML, [("take", words, 77)])
    assert "content-disposition" not in answer.headers


@pytest.mark.parametrize(("form", "entries"), [("json", 41), ("pdf", 41), ("pdf", 1)])
def test_a_file_comes_when_it_is_finished_and_a_pdf_is_never_made_at_once(form: str, entries: int) -> None:
    answer, said = asked("custody", form, entries)
    assert (answer.body, said) == (b"waited", [("wait", ("report", "custody", ORDER, "--format", form), 77)])
    assert answer.media_type == MEDIA[form]
    assert answer.headers["content-disposition"] == f'attachment; filename="_{ORDER}_.custody.{form}"'


@pytest.mark.parametrize(
    ("kind", "form"), [("audit", "html"), ("custody", "xml"), ("replay", "json"), ("replay", "pdf"), ("", "")]
)
def test_there_is_no_other_paper(kind: str, form: str) -> None:
    with pytest.raises(Stop, match="there is no such paper") as stopped:
        asked(kind, form, 1)
    assert stopped.value.code is Exit.UNDECIDABLE


def test_without_the_extra_no_paper_is_a_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    assert forms() == ("html", "pdf", "json")
    monkeypatch.setattr(order_pages, "find_spec", lambda name: None)
    assert forms() == ("html", "json")
    with pytest.raises(Stop, match="there is no such paper"):
        asked("custody", "pdf", 1)


@pytest.mark.parametrize("entries", [99, 100, 101, 250])
def test_the_entries_before_the_last_hundred_are_on_other_pages(entries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_pages, "number", lambda entry, case: str(entry.index))
    (e,) = given(issued("2027-03-01T09:00Z")).case.entries
    days = (e.on, e.on + timedelta(days=1))  # entries come by their day first, then by the log
    recorded = tuple(replace(e, on=days[n % 2], index=n, leaf=f"{n:064x}") for n in range(entries))
    case: Any = SimpleNamespace(entries=recorded, order=ORDER)
    older = [n for day in (0, 1) for n in range(day, entries, 2)][: max(entries - 100, 0)]
    places = [at // 100 * 100 for at in range(len(older))]
    assert _away(case) == {str(n): f"/orders/{ORDER}/entries?from={p}" for n, p in zip(older, places, strict=True)}


def test_an_order_without_an_entry_has_no_page() -> None:
    with pytest.raises(Stop, match="nothing of this order is on record yet") as stopped:
        _judged_now(SimpleNamespace(entries=()), None)  # type: ignore[arg-type]
    assert stopped.value.code is Exit.UNDECIDABLE


# -- what an access states ---------------------------------------------------------------------------------------------


def desk(role: str | None = "ISS") -> Any:
    return SimpleNamespace(signer=None if role is None else SimpleNamespace(role=role), person="Dina")


@pytest.mark.parametrize(
    ("said", "role", "says", "code"),
    [
        ({"because": "  "}, "ISS", "none was given", Exit.REFUSED),
        ({}, "ISS", "none was given", Exit.REFUSED),
        ({"because": "trial", "purpose": "curiosity"}, "ISS", "no such purpose", Exit.UNDECIDABLE),
        ({"because": "trial"}, None, "nobody signs at this desk", Exit.REFUSED),
        ({"because": "trial", "purpose": "investigation"}, None, "nobody signs at this desk", Exit.REFUSED),
        ({"because": "trial"}, "CUST", "what the role CUST opens this for is not known", Exit.REFUSED),
    ],
)
def test_an_access_without_what_it_has_to_state_is_refused(
    said: dict[str, str], role: str | None, says: str, code: Exit
) -> None:
    with pytest.raises(Stop, match=says) as stopped:
        stated(desk(role), said, "dpo")
    assert stopped.value.code is code


def test_an_access_states_the_purpose_of_the_form_else_the_one_of_the_role_and_its_reader() -> None:
    found = stated(desk(), {"because": " trial ", "purpose": "supervision"}, "timeline")
    assert (found.because, found.purpose, found.person) == ("trial", "supervision", "Dina")
    assert stated(desk(), {"because": "trial"}, "timeline").purpose == "investigation"
    for reader in order_pages.AUDIENCES:
        expected = purpose_of("export", "ISS", reader)
        if expected is not None:
            assert stated(desk(), {"because": "trial"}, "export", reader).purpose == expected


@pytest.mark.parametrize("what", ["", "export", "replay", "timeline~"])
def test_only_what_the_desk_names_is_opened(what: str) -> None:
    with pytest.raises(Stop, match="there is nothing of that kind to open") as stopped:
        open_(desk(), None, ORDER, {"what": what, "because": "trial"})  # type: ignore[arg-type]
    assert stopped.value.code is Exit.UNDECIDABLE


# -- a bundle ----------------------------------------------------------------------------------------------------------


def entry(kind: str, reference: str | None = None) -> Any:
    return SimpleNamespace(kind=kind, get=lambda name: reference if name == "reference" else None)


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect the bundles that are asked for; none is made."""
    wanted: list[Any] = []

    def made(context: Any, one: Any) -> bytes:
        wanted.append((context, one))
        return b"bundle"

    monkeypatch.setattr(order_pages, "_made", made)
    return wanted


def bundled(said: dict[str, str], *entries: Any, label: str | None = None, signer: bool = True) -> Any:
    own: Any = SimpleNamespace(
        signer=SimpleNamespace(role="ISS") if signer else None,
        person="Dina",
        context="context",
        reader=SimpleNamespace(now=lambda: "now"),
    )
    case: Any = SimpleNamespace(order="0123456789", label=label, entries=entries)
    return asyncio.run(order_pages.bundle(own, case, {"audience": "CT", "because": "trial", **said}))


@pytest.mark.parametrize(
    ("entries", "label", "name"),
    [
        ([entry("order-issued", "PPO-1")], "main", "PPO-1"),
        (
            [entry("order-received", "no"), entry("order-issued", "PPO-1"), entry("order-issued", "PPO-2")],
            None,
            "PPO-1",
        ),
        ([entry("order-issued")], "main", "main"),
        ([entry("order-received", "no")], "main", "main"),
        ([entry("order-issued")], None, "01234567"),
        ([], None, "01234567"),
    ],
)
def test_a_bundle_has_the_number_of_the_order_its_label_or_a_part_of_its_id_as_its_name(
    entries: list[Any], label: str | None, name: str, handed: list[Any]
) -> None:
    answer = bundled({}, *entries, label=label)
    assert (answer.body, answer.media_type) == (b"bundle", "application/zip")
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}.CT.evidence.zip"'


@pytest.mark.parametrize(
    ("ticked", "unwitnessed"), [({}, False), ({"unwitnessed": "0"}, False), ({"unwitnessed": "1"}, True)]
)
def test_a_bundle_is_asked_for_as_the_form_says(ticked: dict[str, str], unwitnessed: bool, handed: list[Any]) -> None:
    bundled({"purpose": "supervision", **ticked})
    ((context, wanted),) = handed
    assert (context, wanted.unwitnessed, wanted.because, wanted.person) == ("context", unwitnessed, "trial", "Dina")
    asked = wanted.asked
    assert (asked.order, asked.audience, asked.purpose) == ("0123456789", "CT", "supervision")
    assert wanted.opener() is wanted.signer
    assert wanted.signer.role == "ISS"
    assert "tick the box" in wanted.otherwise


def test_a_bundle_for_no_audience_or_by_nobody_is_not_made(handed: list[Any]) -> None:
    for audience in ("", "NOBODY"):
        with pytest.raises(Stop, match="there is no such audience") as stopped:
            bundled({"audience": audience})
        assert stopped.value.code is Exit.UNDECIDABLE
    with pytest.raises(Stop, match="nobody signs at this desk"):
        bundled({}, signer=False)
    assert handed == []


# -- the pages of an order ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sat]:
    with ExitStack() as opened:
        yield sat(opened, ledger_of("S2", tmp_path_factory.mktemp("S2")))


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Collect the title and the values of each page."""
    said: list[Any] = []
    monkeypatch.setattr(order_pages, "page", lambda *words, **values: said.append((words[2], values)))
    return said


def frame(now: datetime) -> Any:
    return SimpleNamespace(now=now)


def test_the_page_of_an_order_counts_what_is_in_each_section(kept: Sat, shown: list[Any]) -> None:
    case = kept.reader.case(kept.reader.labels["main"])
    now = case.entries[-1].on + timedelta(days=40)
    order_pages.order_page(kept.desk, frame(now), case)
    ((title, values),) = shown
    assert title == (values["subject"].request.called or values["subject"].name)
    counts = {id: count for id, _, count in values["sections"]}
    assert counts == {
        "clocks": len(values["endings"]),
        "findings": len(values["findings"]),
        "custody": len(values["held"]),
        "story": len(case.entries),
        "papers": None,
    }
    assert [name for _, name, _ in values["sections"]] == list(order_pages.SECTIONS.values())
    assert values["over"] == [each for each in values["endings"] if each.over]
    assert (values["next"] is None) == (not any(each.due for each in values["endings"]))
    assert (values["slow"], values["away"], values["opened"]) == (len(case.entries) > 40, {}, None)
    assert (values["chain"] is None, values["most"], values["ended"]) == (False, 100, False)
    judged = judge(case, now)
    ids = [each.id for each in judged.deadlines]
    assert [clock for clock, _ in values["lacking"]] == ids
    assert (len(values["calendars"]), set(values["settling"])) == (len(ids), {each.code for each in judged.findings})
    assert [kind for kind, *_ in values["papers"]] == ["custody", "evidence-chain", "dpo"]
    assert [role for role, _ in values["audiences"]] == list(order_pages.AUDIENCES)
    assert kept.desk.sessions.spend(values["form"])


@pytest.mark.parametrize("most", [1, 2, 3, 4, 100])
def test_a_page_shows_the_newest_and_draws_the_custody_if_it_shows_all_of_it(
    most: int, kept: Sat, shown: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = kept.reader.case(kept.reader.labels["main"])
    monkeypatch.setattr(order_pages, "MOST", most)
    order_pages.order_page(kept.desk, frame(case.entries[-1].on), case)
    ((_, values),) = shown
    assert len(values["held"]) <= most
    assert (values["chain"] is not None) == (len(values["held"]) < most)
    assert len(values["away"]) == max(len(case.entries) - most, 0)


@pytest.mark.parametrize(("first", "before"), [(0, None), (1, 0), (2, 0), (3, 0), (4, 1), (6, 3)])
def test_a_page_of_entries_names_the_one_before_and_the_one_after_it(
    first: int, before: int | None, kept: Sat, shown: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = kept.reader.case(kept.reader.labels["main"])
    parts: list[tuple[slice, bool]] = []
    monkeypatch.setattr(order_pages, "MOST", 3)
    monkeypatch.setattr(order_pages, "history", lambda *_, reveal, part: parts.append((part, reveal)))
    order_pages.entries_page(kept.desk, frame(case.entries[-1].on), case, first)
    ((title, values),) = shown
    assert title.endswith(": what each entry states")
    after = first + 3 if first + 3 < len(case.entries) else None
    assert (values["before"], values["after"], values["opened"]) == (before, after, None)
    assert parts == [(slice(first, first + 3), False)]


def test_the_last_page_of_entries_has_none_after_it_and_an_opened_one_has_all(
    kept: Sat, shown: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = kept.reader.case(kept.reader.labels["main"])
    many = len(case.entries)
    parts: list[tuple[slice, bool]] = []
    monkeypatch.setattr(order_pages, "history", lambda *_, reveal, part: parts.append((part, reveal)))
    for most in (many - 1, many, many + 1):
        monkeypatch.setattr(order_pages, "MOST", most)
        order_pages.entries_page(kept.desk, frame(case.entries[-1].on), case)
    assert [values["after"] for _, values in shown] == [many - 1, None, None]
    monkeypatch.setattr(order_pages, "MOST", 2)
    opened: Any = SimpleNamespace(index=7)
    order_pages.entries_page(kept.desk, frame(case.entries[-1].on), case, opened=opened)
    assert (parts[-1], shown[-1][1]["after"]) == ((slice(0, many), True), None)
    assert shown[-1][1]["opened"] is opened
