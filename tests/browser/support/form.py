"""Fill and send the form of the verifier page, by keyboard or by a script in the page, and read the result."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from browser import build
from tests.browser.support.webdriver import ENTER, Browser, Firefox

# `bind` makes a function of the page, also in Firefox, which runs the script of a test in another scope.
CLOCK = """
const page = window.wrappedJSObject ?? window;
page.Date.now = page.Number.prototype.valueOf.bind(arguments[0]);
"""

ENDED = """
  !document.querySelector('#question button').disabled &&
  (document.getElementById('result').hasChildNodes() || document.querySelector('#status .problem'))
"""
UNTIL = "const until = async (holds) => { while (!holds()) await new Promise((done) => setTimeout(done, 2)); };"

SEND = (
    f"""
{UNTIL}
"""
    + """
const [data, held] = arguments;
const at = (id) => document.getElementById(id);
const choose = (id, name, text) => {
  const files = new DataTransfer();
  files.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
  at(id).files = files.files;
  at(id).dispatchEvent(new Event('change', { bubbles: true }));
};
return (async () => {
  for (const name of ['policy', 'registrar', 'anchor', 'authorities']) {
    at(name).value = '';
    at(name).dispatchEvent(new Event('input', { bubbles: true }));
    if (!(name in held)) continue;
    choose(`${name}-file`, name, held[name]);
    await until(() => at(name).value);
  }
  for (const id of ['status', 'result']) at(id).replaceChildren();
  choose('bundle', 'sent.evidence.zip', data);
  at('question').requestSubmit();
  await until(() => !document.querySelector('#question button').disabled);
})();
"""
)

FINDINGS = build.languages()["en"]["page"]["findings-caption"]
SHOWN = """
const all = (selector) => [...document.querySelectorAll(selector)];
const text = (element) => element?.textContent ?? '';
return {
  hidden: document.getElementById('result').hidden,
  problem: text(document.querySelector('#status .problem')),
  status: text(document.getElementById('status')),
  integrity: text(document.getElementById('integrity')),
  reasons: all('#result > ul.plain > li > strong').map((strong) => [
    strong.textContent,
    strong.nextElementSibling?.matches('code') ? strong.nextElementSibling.textContent : '',
  ]),
  steps: all('td.result').map(text),
  findings: [...new Set(all('#result > table')
    .filter((table) => text(table.caption) === arguments[0])
    .flatMap((table) => [...table.tBodies[0].rows].map((row) => text(row.cells[0]))))].sort(),
};
"""


def opened_apart(browser: Browser, page: Path, came: str = "apart") -> None:
    """Open the page, and answer its question: the trust came by another way than the bundle, or as `came` says."""
    browser.open(page.as_uri())
    browser.run("document.querySelector(`input[name=came][value=${arguments[0]}]`).checked = true", came)


def opened_at(browser: Browser, page: Path, now: datetime) -> None:
    """Open the page with its clock at `now`, and answer its question: the trust came apart."""
    opened_apart(browser, page)
    browser.run(CLOCK, now.timestamp() * 1000)


def choose(browser: Browser, field: str, file: Path) -> None:
    """Choose a file as a person does: the bundle, or the content of a text field."""
    browser.type(f"#{field}" if field == "bundle" else f"#{field}-file", str(file))
    if field != "bundle":
        browser.wait(f"return document.getElementById({field!r}).value")


FOLDER = """
const page = window.wrappedJSObject ?? window;
const files = new page.DataTransfer();
for (const [path, text] of Object.entries(arguments[0])) {
  const file = new page.File(page.Array.of(text), path.split('/').at(-1));
  page.Object.defineProperty(file, 'webkitRelativePath', page.JSON.parse(JSON.stringify({ value: path })));
  files.items.add(file);
}
const input = page.document.getElementById('folder-whole');
input.files = files.files;
input.dispatchEvent(new page.Event('change'));
"""


def choose_folder(browser: Browser, folder: Path) -> None:
    """Choose a whole folder. Firefox's remote control cannot choose one: there a script sets the files of the field."""
    if isinstance(browser, Firefox):
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        browser.run(FOLDER, {str(path.relative_to(folder.parent)): path.read_text("utf-8") for path in files})
    else:
        browser.type("#folder-whole", str(folder))


def press(browser: Browser) -> None:
    """Press the Enter key on the button, and wait for the result."""
    browser.run("for (const id of ['status', 'result']) document.getElementById(id).replaceChildren()")
    browser.type("#question button", ENTER)
    browser.run(f"const done = () => {ENDED}; {UNTIL} return until(done)")


def send(browser: Browser, data: bytes, held: Mapping[str, bytes]) -> None:
    """Choose the files, press the button, and wait for the result."""
    texts = {name: b64encode(content).decode() for name, content in held.items()}
    browser.run(SEND, b64encode(data).decode(), texts)


def shown(browser: Browser) -> dict[str, Any]:
    """Return the result on the page, in the form of `case.expected`."""
    seen = browser.run(SHOWN, FINDINGS)
    if seen["hidden"]:
        return {"problem": seen["problem"]}
    steps = [step for number, step in enumerate(seen["steps"], 1) if number != 16]
    return {name: seen[name] for name in ("integrity", "reasons", "findings")} | {"steps": steps}
