"""The settings of jobs, from the tables `[jobs.NAME]`, `[mail]`, `[[people]]` and `[[webhooks]]` of the configuration.

[jobs.checkpoint]            # a table switches its job on
[jobs.backup]
every = 86400                # seconds; without it the usual ones of the job
folder = "/mnt/backups"
keep = 14                    # whole copies
later = 6                    # copies of what is new behind each whole one
[jobs.keys]
folder = "/mnt/keys"
expire = 30                  # days
"""

from __future__ import annotations

from collections.abc import Mapping
from email.errors import MessageError
from email.headerregistry import Address
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ledger.adapters.http_client import is_local, is_private
from ledger.facts import KINDS
from ledger.messages import LANGUAGES

Text = Annotated[str, Meta(min_length=1, max_length=500)]
TABLES = ("jobs", "mail", "people", "webhooks")
NEEDS_FOLDER = ("publish", "backup", "keys", "drill")
TAKEN_BY = {
    "folder": NEEDS_FOLDER,
    "keep": ("backup",),
    "later": ("backup",),
    "expire": ("keys",),
    "office": ("lapse",),
}


class JobSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One job: whether it is on, how often (seconds), and what only some jobs need."""

    on: bool = True
    every: Annotated[int, Meta(ge=10)] | None = None
    folder: Text | None = None
    keep: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    later: Annotated[int, Meta(ge=0, le=1_000)] | None = None
    expire: Annotated[int, Meta(ge=1, le=3_660)] | None = None
    office: Text | None = None


class Mail(Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """The server that takes mail; the password is the first line of a file."""

    host: Text
    sender: Annotated[str, Meta(pattern=r"^[!-~]+@[!-~]+$")]
    port: Annotated[int, Meta(ge=1, le=65_535)] = 25
    tls: Literal["none", "starttls", "tls"] = "starttls"
    user: Text | None = None
    password_file: Text | None = None


class Person(Struct, frozen=True, forbid_unknown_fields=True):
    """A person who gets mail about the deadlines that an office may see, `within` so many days."""

    office: Text
    mail: Annotated[str, Meta(pattern=r"^[!-~]+@[!-~]+$")]
    language: Annotated[str, Meta(pattern=f"^({'|'.join(LANGUAGES)})$")] = "en"
    within: Annotated[int, Meta(ge=0, le=366)] = 14


class Webhook(Struct, frozen=True, forbid_unknown_fields=True):
    """An address that hears of new entries which an office may see; `key` is the file of the key that signs."""

    url: Text
    office: Text
    key: Text
    kinds: list[Text] = []


class Settings(Struct, frozen=True):
    """All settings of jobs; `jobs` has the tables of the file."""

    jobs: Mapping[str, JobSettings]
    mail: Mail | None = None
    people: tuple[Person, ...] = ()
    webhooks: tuple[Webhook, ...] = ()


def settings_of(tables: Mapping[str, Any], names: tuple[str, ...]) -> Settings:
    """Return the settings that tables state, as TOML has them; `names` are those of the jobs. ValueError."""
    given = {name: value for name, value in tables.items() if value is not None}
    settings = msgspec.convert(given | {"jobs": given.get("jobs", {})}, Settings)
    for name, job in settings.jobs.items():
        if name not in names:
            raise ValueError(f"no job is called {name[:40]!r}; there are {', '.join(names)}")
        if name in NEEDS_FOLDER and job.folder is None:
            raise ValueError(f"the job {name} needs a folder")
        if name == "keys" and job.expire is None:
            raise ValueError("the job keys needs expire, the days after which a copy is deleted")
        for member, takers in TAKEN_BY.items():
            if getattr(job, member) is not None and name not in takers:
                raise ValueError(f"the job {name} takes no {member}")
    for name in ("digest", "notices"):
        if name in settings.jobs and settings.mail is None:
            raise ValueError(f"the job {name} needs the table [mail]")
    if settings.mail and settings.mail.tls == "none" and not is_local(settings.mail.host):
        raise ValueError("[mail] to another machine needs tls")
    if settings.mail and settings.mail.user is not None and settings.mail.password_file is None:
        raise ValueError("[mail] has a user and no password-file")
    for address in (*([settings.mail.sender] if settings.mail else ()), *(person.mail for person in settings.people)):
        if not is_address(address):
            raise ValueError(f"{address!r} is not one address of mail")
    for hook in settings.webhooks:
        if not is_private(hook.url):
            raise ValueError(f"{hook.url!r} is no https address of a server")
        for kind in hook.kinds:
            if kind not in KINDS:
                raise ValueError(f"no kind is called {kind[:40]!r}")
        if not Path(hook.key).is_file():
            raise ValueError(f"there is no file {hook.key}")
    return settings


def is_address(text: str) -> bool:
    """Return True for one address of mail, as its header and the mail server read it."""
    try:
        parsed = Address(addr_spec=text)
    except (ValueError, IndexError, AttributeError, MessageError):  # the parser raises all of these
        return False
    return text == f"{parsed.username}@{parsed.domain}"
