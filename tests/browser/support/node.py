"""The scripts of the verifier page in Node.js, with questions from Python."""

from __future__ import annotations

import json
import subprocess
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

CHECKER = Path(__file__).with_name("checker.mjs")


class Crashed(Exception):
    """The page threw an exception that is no refusal; no bundle may cause one."""


class Refusal(Exception):
    """The page refused the input, with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Asked(ABC):
    """The scripts of a built page, in Node.js or in a browser."""

    @abstractmethod
    def _answer(self, line: str) -> str:
        """Return the answer of answers.mjs to a line."""

    def ask(self, what: str, **question: Any) -> Any:
        """Return the answer as JSON; bytes in the question are sent as base64. Raise `Refusal` or `Crashed`."""
        return self.ask_each(what, [question])[0]

    def ask_each(self, what: str, questions: Iterable[Mapping[str, Any]]) -> list[Any]:
        """Return the answers to questions of one kind, which are sent together."""
        line = json.dumps([{"ask": what, **question} for question in questions], default=_text)
        return list(map(_said, json.loads(self._answer(line))))


def _said(answer: dict[str, Any]) -> Any:
    if "crashed" in answer:
        raise Crashed(answer["crashed"])
    if "refused" in answer:
        raise Refusal(answer["refused"]["code"])
    return answer["answer"]


class Page(Asked):
    """A built page whose scripts run in Node.js; `browser` is "", or has a "lying" Ed25519, or is "without" it."""

    def __init__(self, file: Path, browser: str = "", checker: Path = CHECKER) -> None:
        self._node = subprocess.Popen(
            ["node", checker, file, browser], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def close(self) -> None:
        self._node.communicate()

    def _answer(self, line: str) -> str:
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.write(f"{line}\n")
        self._node.stdin.flush()
        return self._node.stdout.readline()


def _text(value: bytes) -> str:
    return b64encode(value).decode()
