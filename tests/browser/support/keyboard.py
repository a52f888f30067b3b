"""A person with a keyboard alone: keys, typed text, names of files; no pointer, and no focus that a script gives.

The scripts of the helper only read. Each stop of the focus has to be seen: a visible mark, inside the window, not
behind another element (WCAG 2.4.7, 2.4.11).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.browser.support.webdriver import ENTER, TAB, Browser

SPACE: Final = " "
DOWN: Final = "\ue015"
UP: Final = "\ue013"
HOME: Final = "\ue011"
SHIFT: Final = "\ue008"
CONTROL: Final = "\ue009"
MOST: Final = 300  # stops of the focus that a page may have before the one that is wanted
PATIENCE: Final = 30  # seconds
# What would point, move the focus, or change the page in place of a person.
ACTS: Final = re.compile(
    r"\.(click|focus|select|blur|submit|requestSubmit|dispatchEvent|setAttribute|append|remove|reload|assign|replace)\("
    r"|\.(value|checked|open|href|hash|hidden|disabled|files|selectedIndex|textContent|innerHTML)\s*=[^=]"
)
STOP: Final = """
const here = document.activeElement;
const found = document.querySelector(arguments[0]);
const group = each => each?.type === 'radio' ? `${each.form?.id} ${each.name}` : each;
const reached = found !== null && group(here) === group(found);
const name = here && `${here.localName}#${here.id} ${(here.innerText || here.name || '').slice(0, 40)}`;
const stop = { there: found !== null, reached, name, before: false, fault: '' };
if ([null, document.body, document.documentElement].includes(here)) return stop;
stop.before = found !== null && (here.compareDocumentPosition(found) & Node.DOCUMENT_POSITION_PRECEDING) !== 0;
const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(here);
const marked = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 || boxShadow !== 'none';
const points = [...here.getClientRects()].flatMap(({ left, right, top, bottom }) =>
  [[(left + right) / 2, (top + bottom) / 2], [left + 2, top + 2], [right - 2, bottom - 2]]);
const seen = points.some(([x, y]) => {
  const above = document.elementFromPoint(x, y);
  return above && (here.contains(above) || above.contains(here) || above.closest('label')?.control === here);
});
if (!marked) stop.fault = 'no mark of the focus is seen';
if (!seen) stop.fault = `the focus is not in the window: ${JSON.stringify(points)}`;
return stop;
"""
CLOSED: Final = """
const groups = [];
for (let at = document.querySelector(arguments[0])?.parentElement; at; at = at.parentElement) {
  if (at.localName === 'details' && !at.open) groups.push(at);
}
return groups.length;
"""


class Keyboard:
    """The keyboard of a person in front of a browser."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def look(self, script: str, *arguments: Any) -> Any:
        """Return the value of a script that reads the page; AssertionError for one that acts in place of a person."""
        assert not ACTS.search(script), f"this acts, and a person with a keyboard cannot: {script}"
        return self._browser.run(script, *arguments)

    def until(self, script: str, *arguments: Any) -> Any:
        """Return the first true value of a script that reads; AssertionError with the text of the page after 30 s."""
        return self.until_true(lambda: self.look(script, *arguments), script)

    def until_true(self, does: Callable[[], Any], what: str = "") -> Any:
        """Return the first true value of a function; AssertionError with the texts of all windows after 30 s."""
        end = time.monotonic() + PATIENCE
        while not (value := does()):
            if time.monotonic() > end:
                raise AssertionError(f"{what}\n{self._texts()}")
            time.sleep(0.02)
        return value

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, where the focus is."""
        self._browser.press(*keys)

    def write(self, text: str) -> None:
        """Type a text in place of the one that a field has."""
        self._browser.press(CONTROL, "a", held=1)
        self._browser.press(*text)

    def address(self, url: str) -> None:
        """Type an address into the bar of the browser."""
        self._browser.open(url)

    def loaded(self) -> None:
        """Wait until the page and its scripts are there."""
        self.until("return document.readyState === 'complete'")

    def reach(self, selector: str) -> None:
        """Press Tab, or Shift and Tab, until the first element that fits has the focus; open its group before."""
        self.loaded()
        closed = self.look(CLOSED, selector)
        assert closed < 2, "a group in a group"
        if closed:
            inside = f"details:has({selector}) > summary"
            self._tab_to(inside)
            self.press(ENTER)
            self.until("return document.querySelector(arguments[0]).parentElement.open", inside)
        self._tab_to(selector)

    def _tab_to(self, selector: str) -> None:
        stops: list[str] = []
        stop = self.look(STOP, selector)
        while not stop["reached"]:
            assert stop["there"], f"the page has no {selector}\n{self._texts()}"
            assert len(stops) < MOST, f"{selector} is not reached by keyboard, but {stops}"
            self._browser.press(*((SHIFT, TAB) if stop["before"] else (TAB,)), held=stop["before"])
            stop = self.look(STOP, selector)
            stops.append(stop["name"])
            assert not stop["fault"], f"{stop['name']}: {stop['fault']}"

    def enter(self, selector: str) -> None:
        """Reach a link or a button, and press Enter."""
        self.reach(selector)
        self.press(ENTER)

    def follow(self, selector: str) -> None:
        """Reach a link or a button, press Enter, and wait until another page is loaded, or this one again."""
        self.reach(selector)
        before = self.look("return performance.timeOrigin")
        self.press(ENTER)
        self.until("return performance.timeOrigin !== arguments[0] && document.readyState === 'complete'", before)

    def type(self, selector: str, text: str) -> None:
        """Reach a field, and type a text into it."""
        self.reach(selector)
        self.write(text)

    def choose(self, selector: str, value: str) -> None:
        """Reach a list, and go to an option by the arrows."""
        self.reach(selector)
        place = self.look(
            "const at = document.querySelector(arguments[0]);"
            "return [...at.options].findIndex(each => each.value === arguments[1]) - at.selectedIndex",
            selector,
            value,
        )
        self.press(*[DOWN if place > 0 else UP] * abs(place))
        assert self.look("return document.querySelector(arguments[0]).value", selector) == value

    def tick(self, selector: str) -> None:
        """Set a box by Space, or go to a radio button by the arrows."""
        self.reach(selector)
        for _ in range(10):
            kind, checked, here = self.look(
                "const at = document.querySelector(arguments[0]);"
                "return [at.type, at.checked, at === document.activeElement]",
                selector,
            )
            if checked:
                return
            self.press(SPACE if here or kind == "checkbox" else UP)
        raise AssertionError(f"{selector} is not set by keyboard")

    def give(self, selector: str, file: Path) -> None:
        """Reach a file input, and name a file in the dialog of the browser, which no test sees."""
        self.reach(selector)
        self._browser.name_file(str(file))

    def _texts(self) -> str:
        said = []
        for window in self._browser.windows():
            self._browser.switch(window)
            said.append(str(self._browser.run("return location.href + ' ' + document.body.innerText")))
        return "\n----\n".join(said)
