"""A command that is killed at a chosen moment: in a separate process, and nothing is cleaned up."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable

_KILLED = 99


def killed(call: str, number: int, work: Callable[[], object]) -> bool:
    """Do the work in a forked process that dies at the `number`-th call of `os.<call>`; False if it ends before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads of the test runner, which the child does not use
        child = os.fork()
    if child == 0:
        _end_at(call, number)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == _KILLED


def _end_at(call: str, number: int) -> None:
    real, left = getattr(os, call), [number]

    def counted(*args: object, **named: object) -> object:
        left[0] -= 1
        if not left[0]:
            os._exit(_KILLED)
        return real(*args, **named)

    setattr(os, call, counted)
