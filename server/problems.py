"""Turn an error into a problem (RFC 9457), with the released code and the HTTP status of the code."""

from __future__ import annotations

from typing import Final

from ledger.errors import LedgerError, RecordError
from ledger.messages import Message, pattern_of, values_of
from server.documents import Problem
from server.error_texts import ErrorText, error_texts

MEDIA = "application/problem+json"
PAGE = "https://comity.example/codes#"  # the type of a problem is a name, and is never fetched

# The status of each code that is not 422 (what a signer sent is refused) or 503 (the ledger cannot be used now).
STATUS: Final = {
    "API-REQUEST": 400,
    "API-SIGNATURE": 401,
    "API-REPLAY": 401,
    "API-SESSION": 401,
    "API-CERTIFICATE": 401,
    "API-SIGN-IN": 401,
    "KEY-UNKNOWN": 401,
    "KEY-ENDED": 401,
    "API-DENIED": 403,
    "API-ORIGIN": 403,
    "API-UNLINKED": 403,
    "KEY-ROLE": 403,
    "API-MISSING": 404,
    "ORDER-UNKNOWN": 404,
    "FACT-KIND": 404,
    "API-METHOD": 405,
    "API-SLOW": 408,
    "CONFLICT": 409,
    "CTX-CHAIN": 409,
    "CTX-REPLAY": 409,
    "CTX-CONDITION": 409,
    "API-IN-FLIGHT": 409,
    "ORDER-AMBIGUOUS": 409,
    "REFERENCE-TAKEN": 409,
    "REFERENCE-ALIKE": 409,
    "API-LARGE": 413,
    "API-MEDIA": 415,
    "API-HOST": 421,
    "API-HEAD": 431,
    "API-RATE": 429,
    "API-WAIT": 429,
    "BUSY": 429,
    "API-UNFORESEEN": 500,
    "EXCHANGE-FULL": 507,
    "FILES-FULL": 507,
}
TITLES: Final = {
    400: Message("The request has another form than the API asks for."),
    401: Message("The sender of the request is not known."),
    403: Message("This caller may not do this."),
    404: Message("There is no such thing that this caller may see."),
    405: Message("The address has another method."),
    408: Message("The request did not arrive in time."),
    409: Message("The record has changed, or has it already."),
    413: Message("The request is too large."),
    415: Message("The content has another type."),
    421: Message("This is not a name of this server."),
    422: Message("The entry is refused; nothing was recorded."),
    429: Message("There are too many requests."),
    431: Message("The head of the request is too large."),
    500: Message("The server has failed."),
    503: Message("The ledger cannot be used now."),
    507: Message("There is no room for this."),
}


def status_of(error: RecordError | LedgerError) -> int:
    """Return the HTTP status of an error."""
    return STATUS.get(error.code, 422 if isinstance(error, RecordError) else 503)


def is_internal(error: RecordError | LedgerError) -> bool:
    """Return True if the sentence of an error is for the operator: it may name files of the server."""
    return status_of(error) == 503 and error.code != "API-UNREADY"


def problem_of(error: Exception, lang: str = "en") -> Problem:
    """Return the problem of an error in a language; one that is for the operator shows its code alone."""
    if isinstance(error, (RecordError, LedgerError)):
        if is_internal(error):
            return _problem(503, error.code, Message("the log of the server says more"), "", "", lang)
        return _problem(status_of(error), error.code, error.says, getattr(error, "where", ""), error.hint, lang)
    return _problem(500, "API-UNFORESEEN", Message("an unforeseen error; the log of the server has it"), "", "", lang)


def text_of(error: RecordError | LedgerError, lang: str) -> ErrorText:
    """Return what an error says to a person in a language, as its problem has it."""
    problem = problem_of(error, lang)
    return ErrorText(problem.detail, problem.hint, problem.english)


def in_language(problem: Problem, lang: str) -> Problem:
    """Return an English problem in a language."""
    return _problem(problem.status, problem.code, problem.detail, problem.where, problem.hint, lang)


def _problem(status: int, code: str, says: str, where: str, hint: str, lang: str = "en") -> Problem:
    texts = error_texts(lang)
    title = texts.say(TITLES[status]) or TITLES[status]
    text = texts.of(code, says, hint, otherwise=title)
    return Problem(
        PAGE + code,
        title,
        status,
        text.says,
        code,
        where,
        text.hint,
        text.english,
        message_id=pattern_of(says),
        values=values_of(says),
        hint_id=pattern_of(hint),
        hint_values=values_of(hint),
    )


def is_proof(code: str) -> bool:
    """Return True for a code by which a client says what it has verified; of a server it proves nothing."""
    return code == "API-FALSE" or code.startswith(("LOG-", "SPLIT-"))


def stated(code: str, detail: str) -> LedgerError:
    """Return the error of a server that states a code for which `is_proof` holds, in place of an answer."""
    return LedgerError("API-UNREADY", f"the server states {code}: {detail}", "nothing that was verified here shows it")
