"""The scripts of the verifier page in a browser, with the same questions as in Node.js (node.py)."""

from __future__ import annotations

import re
from pathlib import Path

from tests.browser.support.node import Asked
from tests.browser.support.webdriver import Browser

ANSWERS = Path(__file__).with_name("answers.mjs")
ANSWER = "return (window.wrappedJSObject ?? window).answer?.(arguments[0])"
END = "</script>\n</body>"  # of the last script, the program


class Opened(Asked):
    """A built page in a browser with its scripts unchanged, and answers.mjs after the last one.

    The page's policy forbids an added script, so the policy is removed; `test_browser_rows` and `test_browser_page` use
    the page unchanged.
    """

    def __init__(self, browser: Browser, page: Path, folder: Path) -> None:
        self._browser = browser
        answers = ANSWERS.read_text("utf-8").replace("export const", "const")
        names = ", ".join(re.findall("^  '(\\w+)',$", answers, re.MULTILINE))
        html = re.sub(r"<meta http-equiv[^>]*>\n", "", page.read_text("utf-8"), count=1)
        head, end, tail = html.rpartition(END)
        file = folder / "asked.html"
        file.write_text(f"{head}{answers}\nglobalThis.answer = answering({{ {names} }});\n{end}{tail}", "utf-8")
        self._url = file.as_uri()

    def _answer(self, line: str) -> str:
        said: str | None = self._browser.run(ANSWER, line)
        if said is None:  # another test has opened another page
            self._browser.open(self._url)
            said = self._browser.run(ANSWER, line)
        assert said is not None
        return said
