"""The dashboard in a real Chromium: what it shows, that nothing of a repository is run, keys, keyboard, sizes.

The picture in docs/dashboard.png is made anew by

    CODEASSIST_SCREENSHOTS=docs .venv/bin/pytest -m e2e tests/e2e/test_dashboard.py -k picture
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.dashboard_server import KEY, MARKUP, DashboardServer, dashboard_server, fill, put_markup
from tests.e2e.vscode_tools import Tools
from tests.e2e.vscode_window import Browser

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

WAIT_S = 15.0
PAGES = itertools.count(1)
ROWS = "() => document.querySelectorAll('#list .row').length"
CARDS = """() => {
  const cards = [...document.querySelectorAll('.card')].map((card) => [...card.children].map((p) => p.textContent));
  return Object.fromEntries(cards.map(([name, value]) => [name, value]));
}"""
VISIBLE_CLIENTS = """() => [...document.querySelectorAll('#list .row')]
  .filter((row) => row.checkVisibility()).map((row) => row.children[1].textContent)"""
# A request with added code; a click of the page's own does not scroll.
OPEN_ONE = """() => [...document.querySelectorAll('#list .row')].slice(1)
  .find((row) => row.querySelector('.why').textContent.startsWith('4 pieces')).click()"""
# Answers are from now on those of a server that was started at another time.
OTHER_SERVER = """() => {
  const real = window.fetch;
  window.answers = 0;
  window.fetch = async (...given) => {
    const response = await real(...given);
    const answer = { ...(await response.json()), started: 7 };
    if (given[0].includes('requests')) window.answers += 1;
    return new Response(JSON.stringify(answer), { status: response.status });
  };
}"""
WRONG = "() => document.querySelector('#ask-why.wrong')?.checkVisibility()"


class Page:
    """The dashboard in one tab."""

    def __init__(
        self, browser: Browser, server: DashboardServer, width: int = 1240, scheme: str = "light", **given: Any
    ) -> None:
        self._browser = browser
        self._name = f"dashboard-{next(PAGES)}"
        look = {"colorScheme": scheme, "reducedMotion": "reduce"}
        size = {"width": width, "height": 900, "ready": "#ask[open]", "scale": 1, "look": look}
        self.ask("open", url=server.url, **{**size, **given})

    def ask(self, operation: str, **given: Any) -> Any:
        return self._browser.ask(operation, window=self._name, **given)

    def look(self, expression: str, argument: Any = None) -> Any:
        return self.ask("evaluate", expression=expression, argument=argument)

    def give_key(self, key: str = KEY) -> None:
        self.ask("type", text=key, delay_ms=0)
        self.ask("press", key="Enter")

    def wait(self, condition: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + WAIT_S
        while not (value := condition()):
            assert time.monotonic() < deadline, f"waited in vain for {what}: {self.ask('complaints')}"
            time.sleep(0.05)
        return value

    def wait_rows(self, n_rows: int = 1) -> None:
        self.wait(lambda: self.look(ROWS) >= n_rows and self.look(CARDS), f"{n_rows} rows")


@pytest.fixture(scope="module")
def dashboard_browser(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(tools, tmp_path_factory.mktemp("browser") / "log")
    yield browser
    browser.close()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DashboardServer]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with dashboard_server(Path("/home/anna/src/shop")) as server:
        yield server


@pytest.fixture
def page(dashboard_browser: Browser, server: DashboardServer) -> Iterator[Page]:
    page = Page(dashboard_browser, server)
    yield page
    page.ask("close")


def test_figures_charts_and_live_requests_are_shown(page: Page, server: DashboardServer) -> None:
    server.do(fill)
    page.give_key()
    page.wait_rows(91)
    cards = page.look(CARDS)
    assert cards["now"] == "1"
    assert cards["cached"].endswith(" %")
    assert float(cards["saved"]) > 0
    assert page.look("() => document.querySelectorAll('#latency circle').length") == 90
    assert page.look("() => document.querySelector('#acceptance svg').textContent").endswith("36 % of 412")
    server.do(lambda journal: journal.open("new", "/infill", journal.running[0].caller, "model"))
    page.wait(lambda: page.look(ROWS) == 92, "the new request")
    origin = server.url.removesuffix("/ui")
    loaded = page.look("() => performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert {name for name in loaded if not name.startswith(origin)} == set()
    assert [text for text in page.ask("complaints") if "401" not in text] == []


def test_who_has_no_client_yet_is_told_its_address(page: Page, server: DashboardServer) -> None:
    page.give_key()
    page.wait(lambda: page.look(CARDS), "the figures")
    shown = "() => document.querySelector('#none').checkVisibility() && document.querySelector('#base').textContent"
    assert page.look(shown) == server.url.removesuffix("/ui") + "/v1"


@pytest.mark.parametrize(
    ("state", "message", "said"),
    [
        ("ready", "large", ["ready", "large ready"]),
        ("ready", "small stands in: large is away", ["starting", "small stands in for large"]),
        ("failed", "", ["failed", "large failed"]),
    ],
)
def test_an_engine_that_is_away_is_not_said_to_be_ready(page: Page, state: str, message: str, said: list[str]) -> None:
    told = "async (engine) => (await import(document.querySelector('script').src)).engineSaid(engine, 'large')"
    assert page.look(told, {"state": state, "message": message}) == said


def test_no_text_of_others_is_run(page: Page, server: DashboardServer) -> None:
    server.do(put_markup)
    page.give_key()
    page.wait_rows()
    page.ask("click", selector="#list .row")
    detail = page.wait(lambda: page.look("() => document.querySelector('.detail')?.textContent"), "what lies behind")
    assert detail.count(MARKUP) >= 4
    assert page.look("() => document.images.length") == 0
    assert page.look("() => document.title") == "codeassist"


def test_the_key_is_asked_for_again_where_it_is_wrong_and_stays_out_of_addresses(
    page: Page, server: DashboardServer
) -> None:
    server.do(fill)
    page.give_key("wrong")
    page.wait(lambda: page.look(WRONG), "another question")
    page.give_key()
    page.wait_rows()
    assert page.look("() => location.href") == server.url
    loaded = page.look("() => performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert not any(KEY in name for name in loaded)
    assert page.look("() => [localStorage.length, sessionStorage.length]") == [0, 1]
    page.ask("click", selector="#forget")
    page.wait(lambda: page.look("() => document.querySelector('#ask').open"), "the question")
    assert page.look("() => sessionStorage.length") == 0


def test_a_server_that_was_started_again_is_shown_from_its_start(page: Page, server: DashboardServer) -> None:
    server.do(fill)
    page.give_key()
    page.wait_rows(91)
    page.look(OTHER_SERVER)
    page.wait(lambda: page.look("() => window.answers > 2"), "an answer of the other server")
    page.wait_rows(91)


def test_it_is_used_with_the_keyboard_alone(page: Page, server: DashboardServer) -> None:
    server.do(fill)
    page.give_key()
    page.wait_rows(91)
    focused = "() => document.activeElement.className || document.activeElement.id"
    page.look("() => document.querySelector('.skip').focus()")
    page.ask("press", key="Enter")
    for wanted in ("find", "pause", "row", "row"):
        page.ask("press", key="Tab")
        assert page.look(focused) == wanted
    page.ask("press", key="Enter")
    page.wait(lambda: page.look("() => document.activeElement.getAttribute('aria-expanded')") == "true", "the detail")
    assert "first token" in page.look("() => document.querySelector('.detail').textContent")
    page.ask("press", key="Enter")
    assert page.look("() => document.querySelector('.detail')") is None
    page.look("() => document.getElementById('find').focus()")
    page.ask("type", text="aider", delay_ms=0)
    assert set(page.look(VISIBLE_CLIENTS)) == {"aider"}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1240), ("dark", 1240), ("light", 400), ("dark", 400)])
def test_nothing_is_wider_than_the_screen(
    dashboard_browser: Browser, server: DashboardServer, pictures: Path, scheme: str, width: int
) -> None:
    server.do(put_markup)
    server.do(fill)
    page = Page(dashboard_browser, server, width, scheme=scheme)
    page.give_key()
    page.wait_rows(92)
    page.look(OPEN_ONE)
    assert page.look("() => document.documentElement.scrollWidth") <= width
    background = page.look("() => getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(15, 19, 25)") == (scheme == "dark")
    page.ask("screenshot", path=str(pictures / f"dashboard-{scheme}-{width}.png"))
    page.ask("close")


def test_the_picture_of_the_documents(dashboard_browser: Browser, server: DashboardServer, pictures: Path) -> None:
    server.do(fill)
    page = Page(dashboard_browser, server, 1240, height=1120)
    page.give_key()
    page.wait_rows(91)
    page.look(OPEN_ONE)
    page.wait(lambda: page.look("() => document.querySelector('#latency line.p95')"), "the lines of the chart")
    page.ask("screenshot", path=str(pictures / "dashboard.png"))
    page.ask("close")
