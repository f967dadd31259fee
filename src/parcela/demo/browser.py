"""A browser without script: keeps cookies, follows redirects, and sends the forms that it sees."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

from parcela.demo.caller import UnexpectedAnswerError

_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to pay among those to choose from, with what the page says of it."""

    value: str
    title: str
    facts: Mapping[str, str]


@dataclass(slots=True)
class Page:
    """What is to be read on a page: its heading, facts by their names, ways to pay, forms and links."""

    heading: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    ways: list[Way] = field(default_factory=list)
    forms: dict[str, dict[str, str]] = field(default_factory=dict, repr=False)
    """Hidden fields of each form, by its whole address."""
    boxes: list[str] = field(default_factory=list)
    """Names of what is to be ticked."""
    links: dict[str, str] = field(default_factory=dict, repr=False)
    """Texts of links, by their whole address."""

    def find_link(self, end: str) -> str:
        """The address that ends so. Raises UnexpectedAnswerError."""
        return self._find(self.links, end)

    def find_form(self, end: str) -> str:
        """The address of the form that ends so. Raises UnexpectedAnswerError."""
        return self._find(self.forms, end)

    def _find(self, addresses: Mapping[str, object], end: str) -> str:
        for address in addresses:
            if address.endswith(end):
                return address
        raise UnexpectedAnswerError(f'the page "{self.heading}" leads to no {end}')


class Browser:
    """Somebody's browser, on one page at a time."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self.page = Page()

    def open(self, url: str) -> Page:
        """Go to a page."""
        return self._read(self._session.get(url, timeout=_TIMEOUT_S))

    def send(self, form: str, fields: Mapping[str, str]) -> Page:
        """Send the form whose address ends so, and go where the answer leads."""
        url = self.page.find_form(form)
        body = {**self.page.forms[url], **fields}
        return self._read(self._session.post(url, data=body, timeout=_TIMEOUT_S))

    def download(self, url: str) -> requests.Response:
        """A file that hangs on the page, whatever the status."""
        return self._session.get(url, timeout=_TIMEOUT_S)

    def _read(self, response: requests.Response) -> Page:
        if response.status_code != 200:
            path = response.request.path_url.partition("?")[0]
            raise UnexpectedAnswerError(f"{response.request.method} {path} answered {response.status_code}")
        response.encoding = "utf-8"
        reader = _Reader(response.url)
        reader.feed(response.text)
        self.page = reader.page
        return self.page


class _Reader(HTMLParser):
    """Reads our pages as far as the demo needs them."""

    _TOLD = frozenset({"h1", "dt", "dd", "a"})

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._url = url
        self._form = ""
        self._term = ""
        self._link = ""
        self._heard: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = urljoin(self._url, given.get("action", ""))
            self.page.forms.setdefault(self._form, {})
        elif tag == "input":
            self._take_field(given)
        elif tag in self._TOLD or given.get("class") == "title":
            self._heard[tag] = []
            self._link = urljoin(self._url, given.get("href", ""))

    def _take_field(self, given: Mapping[str, str]) -> None:
        kind, name, value = given.get("type"), given["name"], given.get("value", "")
        if kind == "hidden":
            self.page.forms[self._form][name] = value
        elif kind == "radio":
            self.page.ways.append(Way(value=value, title="", facts={}))
        elif kind == "checkbox":
            self.page.boxes.append(name)

    def handle_data(self, data: str) -> None:
        for texts in self._heard.values():
            texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._heard:
            return
        text = " ".join("".join(self._heard.pop(tag)).split())
        ways = self.page.ways
        if tag == "h1":
            self.page.heading = text
        elif tag == "a":
            self.page.links[self._link] = text
        elif tag == "dt":
            self._term = text
        elif tag == "dd":
            facts = dict(ways[-1].facts if ways else self.page.facts)
            facts.setdefault(self._term, text)
            if ways:
                ways[-1] = Way(value=ways[-1].value, title=ways[-1].title, facts=facts)
            else:
                self.page.facts = facts
        elif ways:
            ways[-1] = Way(value=ways[-1].value, title=text, facts=ways[-1].facts)
