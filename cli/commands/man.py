"""`comity man`: write the manual pages, one for `comity` and one for each command, from the commands themselves.

The generators for click support neither our examples nor commands that are imported when they run.
Format: man(7), as groff and mandoc read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

import click

from cli.click_extensions import HELP_OPTIONS, Command, Group, command

SHARED = (
    ("--ledger DIR|URL", "The ledger, or its office server; else COMITY_LEDGER, else this folder."),
    ("--format table|json|jsonl|csv", "How the answer is printed; --json is short for --format json."),
    ("--color auto|always|never", "Else NO_COLOR and the terminal decide."),
    ("--debug", "A traceback for what nobody foresaw."),
)
# docs/reference/command-line.md, "Conventions"
ENDS = (
    ("0", "Done; nothing found; integrity passed."),
    ("1", "Proved bad: a record, or its log, is not what it was."),
    ("2", "Usage."),
    ("3", "Findings, or a verdict that cannot be given either way."),
    ("4", "What is needed is missing, or cannot be read."),
    ("5", "Refused; nothing was written."),
    ("10", "No such ledger."),
    ("11", "The ledger was busy for 30 seconds."),
    ("70", "Nobody foresaw it."),
    ("130", "Interrupted."),
)
ENVIRONMENT = (
    ("COMITY_LEDGER", "The ledger or office server, where --ledger does not name one."),
    ("NO_COLOR", "No colours."),
)


@command("comity man | man -l -", "comity man issue | man -l -", "comity man --all ~/.local/share/man/man1")
@click.argument("words", nargs=-1, metavar="[COMMAND]...")
@click.option("--all", "folder", type=click.Path(path_type=Path), help="Write every page into a folder.")
def man(words: tuple[str, ...], folder: Path | None) -> None:
    """Print the manual page of COMMAND, or of comity itself."""
    root = click.get_current_context().find_root().command
    if folder is None:
        click.echo(page(words, named(words, root)), nl=False)
        return
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"-".join(("comity", *path)): page(path, cmd) for path, cmd in walk((), root)}
    for name, text in pages.items():
        (folder / f"{name}.1").write_text(text, encoding="utf-8")
    click.echo(f"{len(pages)} pages in {folder}", err=True)


def named(words: Iterable[str], root: click.Command) -> click.Command:
    """Return the command that the words name after `comity`; UsageError if there is none."""
    command = root
    for word in words:
        below = command.get_command(click.Context(command), word) if isinstance(command, Group) else None
        if below is None:
            raise click.UsageError(f"no command {' '.join(words)!r}; `comity --help` lists them")
        command = below
    return command


def walk(path: tuple[str, ...], cmd: click.Command) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield a command and all its subcommands, each with the words that name it after `comity`."""
    yield path, cmd
    if isinstance(cmd, Group):
        for name in cmd.table:
            command = cmd.get_command(click.Context(cmd), name)
            if command is not None:
                yield from walk((*path, name), command)


def page(path: tuple[str, ...], cmd: click.Command) -> str:
    """Return the manual page of one command in man(7); the same program gives the same bytes."""
    name = "-".join(("comity", *path))
    ctx = click.Context(cmd, info_name=" ".join(("comity", *path)), help_option_names=HELP_OPTIONS)
    run = (cmd.get_command(ctx, "") if isinstance(cmd, Group) else None) or cmd
    says = cmd.get_short_help_str(limit=200)
    lines = [f'.TH {name.upper()} 1 "" "Comity {version("comity")}" "Comity"', ".SH NAME"]
    lines += [f"{escaped(name)} \\- {escaped(says)}", ".SH SYNOPSIS"]
    lines += [f".B {escaped(ctx.command_path)}", escaped(" ".join(cmd.collect_usage_pieces(ctx)))]
    examples = cmd.examples if isinstance(cmd, Command | Group) else ()
    if examples:
        lines += [".SH EXAMPLES", ".nf", *(escaped(e) for e in examples), ".fi"]
    lines += [".SH DESCRIPTION", *(line for p in (cmd.help or "").split("\n\n") for line in (".PP", escaped(p)))]
    if isinstance(cmd, Group):
        lines += _listed("COMMANDS", ((n, text) for n, (_, text) in cmd.table.items()))
    options = [p.get_help_record(ctx) for p in run.params]
    shared = () if cmd.name == "comity" and not path else SHARED
    lines += _listed("OPTIONS", (*(o for o in options if o), *shared))
    lines += _listed("EXIT STATUS", ENDS)
    lines += _listed("ENVIRONMENT", ENVIRONMENT)
    return "\n".join(lines) + "\n"


def _listed(title: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    lines = [f".SH {title}"]
    for term, says in rows:
        lines += [".TP", f".B {escaped(term)}", escaped(says)]
    return lines


def escaped(text: str) -> str:
    """Return text that troff prints unchanged: its special characters escaped, no line that starts like a request."""
    plain = re.sub(r"\s+", " ", text.replace("\b", "")).strip().replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{plain}" if plain.startswith((".", "'")) else plain.replace("'", "\\(aq")
