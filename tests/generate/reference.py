"""Write the generated reference pages: `make docs`, or `python -m tests.generate.reference`.

Commands come from click, JSON Schemas from the answers of commands, kinds and codes from `ledger.facts`, rules from
`ledger.law`, the Python interface from the docstrings of `comity`, and one page for each story from `fixtures/stories`.
`tests/docs/test_reference.py` compares.
"""

from __future__ import annotations

import inspect
import json
import re
import textwrap
import tomllib
import typing
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import click
import msgspec

import comity
from cli.app import comity as program
from cli.click_extensions import HELP_OPTIONS, Command, Group
from cli.commands.schema import documents, schema_of
from comity.remote.ledger import RemoteLedger
from comity.remote.recording import RecordedEntry
from ledger.facts import KINDS, WHY, Fact, kind_of
from ledger.facts import vocabulary as lists
from ledger.facts.kind import Field
from ledger.law.provisions import RULES, Provision
from server.api import openapi
from tests.generate.kind_versions import rows

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "docs" / "reference"
STORIES = ROOT / "fixtures" / "stories"
MADE = "<!-- Made by `make docs` from {}. Do not edit. -->"
FOLDERS = ("commands", "json-schemas", "kinds", "stories")


def pages() -> dict[str, str]:
    """Return every generated page: path below docs/reference -> Markdown."""
    return {
        "vocabulary.md": vocabulary(),
        "python-api.md": python_api(),
        "api.md": http_api(),
        **dict(commands()),
        **dict(json_schemas()),
        **dict(kinds()),
        "kinds/versions.md": kind_versions(),
        **dict(stories()),
    }


def page(source: str, *parts: str) -> str:
    """Join the parts of a page by blank lines, below a line that states their source."""
    first, *rest = parts
    return "\n\n".join((first, MADE.format(source), *(part.rstrip() for part in rest if part))) + "\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table; an empty string where it has no row."""
    lines = [" | ".join(cell(c) for c in row) for row in rows]
    if not lines:
        return ""
    columns = list(head)
    rule = "---|" * len(columns)
    return "\n".join((f"| {' | '.join(columns)} |", f"|{rule}", *(f"| {line} |" for line in lines)))


def cell(text: str) -> str:
    """Return text that stays in one cell of a table."""
    plain = " ".join(text.split()).replace("|", "\\|")
    return re.sub(r"`[^`]*`|<", lambda m: "&lt;" if m[0] == "<" else m[0], plain)


def prose(text: str) -> str:
    """Return text wrapped at 100 columns."""
    return textwrap.fill(" ".join(text.split()), 100, break_long_words=False, break_on_hyphens=False)


def kind_versions() -> str:
    """Return the table of kinds, their versions, and the packages that read them."""
    return page(
        "ledger/facts and the packages below",
        "# Versions of kinds",
        prose(
            "An entry states the version of its kind. A reader interprets its fields only if the reader knows the kind"
            " in that version. Any other entry counts for integrity, and is shown as it is. When a kind gets a second"
            " version, this table gets a second row, with the reader of the first. A signed entry is never rewritten."
        ),
        "[Event sourcing](../../explanation/event-sourcing.md) says how old entries are read.",
        table(("kind", "version", "read by name in"), rows()),
    )


# -- commands ----------------------------------------------------------------------------------------------------------


def commands() -> Iterator[tuple[str, str]]:
    """Yield one page for each command directly below `comity`, and their index."""
    rows = []
    for name in program.table:
        cmd = program.get_command(click.Context(program), name)
        assert cmd is not None
        rows.append((f"[`comity {name}`]({name}.md)", one_line(cmd)))
        yield f"commands/{name}.md", page("cli/commands", f"# comity {name}", *command((name,), cmd, 2))
    yield (
        "commands/index.md",
        page(
            "cli/app.py",
            "# Commands",
            prose("One page for each command: examples, usage, options. Conventions, form rules and exit codes are in")
            + "\n[the command line](../command-line.md).",
            table(("command", "does"), rows),
        ),
    )


def one_line(cmd: click.Command) -> str:
    """Return the first sentence of the help of a command."""
    return cmd.get_short_help_str(limit=200)


def command(words: tuple[str, ...], cmd: click.Command, level: int) -> list[str]:
    """Return the parts of a page about one command: help, examples, usage, options, then its subcommands."""
    context = click.Context(cmd, info_name=" ".join(("comity", *words)), help_option_names=HELP_OPTIONS)
    run = cmd.get_command(context, "") if isinstance(cmd, Group) and cmd.otherwise else cmd
    parts = [prose(paragraph.replace("\b", "")) for paragraph in (cmd.help or "").split("\n\n")]
    examples = cmd.examples if isinstance(cmd, Command | Group) else ()
    if examples:
        parts.append("```\n" + "\n".join(examples) + "\n```")
    parts.append(f"Usage: `{context.command_path} {' '.join(cmd.collect_usage_pieces(context))}`")
    options = [] if run is None else [record for p in run.params if (record := p.get_help_record(context))]
    parts.append(table(("option", ""), ((f"`{names}`", says) for names, says in options)))
    if isinstance(cmd, Group):
        for name in cmd.table:
            below = cmd.get_command(context, name)
            assert below is not None
            parts.append(f"{'#' * level} comity {' '.join((*words, name))}")
            parts += command((*words, name), below, level + 1)
    return parts


# -- JSON documents ----------------------------------------------------------------------------------------------------


def json_schemas() -> Iterator[tuple[str, str]]:
    """Yield the JSON Schema of each document, and their index."""
    rows = []
    for name in documents():
        schema = schema_of(name)
        file = f"{name.removeprefix('comity.').replace('/', '-')}.json"
        rows.append((f"[`{name}`]({file})", schema["description"]))
        yield f"json-schemas/{file}", json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    about = "One JSON Schema (draft 2020-12) for each JSON document that Comity writes. `comity schema NAME` prints it."
    more = "Fields may be added to a document of one version. A field that is renamed or removed makes a new version."
    yield (
        "json-schemas/index.md",
        page("the answers of commands", "# JSON documents", prose(about), prose(more), table(("document", ""), rows)),
    )


# -- kinds of fact -----------------------------------------------------------------------------------------------------


def kinds() -> Iterator[tuple[str, str]]:
    """Yield one page for each kind of fact, and their index by group."""
    parts = []
    for group, about in lists.GROUPS.items():
        members = [kind_of(name) for name in KINDS if KINDS[name].group == group]
        parts.append(f"## {about.letter}. {about.says}")
        parts.append(table(("kind", "says"), ((f"[`{k.kind}`]({k.kind}.md)", k.says) for k in members)))
        for k in members:
            yield f"kinds/{k.kind}.md", kind(k)
    yield (
        "kinds/index.md",
        page(
            "ledger/facts",
            "# Kinds of fact",
            prose(
                "An entry states one fact, and a fact is of one kind. Each kind has a page: its fields, who signs it "
                "with effect, an example from a story, and the rules that read it."
            ),
            *parts,
        ),
    )


def kind(k: type[Fact]) -> str:
    """Return the page of one kind."""
    group = lists.GROUPS[k.group]
    rows = [
        (
            "group",
            f"{group.letter}, {group.says}; a dispute about an entry weakens {group.criterion or 'no criterion'}",
        ),
        ("signed with effect as", ", ".join(f"{role} ({lists.ROLES[role]})" for role in k.signers)),
        ("provisions", ", ".join(k.basis) or "none: the record needs it"),
        ("version", str(k.schema)),
    ]
    if k.shown_to:
        rows.append(("shown to", ", ".join(k.shown_to) + "; other roles see that an entry exists, and nothing of it"))
    fields = [*k.fields().values(), WHY]
    return page(
        "ledger/facts",
        f"# {k.kind}",
        prose(k.says),
        table(("", ""), rows),
        "## Fields",
        table(("field", "type", "", "readers", "meaning"), map(field, fields)),
        f"JSON Schema: `comity vocabulary {k.kind} --json`.",
        *example(k.kind),
        "## What reads it",
        "\n".join(readers(k.kind)) or "No rule reads it. It is shown in the timeline.",
    )


def field(f: Field) -> tuple[str, ...]:
    """Return the row of one field."""
    kind_of_value = f.type + (f": {', '.join(f.one_of)}" if f.one_of else "")
    readers_of = "everybody"
    if f is WHY:
        readers_of = "sealed; those who may read all sealed fields of the entry that is replaced"
    elif f.sealed:
        readers_of = f"sealed; {', '.join(f.audience)}" + (" (always committed to)" if f.always else "")
    return f"`{f.name}`", kind_of_value, "required" if f.required else "", readers_of, f.says


@cache
def every_story() -> dict[str, dict[str, Any]]:
    """Return every story by its name, as TOML states it."""
    return {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(STORIES.glob("*.toml"))}


@cache
def first_facts() -> dict[str, tuple[str, dict[str, Any]]]:
    """Return for each kind the first fact of a story that states most fields: kind -> (story, fact)."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for name, story in every_story().items():
        for fact in story["facts"]:
            size = len(fact.get("public", {})) + len(fact.get("sealed", {}))
            held = found.get(fact["type"])
            if held is None or size > len(held[1].get("public", {})) + len(held[1].get("sealed", {})):
                found[fact["type"]] = name, fact
    return found


def example(name: str) -> Iterator[str]:
    """Yield an example of a kind as a story states it, if one does."""
    if (found := first_facts().get(name)) is None:
        return
    story, fact = found
    lines = ["[[facts]]"]
    lines += [f"{key} = {value(fact[key])}" for key in ("order", "type", "by", "as", "on") if key in fact]
    for side in ("public", "sealed"):
        if fact.get(side):
            lines += [f"  [facts.{side}]", *(f"  {key} = {value(v)}" for key, v in fact[side].items())]
    yield "## Example"
    yield f"From the story [{every_story()[story]['title']}](../stories/{story}.md):"
    yield "```toml\n" + "\n".join(lines) + "\n```"


def value(given: Any) -> str:
    """Return a value in TOML."""
    match given:
        case bool():
            return str(given).lower()
        case datetime():
            return given.isoformat().replace("+00:00", "Z")
        case date():
            return given.isoformat()
        case Mapping():
            return "{ " + ", ".join(f"{k} = {value(v)}" for k, v in given.items()) + " }"
        case list():
            return "[" + ", ".join(map(value, given)) + "]"
        case str():
            return '"' + given.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return str(given)


@cache
def rules_by_kind() -> dict[str, list[Provision]]:
    """Return the rules that name a kind of fact: kind -> deadlines, findings and transitions."""
    word = re.compile(r"(?<![\w-])(?:" + "|".join(sorted(KINDS, key=len, reverse=True)) + r")(?![\w-])")
    found: dict[str, list[Provision]] = {}
    for rule in RULES:
        read = f"{rule.says} {' '.join(text for _, text in rule.detail)}"
        if rule.kind in ("deadline", "finding", "transition"):
            for name in sorted(set(word.findall(read))):
                found.setdefault(name, []).append(rule)
    return found


def readers(name: str) -> Iterator[str]:
    """Yield the lines that list the rules that read a kind: the name and the sentence of each."""
    rules = rules_by_kind().get(name, [])
    for rule in rules:
        detail = dict(rule.detail)
        if rule.kind == "deadline":
            does = [w for w, part in (("starts", "wound by"), ("answers", "met by")) if name in detail.get(part, "")]
            yield f"- Deadline `{rule.id}` ({', '.join(rule.cite)}): {cell(' and '.join(does) or 'is read by')} it."
    for rule in rules:
        if rule.kind == "finding":
            yield f"- Finding `{rule.id}`: {cell(rule.says)}"
    for rule in rules:
        if rule.kind == "transition":
            yield f"- State of {', '.join(rule.instruments)}: {cell(rule.says)}"


# -- codes -------------------------------------------------------------------------------------------------------------


def vocabulary() -> str:
    """Return the page of the closed lists."""
    plain = {"ROLES": "Roles", "INSTRUMENTS": "Instruments"}
    parts: list[str] = []
    for name, title in plain.items():
        parts += [f"## {title}", table(("code", "meaning"), ((f"`{c}`", s) for c, s in getattr(lists, name).items()))]
    parts += ["## When an element of an order counts as missing"]
    conditions = ((f"`{code}`", says, lists.WHEN_CITES.get(code, "")) for code, says in lists.WHEN.items())
    parts.append(table(("code", "meaning", "rests on"), conditions))
    parts += ["## Groups of kinds"]
    parts.append(
        table(
            ("group", "letter", "criterion", "meaning"),
            ((f"`{code}`", g.letter, g.criterion or "none", g.says) for code, g in lists.GROUPS.items()),
        )
    )
    parts += ["## Grounds for refusal, restriction and delay"]
    parts.append(
        table(("code", "provision", "meaning"), ((f"`{code}`", g.cite, g.says) for code, g in lists.GROUNDS.items()))
    )
    parts += ["## Data elements"]
    parts.append(
        table(("element", *lists.DataElement._fields), ((f"`{c}`", *map(short, e)) for c, e in lists.ELEMENTS.items()))
    )
    parts += ["## Codes that several kinds use"]
    for name, listed in vars(lists).items():
        if typing.get_origin(listed) is typing.Literal:
            parts += [f"### {re.sub('(?<=.)(?=[A-Z])', ' ', name).capitalize()}"]
            parts.append(prose(", ".join(f"`{code}`" for code in typing.get_args(listed)) + "."))
    intro = (
        "The closed lists of the vocabulary. A code that was released keeps its meaning. Codes of one field alone are"
    )
    return page(
        "ledger/facts/vocabulary.py",
        "# Vocabulary",
        f"{prose(intro)}\non the page of the [kind](kinds/index.md).",
        *parts,
    )


# -- the Python interface ----------------------------------------------------------------------------------------------


def python_api() -> str:
    """Return the page of the package `comity`: functions, classes with their methods, structs with their fields."""
    parts = [
        "Everything that `import comity` offers. [Reading a ledger from Python](python.md) shows it at work.",
    ]
    for name in sorted(comity.__all__, key=lambda n: (inspect.isclass(getattr(comity, n)), n.lower())):
        parts += member(f"comity.{name}", getattr(comity, name))
    parts += member("RemoteLedger", RemoteLedger) + member("RecordedEntry", RecordedEntry)
    return page("the docstrings of comity", "# Python interface, function by function", *parts)


def member(name: str, given: Any) -> list[str]:
    """Return the parts about one public name."""
    parts = [f"## {name}"]
    if not inspect.isclass(given):
        return [*parts, signature(name, given), text_of(given)]
    parts.append(text_of(given))
    if issubclass(given, msgspec.Struct) or hasattr(given, "__dataclass_fields__"):
        own = given.__annotations__
        parts.append(table(("field", "type"), ((f"`{f}`", f"`{hint}`") for f, hint in own.items() if f[0] != "_")))
    for method, function in vars(given).items():
        if not method.startswith("_") and inspect.isfunction(function):
            parts += [f"### {name}.{method}", signature(method, function), text_of(function)]
    return parts


def signature(name: str, function: Any) -> str:
    """Return the signature of a function as a block of code."""
    written = str(inspect.signature(function)).replace("'", "").replace("(self, ", "(").replace("(self)", "()")
    return f"```python\n{name}{written}\n```"


def text_of(given: Any) -> str:
    """Return a docstring as Markdown: paragraphs, and indented code as a block."""
    text = inspect.getdoc(given) or ""
    return re.sub(
        r"(?:^    .*\n?)+", lambda m: f"```python\n{textwrap.dedent(m[0]).rstrip()}\n```\n", text, flags=re.MULTILINE
    )


# -- the HTTP API ------------------------------------------------------------------------------------------------------


def http_api() -> str:
    """Return the page of the HTTP API: addresses, documents, problems."""
    made = openapi.document()
    rows, parts = [], []
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            name = f"{method.upper()} {path}"
            rows.append((f"[`{name}`](#{anchor(name)})", operation["summary"], needs(operation)))
            parts += [f"## {name}", operation["responses"]["200"]["description"]]
            parts.append(table(("parameter", "in", "", "form"), map(parameter, operation["parameters"])))
            parts.append(bodies(operation))
            others = [(s, o["description"]) for s, o in operation["responses"].items() if s != "200"]
            parts.append(table(("status", ""), others))
    about = (
        "`comity serve` answers at these addresses. [Run the office server](../how-to/run-the-office-server.md) shows"
        " it at work, and `/openapi.json` describes it for programs (OpenAPI 3.1). An answer names its form in"
        " `format`. Every answer on the record has the signed head of the log and proofs under it. What is wrong is a"
        " problem (RFC 9457) with one of the [codes](codes.md)."
    )
    signed = made["components"]["securitySchemes"]["signature"]["description"]
    return page(
        "server/api/routes.py", "# HTTP API", prose(about), prose(f"Signature: {signed}"),
        table(("address", "", "needs"), rows), *map(wrapped, parts), "## Documents", *map(wrapped, forms(made)),
    )  # fmt: skip


def wrapped(part: str) -> str:
    """Return prose wrapped; a heading or a table as it is."""
    return part if part.startswith(("#", "|")) else prose(part)


def anchor(heading: str) -> str:
    """Return the anchor of a heading."""
    return re.sub(r"[^a-z0-9_ -]", "", heading.lower()).replace(" ", "-")


def needs(operation: Mapping[str, Any]) -> str:
    """Return who may ask."""
    ways = {"signature": "a signature", "session": "a person", "certificate": ""}
    return ", ".join(said for way in operation["security"] for name in way if (said := ways[name]))


def parameter(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the row of a parameter."""
    required = "required" if given["required"] else ""
    return f"`{given['name']}`", given["in"], required, given.get("description") or form_of(given["schema"])


def bodies(operation: Mapping[str, Any]) -> str:
    """Say of which form the body and the answer are."""
    answer = next(iter(operation["responses"]["200"]["content"].values()))["schema"]
    said = f"The answer is {form_of(answer)}."
    if body := operation.get("requestBody"):
        said = f"The body is {form_of(next(iter(body['content'].values()))['schema'])}. {said}"
    return said


def forms(made: Mapping[str, Any]) -> Iterator[str]:
    """Yield the parts about each document and each part of one."""
    for name, schema in sorted(made["components"]["schemas"].items()):
        yield f"### {name}"
        yield schema.get("description", "")
        yield table(
            ("member", "form"),
            ((f"`{member}`", form_of(form)) for member, form in schema.get("properties", {}).items()),
        )


def form_of(schema: Mapping[str, Any]) -> str:
    """Return the form of a value in words."""
    match schema:
        case {"$ref": ref}:
            name = str(ref).rpartition("/")[2]
            return f"[{name}](#{anchor(name)})"
        case {"anyOf": some}:
            return " or ".join(form_of(each) for each in some)
        case {"contentMediaType": media}:
            return f"a file of the type `{media}`"
        case {"enum": [only]}:
            return f"`{only}`"
        case {"type": "array", "items": items} if items:
            return f"list of {form_of(items)}"
        case {"type": "array"}:
            return "list"
        case {"type": "object", "additionalProperties": dict(values)} if values:
            return f"object of {form_of(values)}"
        case {"format": "date-time"}:
            return "time"
        case {"type": "integer"}:
            limits = [
                f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema
            ]
            return " ".join(["integer", *limits])
        case {"type": kind}:
            return str(kind)
        case _:
            return "any"


# -- stories -----------------------------------------------------------------------------------------------------------


def stories() -> Iterator[tuple[str, str]]:
    """Yield one given-when-then page for each story, and their index."""
    rows = []
    for name, story in every_story().items():
        rows.append(
            (f"[{story['title']}]({name}.md)", ", ".join(sorted({o["instrument"] for o in story["orders"].values()})))
        )
        yield f"stories/{name}.md", page(f"fixtures/stories/{name}.toml", f"# {story['title']}", *story_of(name, story))
    intro = "Each story is the life of one or more orders: given, when, then. Tests play every story and compare."
    yield "stories/index.md", page("fixtures/stories", "# Stories", intro, table(("story", "instruments"), rows))


def story_of(name: str, story: dict[str, Any]) -> Iterator[str]:
    """Yield the parts of the page of one story."""
    comment = re.match(r"(?:#.*\n)+", (STORIES / f"{name}.toml").read_text("utf-8"))
    if comment:
        lines = [line.lstrip("# ").strip() for line in comment[0].splitlines()]
        yield prose(cell(" ".join(lines).removeprefix(f"{name}. ").removeprefix(story["title"]).lstrip(". ")))
    yield f"Play it: `comity play fixtures/stories/{name}.toml --into folder --check`."
    yield "## Given"
    yield table(
        ("Party", "name", "zone", "declarations"),
        ((f"`{c}`", p["name"], p["zone"], ", ".join(p["declarations"])) for c, p in story["parties"].items()),
    )
    offices = (
        (f"`{code}`", ", ".join(filter(None, map(a.get, ("name", "office")))), a.get("party", ""), short(a["roles"]))
        for code, a in story["actors"].items()
    )
    yield table(("office", "name", "Party", "roles"), offices)
    yield table(
        ("order", "instrument", "from", "to", "provider"),
        ((f"`{c}`", o["instrument"], o["from"], o["to"], o.get("provider", "")) for c, o in story["orders"].items()),
    )
    yield "## When"
    yield table(
        ("#", "happened", "order", "fact", "signed by", "states"),
        (
            (str(n), moment(f["on"]), f.get("order", "register"), fact_name(f), f"{f['by']} as {f['as']}", states(f))
            for n, f in enumerate(story["facts"], 1)
        ),
    )
    yield "## Then"
    for expected in story["expect"]:
        yield from then(expected)
    for seen in story.get("expect_view", ()):
        hidden = ", ".join(f"`{f}`" for f in (*seen.get("hidden_fields", ()), *seen.get("hidden_events", ())))
        yield prose(f"A reader in the role {seen['audience']} does not see of `{seen['order']}`: {hidden}.")


def fact_name(fact: dict[str, Any]) -> str:
    """Return the kind of a fact, with how its signer speaks where it is no act."""
    speaks = f" ({fact['kind']}, by {fact.get('whose', fact['by'])})" if fact.get("kind", "act") != "act" else ""
    return f"[{fact['type']}](../kinds/{fact['type']}.md){speaks}"


def states(fact: dict[str, Any]) -> str:
    """Return the public values of a fact that fit into a line, and the names of the sealed ones."""
    public = "; ".join(f"{key} {short(v)}" for key, v in fact.get("public", {}).items())
    sealed = ", ".join(fact.get("sealed", {}))
    return "; ".join(filter(None, (public, f"sealed: {sealed}" if sealed else "")))


def short(given: Any) -> str:
    """Return a value in few characters."""
    match given:
        case datetime():
            return moment(given)
        case list():
            return ", ".join(map(short, given)) or "none"
        case Mapping():
            return "(" + ", ".join(f"{k} {short(v)}" for k, v in given.items()) + ")"
        case bool():
            return "yes" if given else "no"
    text = str(given)
    return text if len(text) <= 40 else f"{text[:37]}..."


def moment(given: datetime) -> str:
    """Return a moment in UTC to the second, without seconds that are zero."""
    return f"{given:%Y-%m-%d %H:%M:%S}".removesuffix(":00") + "Z"


def then(expected: dict[str, Any]) -> Iterator[str]:
    """Yield what an order shows at a moment: state, regions, deadlines, findings, criteria."""
    yield f"### `{expected['order']}` as of {moment(expected['as_of'])}"
    regions = ", ".join(f"{k} {v}" for k, v in expected["regions"].items())
    found = ", ".join(f"`{code}`" for code in expected["findings"]) or "none"
    criteria = ", ".join(f"{k} {v}" for k, v in expected["criteria"].items())
    yield "\n".join(
        (
            f"- State: {expected['state']}" + (f"; {regions}" if regions else ""),
            f"- Findings: {found}",
            f"- Criteria: {criteria}",
        )
    )
    yield table(
        ("deadline", "verdict", "due", "policy"),
        (
            (f"`{d['id']}`", d["verdict"], moment(d["due"]) if "due" in d else "", d.get("policy", ""))
            for d in expected["deadlines"]
        ),
    )


def write() -> int:
    """Write every page, delete pages that are no longer generated, and return the number of pages."""
    made = pages()
    for name, text in made.items():
        (PLACE / name).parent.mkdir(parents=True, exist_ok=True)
        (PLACE / name).write_text(text, "utf-8")
    for folder in FOLDERS:
        for path in (PLACE / folder).glob("*.md"):
            if str(path.relative_to(PLACE)) not in made:
                path.unlink()
    return len(made)


if __name__ == "__main__":
    print(f"{write()} pages in docs/reference")  # noqa: T201
