"""Define the options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from cli.session.local_time import MOMENT
from ledger.messages import LANGUAGES

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])

AS = click.option(
    "--as", "actor", metavar="ACTOR", is_eager=True, help="Who signs: an office of the register."
)  # eager: a moment without an offset is in the zone of this office


ROLE = click.option("--role", metavar="ROLE", help="In which role, where the office has more than one that fits.")


KEY = click.option(
    "--key",
    "key_file",
    metavar="FILE|URI",
    help="The key to sign with: a file, agent:... or pkcs11:...; else one of yours.",
)


STORE = click.option(
    "--store",
    metavar="ADDRESS",
    default="",
    help="Keep the entries in this PostgreSQL database, postgresql://host/name; without a password.",
)


GUARD = click.option(
    "--guard",
    metavar="ADDRESS",
    default="",
    help="Keep the guard where several machines reach it: postgresql://host/name, or etcd://host:2379,...",
)


KEYS_STORE = click.option(
    "--keys-store",
    metavar="ADDRESS",
    default="",
    help="Keep the keys of data subjects in this PostgreSQL database; never the one with the entries.",
)


def configuration(what: str) -> Callable[[_Decorated], _Decorated]:
    """Return the option for the configuration file of the server; `what` says which part of it is read."""
    return click.option(
        "--config",
        metavar="FILE",
        envvar="COMITY_CONFIG",
        show_envvar=True,
        required=True,
        help=f"The configuration of the server, {what}.",
    )


LANG = click.option("--lang", type=click.Choice(LANGUAGES), default="en", help="The language it is read in.")


AS_OF = click.option("--as-of", "as_of", type=MOMENT, help="As recorded at this moment (default: now).")


ORDER = click.argument("order")


ANY_ORDER = click.argument("order", required=False)  # a bundle is of one order


ONLY = click.option("--only", is_flag=True, help="This order alone, without those that are one matter with it.")


REVEAL = click.option("--reveal", is_flag=True, help="Open sealed values; recorded, with the reason.")


BECAUSE = click.option("--because", metavar="TEXT", help="Why they are opened, in words.")


AS_ACTOR = click.option("--as", "actor", metavar="ACTOR", is_eager=True, help="Who opens them.")


HOW = "--reveal --because TEXT --as ACTOR"
