"""Define the exit codes of every command, and decide which error ends in which code.

Errors of libraries are matched by the name of their class, so that a command that succeeds imports none
of them.
"""

from __future__ import annotations

from enum import IntEnum

import click

from ledger.errors import LedgerError, RecordError


class Exit(IntEnum):
    """The exit code of a command; docs/reference/command-line.md, "Conventions"."""

    DONE = 0
    PROVED_BAD = 1
    USAGE = 2
    FINDINGS = 3
    UNDECIDABLE = 4
    REFUSED = 5
    NO_LEDGER = 10
    BUSY = 11
    UNFORESEEN = 70
    INTERRUPTED = 130
    PIPE_CLOSED = 141  # 128 + SIGPIPE, as a shell reports a program whose output pipe was closed


BY_NAME = {
    "Conflict": Exit.REFUSED,
    "UsageError": Exit.USAGE,
    "Abort": Exit.INTERRUPTED,
    "KeyboardInterrupt": Exit.INTERRUPTED,
    # errors of the file system on a named file
    "FileNotFoundError": Exit.UNDECIDABLE,
    "IsADirectoryError": Exit.UNDECIDABLE,
    "NotADirectoryError": Exit.UNDECIDABLE,
    "FileExistsError": Exit.UNDECIDABLE,
    "PermissionError": Exit.UNDECIDABLE,
    "OSError": Exit.UNDECIDABLE,  # a full disk, a read-only medium
}

# Codes with the same exit code in every command. Every other refusal (`RecordError`, `LedgerError`) is 5 in a command
# that writes; a command that only reads chooses its own code (`refused`).
BY_CODE = {
    "NO-LEDGER": Exit.NO_LEDGER,
    "PATH-TAKEN": Exit.REFUSED,
    "UNWITNESSED": Exit.REFUSED,
    "BUSY": Exit.BUSY,
    "LOG-CORRUPT": Exit.PROVED_BAD,  # stored entries, or the log, have changed
    "LOG-ROLLBACK": Exit.PROVED_BAD,
    "LOG-FORKED": Exit.PROVED_BAD,
    "LOG-GAP": Exit.PROVED_BAD,
    "SPLIT-VIEW": Exit.PROVED_BAD,
    "SPLIT-ORDER": Exit.PROVED_BAD,
    "TABLE-FORM": Exit.UNDECIDABLE,
    "PROFILE-FORM": Exit.UNDECIDABLE,
    "MAIL-FORM": Exit.UNDECIDABLE,
    "PROFILE-UNKNOWN": Exit.USAGE,
    "ORDER-UNKNOWN": Exit.USAGE,
    "ORDER-AMBIGUOUS": Exit.USAGE,
    "SUBJECT-UNKNOWN": Exit.USAGE,
    "CLOCK-AHEAD": Exit.REFUSED,  # nothing was signed, also in a command that records only what it shows
    "CLOCK-BACK": Exit.REFUSED,
    # a required file or key is missing, or cannot be read
    "GUARD-MISSING": Exit.UNDECIDABLE,
    "GUARD-CLOSED": Exit.UNDECIDABLE,
    "GUARD-AWAY": Exit.UNDECIDABLE,
    "KEYS-MISSING": Exit.UNDECIDABLE,
    "KEYS-OTHER": Exit.UNDECIDABLE,
    "KEY-MISSING": Exit.UNDECIDABLE,
    "KEY-LOCKED": Exit.UNDECIDABLE,
    "KEY-MODE": Exit.UNDECIDABLE,
    "KEY-FORMAT": Exit.UNDECIDABLE,
    "KEY-AWAY": Exit.UNDECIDABLE,
    "CERT-MISSING": Exit.UNDECIDABLE,
    "CERT-KEY": Exit.UNDECIDABLE,
    "CERT-TIME": Exit.UNDECIDABLE,
    "CERT-USE": Exit.UNDECIDABLE,
    "NO-SIGN": Exit.UNDECIDABLE,
    "NO-CBOR": Exit.UNDECIDABLE,
    "NO-PYARROW": Exit.UNDECIDABLE,
    "NO-ENGINE": Exit.UNDECIDABLE,  # its extra is not installed
    "ENGINE-AWAY": Exit.UNDECIDABLE,
    "ENGINE-OTHER": Exit.UNDECIDABLE,
    "NO-ARCHIVE": Exit.UNDECIDABLE,
    "TSA-UNNAMED": Exit.UNDECIDABLE,
    "STORE-MOVED": Exit.UNDECIDABLE,
    "STORE-AWAY": Exit.UNDECIDABLE,
    "STORE-ADDRESS": Exit.UNDECIDABLE,
    "STORE-GIVEN": Exit.UNDECIDABLE,
    "NOT-A-LEDGER": Exit.UNDECIDABLE,
    "COPY-FORMAT": Exit.UNDECIDABLE,
    "LEDGER-VERSION": Exit.UNDECIDABLE,
    "STORY-FILE": Exit.UNDECIDABLE,
    "NOT-A-FILE": Exit.UNDECIDABLE,
    "DISK-ERROR": Exit.UNDECIDABLE,
    "NO-HOME": Exit.UNDECIDABLE,
    "TRUST": Exit.UNDECIDABLE,
    "TRUST-FORMAT": Exit.UNDECIDABLE,
    "NO-HTTP": Exit.UNDECIDABLE,  # the extra `server` is not installed, or a server does not answer
    "HTTP-SILENT": Exit.UNDECIDABLE,
    "API-FALSE": Exit.PROVED_BAD,  # an answer of an office server does not verify
    "FOLDER-ONLY": Exit.USAGE,
}


OF_ENTRIES = ("--replaces", "--about", "--backs")  # options that take the number of an entry


class Stop(click.ClickException):
    """An error that ends a command: what is wrong, what to do next, and the exit code."""

    def __init__(self, says: str, *, hint: str = "", code: Exit = Exit.USAGE) -> None:
        super().__init__(says)
        self.hint = hint
        self.code = code


def exit_of(error: BaseException, refused: Exit = Exit.REFUSED) -> Exit:
    """Return the exit code of an error; `refused` is that of a refusal in this command: 5, or 4 if it only reads."""
    if isinstance(error, Stop):
        return error.code
    if isinstance(error, (RecordError, LedgerError)):
        return BY_CODE.get(error.code, refused)
    for base in type(error).__mro__:
        if base.__name__ in BY_NAME:
            return BY_NAME[base.__name__]
    return Exit.UNFORESEEN


def code_of(error: BaseException, code: Exit) -> str:
    """Return the code of an error as text (docs/reference/codes.md); without one, its exit code in words."""
    own = getattr(error, "code", None)
    return own if isinstance(own, str) else code.name.replace("_", "-")


def where_of(error: BaseException) -> str:
    """Return what is wrong: a file, an entry, a byte or an option; empty where the error does not say it."""
    match error:
        case OSError(filename=name) if name is not None:
            return str(name)
        case click.BadParameter(param=click.Parameter(opts=opts)):
            return "/".join(opts)
        case _:
            return str(getattr(error, "where", ""))


def lines_of(error: BaseException) -> list[str]:
    """Return one or two lines for stderr: what is wrong and where, and what to do next."""
    says, hint = sentence_of(error)
    return [says if says.strip() else type(error).__name__, *([f"hint: {hint}"] if hint else [])]


def sentence_of(error: BaseException) -> tuple[str, str]:
    """Return what is wrong and what to do next; the second may be empty."""
    match error:
        case click.Abort() | KeyboardInterrupt():
            says, hint = "interrupted; nothing half-written is left", ""
        case click.exceptions.NoArgsIsHelpError(ctx=click.Context(command_path=command)):
            says, hint = "a command is missing", f"{command} --help lists them"
        case click.MissingParameter(ctx=click.Context(command_path=command), param=param):
            says, hint = " ".join(error.format_message().split()), f"{command} --help shows how it is used"
            if isinstance(param, click.Option) and param.metavar:
                says = f"{' / '.join(param.opts)} {param.metavar} is missing: {param.help}"
        case click.BadOptionUsage() if "requires an argument" in error.message and error.option_name in OF_ENTRIES:
            says, hint = error.format_message(), f"in a shell # begins a comment: {error.option_name} 7, or '#7'"
        case click.ClickException():
            says, hint = error.format_message(), getattr(error, "hint", "")
        case OSError(filename=name, strerror=why) if why is not None:
            says, hint = f"{'what is written' if name is None else name}: {why.lower()}", ""
        case _ if exit_of(error) is not Exit.UNFORESEEN:
            says, hint = str(error) or type(error).__name__, getattr(error, "hint", "")
        case _:
            text = " ".join(str(error).split())
            says, hint = f"unforeseen: {type(error).__name__}{': ' if text else ''}{text}", "--debug shows where"
    return says, hint
