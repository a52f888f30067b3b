"""The texts of the sign-in page by their names; another language has them in its catalogue."""

from __future__ import annotations

from functools import cache
from typing import Final

from ledger.messages import LANGUAGES
from projections.sentences.catalogue import NAME, Text, in_language

ENGLISH: Final[dict[str, Text]] = {
    "name": NAME,
    "title": "Sign in",
    "passkey": "Sign in with a passkey",
    "provider": "Sign in with the account of your organisation",
    "first": "First time on this device",
    "first_says": "An administrator gives you a code that is good for 30 minutes.",
    "code": "Code",
    "enrol": "Register a passkey",
    "script": "A passkey needs JavaScript.",
    "signed_in": "Signed in",
    "desk": "To the desk",
    "until": "You are signed in. The session ends after 30 minutes without use, at the latest after 12 hours.",
    "passkeys": "Your passkeys",
    "made": "registered",
    "used": "last used",
    "never": "never used",
    "remove": "Remove",
    "sign_out": "Sign out",
    "everywhere": "Sign out on all devices",
    "go_on": "Continue",
    "wait": "Follow the instructions of your browser.",
    "given_up": "Nothing was done: the browser has ended this, or you have.",
    "none": "This browser has no passkeys.",
    "refused": "The sign-in was not accepted. Try again; if it fails again, ask an administrator.",
    "locked": "Too many attempts have failed. Wait, then try again.",
    "unlinked": "No account here is linked to you. Give an administrator this name:",
    "failed": "The server cannot do this now. Try again later.",
}


@cache
def texts() -> dict[str, dict[str, str]]:
    """Return the texts of the page in each language, by their names."""
    return {lang: in_language(ENGLISH, lang) for lang in LANGUAGES}
