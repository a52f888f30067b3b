"""Extend click: options common to all commands, help that starts with examples, groups that import on demand.

`comity --help` imports only this module; the module of a command is imported when the command runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from cli.exit_codes import Exit, Stop
from cli.invocation import Invocation, said

FORMATS = ("table", "json", "jsonl", "csv")
MEANT = {"search": "orders WORDS", "find": "orders WORDS"}  # words of other programs -> the command here
HELP_OPTIONS = ["--help", "-h"]  # for every context: click keeps that of the first help


def _keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    invocation = ctx.find_root().obj
    if not isinstance(invocation, Invocation):
        invocation = ctx.find_root().obj = Invocation()
    if param.name == "json":
        if value:
            invocation.format = "json"
    elif value not in (None, False):
        setattr(invocation, str(param.name), value)


def common_options(*, hidden: bool) -> list[click.Option]:
    """Return the options common to all commands; `comity --help` shows them."""

    def option(*names: str, **more: Any) -> click.Option:
        return click.Option(names, expose_value=False, callback=_keep, hidden=hidden, **more)

    env = None if hidden else "COMITY_LEDGER"
    return [
        option(
            "--ledger",
            metavar="DIR|URL",
            envvar=env,
            is_eager=True,
            help="The ledger, or its office server; else COMITY_LEDGER, else this folder.",
        ),
        option("--format", type=click.Choice(FORMATS), help="How the answer is printed."),
        option("--json", is_flag=True, help="Short for --format json."),
        option(
            "--color", type=click.Choice(["auto", "always", "never"]), help="Else NO_COLOR and the terminal decide."
        ),
        option("--quiet", is_flag=True, help="Print the answer and errors alone: no remark, no hint, no next command."),
        option("--debug", is_flag=True, help="A traceback for what nobody foresaw."),
        option("--clock-is-right", is_flag=True, help="Write although this machine's clock is doubted (CLOCK-AHEAD)."),
    ]


# Options that few calls need: the help lists them below the others. `RECORDING` are those of commands that record.
ADVANCED = frozenset(("--role", "--key", "--passphrase-fd", "--store", "--lookalike", "--verbose"))
RECORDING = frozenset(
    (
        *("--speaks", "--whose", "--on-source", "--replaces", "--why", "--audience", "--subject", "--id"),
        *("--unregistered", "--receipt", "--elements"),
    )
)
COMPLETED = frozenset(("order", "actor", "whose", "kind", "kinds", "role", "roles", "audience", "about", "term"))


class Completed(click.types.StringParamType):
    """A text that a shell can complete; the name of the parameter decides with which values."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from cli.completion import values

        with ctx.scope(cleanup=False):  # the context has the --ledger option
            return [CompletionItem(value) for value in values(str(param.name), incomplete)]


class Command(click.Command):
    """A command whose help starts with examples; `refused` is the exit code of a refusal by the ledger.

    `usual` are options of `RECORDING` that this command lists among its usual ones.
    """

    def __init__(
        self,
        *args: Any,
        examples: Sequence[str] = (),
        refused: Exit = Exit.REFUSED,
        usual: Sequence[str] = (),
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.examples = tuple(examples)
        self.refused = refused
        self.usual = tuple(usual)
        for param in self.params:
            if param.name in COMPLETED and type(param.type) is click.types.StringParamType:
                param.type = Completed()
        self.params.extend(common_options(hidden=True))

    def invoke(self, ctx: click.Context) -> Any:
        said().refused = self.refused
        return super().invoke(ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the completions, with the common options, which the help of a command does not list."""
        common = [
            CompletionItem(name, help=p.help)
            for p in self.params
            if isinstance(p, click.Option) and p.hidden and incomplete.startswith("-")
            for name in p.opts
            if name.startswith(incomplete)
        ]
        return super().shell_complete(ctx, incomplete) + common

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(self.examples, formatter)
        super().format_help(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usual options, then the advanced ones; all of them if that is all the command has."""
        records: dict[bool, list[tuple[str, str]]] = {False: [], True: []}
        for param in self.get_params(ctx):
            record = None if isinstance(param, click.Argument) else param.get_help_record(ctx)
            if record is not None:
                records[self.is_advanced(param)].append(record)
        if len(records[False]) == 1:  # --help alone
            records = {False: records[True] + records[False], True: []}
        for title, rows in (("Options", records[False]), ("Advanced options", records[True])):
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def is_advanced(self, param: click.Parameter) -> bool:
        """Return True for an option that few calls of this command need; a required one is usual."""
        if param.required or {*param.opts} & {*self.usual}:
            return False
        records = any("--replaces" in other.opts for other in self.params)
        return bool({*param.opts} & (ADVANCED | RECORDING if records else ADVANCED))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_epilog(ctx, formatter)
        formatter.write_paragraph()
        formatter.write_text(
            "--ledger, --format, --json, --quiet, --color, --debug and --clock-is-right work here too: `comity --help`."
        )


def write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    """Write the examples first, each on its own line."""
    if examples:
        with formatter.section("Examples"):
            for example in examples:
                formatter.write(f"{'':>{formatter.current_indent}}{example}\n")
        formatter.write_paragraph()


def command(*examples: str, refused: Exit = Exit.REFUSED, **more: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Return a decorator that makes a function a command of Comity, with examples and the arguments of click."""
    return click.command(cls=Command, examples=examples, refused=refused, **more)


class Group(click.Group):
    """A group whose commands are imported when they run: name -> ("module:attribute", one line of help).

    `otherwise` is the command that runs when the first word names none of them, as `comity log` shows the log.
    """

    def __init__(
        self,
        *args: Any,
        table: Mapping[str, tuple[str, str]],
        examples: Sequence[str] = (),
        otherwise: str = "",
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.table = table
        self.examples = tuple(examples)
        self.otherwise = otherwise

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        target = self.otherwise if cmd_name == "" else self.table.get(cmd_name, ("", ""))[0]
        if not target:
            return None
        module, _, attribute = target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if self.otherwise and (not args or (args[0] not in self.table and args[0] not in ("--help", "-h"))):
            args = ["", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None and not ctx.resilient_parsing:
            import difflib

            near = [MEANT[args[0]]] if args[0] in MEANT and "orders" in self.table else []
            near += difflib.get_close_matches(args[0], self.table, n=1)
            meant = f"`{ctx.command_path} {near[0]}`?" if near else f"`{ctx.command_path} --help` lists them"
            raise Stop(f"no command {args[0]!r}", hint=meant)
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        write_examples(self.examples, formatter)
        super().format_help(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        default = self.get_command(ctx, "") if self.otherwise else None
        if default is None:
            super().format_options(ctx, formatter)
        else:
            default.format_options(ctx, formatter)
            self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in self.table.items()])
