"""Two browsers with their own remote controls: Chromium by WebDriver (chromedriver), Firefox by Marionette.

Only what the tests of the page need: open it, type, run a script, take a picture. Source: w3.org/TR/webdriver2;
Marionette speaks the same commands as `<length>:[0, id, name, parameters]` over TCP.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from base64 import b64decode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # how WebDriver marks an element in JSON
ENTER = "\ue007"
TAB = "\ue004"
ESCAPE = "\ue00c"
NARROW = ":root { min-width: 0 !important; }"  # of Firefox's window, which else is never as narrow as a phone
SCRIPT = 180  # seconds until the browser ends a script in the page
SECONDS = SCRIPT + 30  # until a browser that does not answer counts as stuck
ENDING = 10  # seconds in which a browser ends
STUCK = (OSError, RuntimeError, http.client.HTTPException, ValueError)  # of a browser that does not answer as it should

# a passkey of the device that answers without a person
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def within(limit: int | None, *command: str | Path) -> list[str | Path]:
    """Return a command whose processes may each allocate at most `limit` bytes of writable memory."""
    return [*(["prlimit", f"--data={limit}", "--"] if limit else []), *command]


def _pressed(keys: Sequence[str], held: int) -> list[dict[str, Any]]:
    """Return the actions of WebDriver that press and release keys in turn, while the first `held` ones are held."""
    turns = [(kind, key) for key in keys[held:] for kind in ("keyDown", "keyUp")]
    down, up = ([(kind, key) for key in keys[:held]] for kind in ("keyDown", "keyUp"))
    return [{"type": "key", "id": "keys", "actions": [{"type": k, "value": key} for k, key in [*down, *turns, *up]]}]


def _cookie(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "value": value, "path": "/", "secure": True, "httpOnly": True, "sameSite": "Strict"}


class Browser(ABC):
    """One window of one browser; a command is its name in WebDriver's path and in Marionette."""

    @abstractmethod
    def __init__(self, profile: Path, limit: int | None = None) -> None: ...

    @abstractmethod
    def open(self, url: str) -> None: ...

    @abstractmethod
    def run(self, script: str, *arguments: Any) -> Any:
        """Return the value of a script, or the value that its promise resolves to."""

    @abstractmethod
    def type(self, selector: str, text: str) -> None:
        """Type into an element; into a file input, the path of a file."""

    @abstractmethod
    def set_cookie(self, name: str, value: str) -> None:
        """Keep a cookie of the open page that only its server reads."""

    @abstractmethod
    def picture(self) -> bytes:
        """Return a picture of the window, as PNG."""

    @abstractmethod
    def press(self, *keys: str, held: int = 0) -> None:
        """Press keys of the keyboard in turn, wherever the focus is; the first `held` of them are held meanwhile."""

    @abstractmethod
    def name_file(self, path: str) -> None:
        """Name a file to the file input that has the focus."""

    @abstractmethod
    def windows(self) -> list[str]:
        """Return the handles of the open windows and tabs."""

    @abstractmethod
    def window(self) -> str:
        """Return the handle of the window that is spoken with."""

    @abstractmethod
    def switch(self, window: str) -> None:
        """Speak with another window from now on."""

    @abstractmethod
    def close_window(self) -> None:
        """Close the window; `switch` to another one afterwards."""

    @abstractmethod
    def resize(self, width: int = 0) -> None:
        """Give the page a width in pixels; 0: that of the window at the start."""

    @abstractmethod
    def close(self) -> None: ...

    def wait(self, script: str, seconds: float = SECONDS) -> Any:
        """Return the first true value of a script."""
        until = time.monotonic() + seconds
        while not (value := self.run(script)):
            if time.monotonic() > until:
                raise TimeoutError(script)
            time.sleep(0.05)
        return value


class Chromium(Browser):
    """Debian's Chromium, without a screen and without a network."""

    def __init__(self, profile: Path, limit: int | None = None) -> None:
        self._driver = subprocess.Popen(within(limit, "chromedriver", "--port=0"), stdout=subprocess.PIPE, text=True)
        assert self._driver.stdout is not None
        found = (re.search(r"started successfully on port (\d+)", line) for line in self._driver.stdout)
        port = next(started[1] for started in found if started)
        self._connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=SECONDS)
        self._base = "/session"
        flags = (
            "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
            f"--disable-component-update --disable-sync --window-size=1000,1400 --user-data-dir={profile}"
        ).split()
        options = {"args": flags, "binary": "/usr/bin/chromium"}
        wanted = {"goog:chromeOptions": options, "timeouts": {"script": 1000 * SCRIPT}}
        asked = {"capabilities": {"alwaysMatch": wanted}}
        self._base += "/" + self._call("POST", "", asked)["sessionId"]
        # Without a screen its window may be behind: a page then has no focus, and shows none.
        self.devtools("Emulation.setFocusEmulationEnabled", {"enabled": True})

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        self._connection.request(method, self._base + path, data)
        answer = self._connection.getresponse()
        value = json.load(answer)["value"]
        if answer.status >= 400:
            raise RuntimeError(value["message"])
        return value

    def open(self, url: str) -> None:
        self._call("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        return self._call("POST", "/execute/sync", {"script": script, "args": arguments})

    def type(self, selector: str, text: str) -> None:
        found = self._call("POST", "/element", {"using": "css selector", "value": selector})
        self._call("POST", f"/element/{found[ELEMENT]}/value", {"text": text})

    def set_cookie(self, name: str, value: str) -> None:
        self._call("POST", "/cookie", {"cookie": _cookie(name, value)})

    def picture(self) -> bytes:
        return b64decode(self._call("GET", "/screenshot"))

    def press(self, *keys: str, held: int = 0) -> None:
        self._call("POST", "/actions", {"actions": _pressed(keys, held)})

    def name_file(self, path: str) -> None:
        found = self._call("GET", "/element/active")
        self._call("POST", f"/element/{found[ELEMENT]}/value", {"text": path})

    def windows(self) -> list[str]:
        found: list[str] = self._call("GET", "/window/handles")
        return found

    def window(self) -> str:
        found: str = self._call("GET", "/window")
        return found

    def switch(self, window: str) -> None:
        self._call("POST", "/window", {"handle": window})

    def close_window(self) -> None:
        self._call("DELETE", "/window")

    def resize(self, width: int = 0) -> None:
        self.emulate(width)

    @contextmanager
    def authenticator(self) -> Iterator[None]:
        """Forget who has signed in, and have a passkey device that answers without a person until the block ends."""
        self.devtools("Network.clearBrowserCookies", {})
        self.devtools("WebAuthn.enable", {})
        self.devtools("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        try:
            yield
        finally:
            self.devtools("WebAuthn.disable", {})

    def emulate(self, width: int = 0, scheme: str = "light") -> None:
        """Show pages at a width (0: that of the window) and in a colour scheme, `light` or `dark`."""
        size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": True}
        name = "setDeviceMetricsOverride" if width else "clearDeviceMetricsOverride"
        self.devtools(f"Emulation.{name}", size if width else {})
        self.devtools("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def devtools(self, name: str, params: dict[str, Any]) -> None:
        """Send a command of the DevTools protocol."""
        self._call("POST", "/goog/cdp/execute", {"cmd": name, "params": params})

    def close(self) -> None:
        with suppress(*STUCK):
            self._call("DELETE", "")
        self._connection.close()
        self._driver.terminate()
        _ended(self._driver)


class Firefox(Browser):
    """Debian's Firefox, without a screen."""

    def __init__(self, profile: Path, limit: int | None = None) -> None:
        port = _free_port()
        settings = {
            "marionette.port": port,
            "browser.shell.checkDefaultBrowser": False,
            "app.update.enabled": False,
            "browser.sessionhistory.max_total_viewers": 0,  # no closed page is kept in memory
            "toolkit.legacyUserProfileCustomizations.stylesheets": True,
        }
        lines = (f'user_pref("{name}", {json.dumps(value)});\n' for name, value in settings.items())
        (profile / "user.js").write_text("".join(lines), "utf-8")
        (profile / "chrome").mkdir()
        (profile / "chrome" / "userChrome.css").write_text(NARROW, "utf-8")
        self._firefox = subprocess.Popen(
            within(limit, "firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", profile),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._socket = self._connected(port)
        self._rest = b""
        self._number = 0
        self._read()  # the greeting
        self._call("WebDriver:NewSession", {"capabilities": {}})
        self._call("WebDriver:SetTimeouts", {"script": 1000 * SCRIPT})

    def _connected(self, port: int) -> socket.socket:
        until = time.monotonic() + SECONDS
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
            except OSError:
                if time.monotonic() > until:
                    self._firefox.kill()
                    raise
                time.sleep(0.1)

    def _read(self) -> Any:
        while (end := self._rest.find(b":")) < 0 or len(self._rest) <= end + int(self._rest[:end]):
            # Firefox sends an answer in two pieces, the second when the first is acknowledged: at once, not in 40 ms.
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            piece = self._socket.recv(1 << 16)
            if not piece:
                raise ConnectionError("Firefox has closed its connection")
            self._rest += piece
        size = int(self._rest[:end])
        message, self._rest = self._rest[end + 1 : end + 1 + size], self._rest[end + 1 + size :]
        return json.loads(message)

    def _call(self, name: str, parameters: dict[str, Any]) -> Any:
        self._number += 1
        message = json.dumps([0, self._number, name, parameters]).encode()
        try:
            self._socket.sendall(b"%d:%b" % (len(message), message))
            _, _, error, value = self._read()
        except OSError:
            self._socket.close()  # a later answer would be taken for that to a later command
            raise
        if error:
            raise RuntimeError(error["message"])
        return value.get("value", value) if isinstance(value, dict) else value

    def open(self, url: str) -> None:
        self._call("WebDriver:Navigate", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        return self._call("WebDriver:ExecuteScript", {"script": script, "args": arguments})

    def type(self, selector: str, text: str) -> None:
        found = self._call("WebDriver:FindElement", {"using": "css selector", "value": selector})
        self._call("WebDriver:ElementSendKeys", {"id": found[ELEMENT], "text": text})

    def set_cookie(self, name: str, value: str) -> None:
        self._call("WebDriver:AddCookie", {"cookie": _cookie(name, value)})

    def picture(self) -> bytes:
        return b64decode(self._call("WebDriver:TakeScreenshot", {"full": True}))

    def press(self, *keys: str, held: int = 0) -> None:
        self._call("WebDriver:PerformActions", {"actions": _pressed(keys, held)})

    def name_file(self, path: str) -> None:
        found = self._call("WebDriver:GetActiveElement", {})
        self._call("WebDriver:ElementSendKeys", {"id": found[ELEMENT], "text": path})

    def windows(self) -> list[str]:
        found: list[str] = self._call("WebDriver:GetWindowHandles", {})
        return found

    def window(self) -> str:
        found: str = self._call("WebDriver:GetWindowHandle", {})
        return found

    def switch(self, window: str) -> None:
        self._call("WebDriver:SwitchToWindow", {"handle": window})

    def close_window(self) -> None:
        self._call("WebDriver:CloseWindow", {})

    def resize(self, width: int = 0) -> None:
        self._call("WebDriver:SetWindowRect", {"width": width or 1_366, "height": 1_400 if width else 768})

    def close(self) -> None:
        with suppress(*STUCK):
            self._socket.settimeout(ENDING)
            self._call("Marionette:Quit", {"flags": ["eForceQuit"]})
        self._socket.close()
        _ended(self._firefox)


def _ended(process: subprocess.Popen[Any]) -> None:
    """Wait until a process has ended; kill it if it does not."""
    try:
        process.wait(ENDING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
