"""Read the form of a page as a browser does: the values that it would send as it is."""

from __future__ import annotations

from html.parser import HTMLParser

Pairs = list[tuple[str, str]]


class Form(HTMLParser):
    """The successful controls of the form with an id (HTML, section 4.10.22.4), without its buttons."""

    def __init__(self, html: str, form: str = "entry") -> None:
        super().__init__(convert_charrefs=True)
        self.pairs: Pairs = []
        self.labels: set[str] = set()
        self.names: set[str] = set()
        self.ids: list[str] = []
        self._form, self._within = form, form == ""
        self._select: str | None = None
        self._chosen: list[str] = []
        self._first: str | None = None
        self._area: tuple[str, list[str]] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if "id" in at:
            self.ids.append(at["id"])
        if tag == "form":
            self._within = at.get("id") == self._form
        if not self._within:
            return
        if tag == "label":
            self.labels.add(at["for"])
        if tag in ("input", "select", "textarea") and at.get("type") != "hidden":
            self.names.add(at["id"])
        if tag == "input" and (at.get("type") not in ("checkbox", "radio") or "checked" in at):
            self.pairs.append((at["name"], at.get("value", "on")))
        elif tag == "select":
            self._select, self._chosen, self._first = at["name"], [], None
        elif tag == "option" and self._select is not None:
            self._first = at["value"] if self._first is None else self._first
            self._chosen += [at["value"]] if "selected" in at else []
        elif tag == "textarea":
            self._area = at["name"], []

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._within = self._form == ""
        elif tag == "select" and self._select is not None:
            self.pairs.append((self._select, (self._chosen or [self._first or ""])[-1]))
            self._select = None
        elif tag == "textarea" and self._area is not None:
            name, parts = self._area
            text = "".join(parts)
            self.pairs.append((name, text.removeprefix("\n")))  # a parser drops the first line feed
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area[1].append(data)


def sent(pairs: Pairs) -> dict[str, list[str]]:
    """Return what a server reads of a form, whose line feeds were sent as CR LF."""
    texts: dict[str, list[str]] = {}
    for name, value in pairs:
        texts.setdefault(name, []).append(value.replace("\n", "\r\n").replace("\r\n", "\n"))
    return texts
