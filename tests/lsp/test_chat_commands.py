"""The commands that a chat model answers, through the protocol: what is asked, what is applied, what is refused."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from editor import CAPABILITIES, Editor
from lsp_client import ResponseError, span
from lsp_session import Session, connected

from codeassist.assistant import open_assistant
from codeassist.chat.scripted import ScriptedChat
from codeassist.engine.scripted import ScriptedEngine
from codeassist.errors import EngineError, EngineUnavailable
from codeassist.settings import ChatSettings, IndexSettings, Settings

PRICE = '''def price_of(order, discount=0):
    """What an order costs, in cents."""
    return order.price - discount
'''
MAIN = """from shop.price import price_of


class Till:
    def total(self, orders):
        result = 0
        for order in orders:
            result += price_of(order)
        return result
"""
TESTS = """from shop.price import price_of


def test_a_price_is_that_of_the_order():
    assert price_of(Order(3)) == 3
"""
CHAT = ChatSettings(url="http://127.0.0.1:9/v1")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    for path, text in {
        "shop/__init__.py": "",
        "shop/price.py": PRICE,
        "shop/till.py": MAIN,
        "tests/test_price.py": TESTS,
        "web/cart.ts": "/** What is in it. */\nexport class Cart {\n\tadd(item: string): void {\n\t}\n}\n",
        ".env": "PASSWORD=secret\n",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(folder)], check=True, timeout=30)
    return folder


@pytest.fixture
async def session(repository: Path, tmp_path: Path) -> AsyncIterator[Session]:
    settings = Settings(index=IndexSettings(directory=str(tmp_path / "index"), vectors=False), chat=CHAT)
    async with connected(open_assistant(settings, repository, engine=ScriptedEngine())) as made:
        yield made


class Desk:
    """A session with an editor and a chat model, and the commands as the editor runs them."""

    def __init__(self, session: Session, *answers: str | EngineError) -> None:
        self.session = session
        self.chat = ScriptedChat(answers or ["nothing"])
        self.editor = Editor(session.client)
        session.assistant.open_chat = lambda settings: self.chat

    async def start(self, capabilities: dict[str, Any] | None = None) -> Desk:
        root = self.session.assistant.workspace.as_uri()
        chosen = CAPABILITIES if capabilities is None else capabilities
        await self.session.ready(chosen, rootUri=root)
        return self

    def uri(self, path: str) -> str:
        return str((self.session.assistant.workspace / path).as_uri())

    def open(self, path: str, text: str | None = None) -> str:
        file = self.session.assistant.workspace / path
        self.editor.open(file.as_uri(), file.read_text(encoding="utf-8") if text is None else text)
        return str(file.as_uri())

    async def run(self, command: str, uri: str, start: tuple[int, int], end: tuple[int, int], **more: Any) -> None:
        argument = {"uri": uri, "range": span(start, end)} | more
        params = {"command": f"codeassist.{command}", "arguments": [argument]}
        assert await self.session.client.request("workspace/executeCommand", params) is None

    def prompt(self, number: int = 0) -> str:
        return "\n".join(message.content for message in self.chat.asked[number])


def block(code: str, language: str = "python") -> str:
    return f"Here it is:\n\n```{language}\n{code}\n```\n\nDone."


async def test_a_docstring_is_put_below_the_head(session: Session) -> None:
    desk = await Desk(session, block('"""The sum of all prices.\n\norders: any.\n"""')).start()
    uri = desk.open("shop/till.py")
    await desk.run("docstring", uri, (6, 12), (6, 12))
    expected = '        """The sum of all prices.\n\n        orders: any.\n        """\n        result = 0\n'
    assert desk.editor.texts[uri] == MAIN.replace("        result = 0\n", expected)
    assert desk.editor.edits[0]["documentChanges"][0]["textDocument"] == {"uri": uri, "version": 1}
    assert "def price_of(order, discount=0)" in desk.prompt(), "the definition of what the code calls is shown"
    assert "Write the docstring of `total`" in desk.prompt()
    assert desk.editor.messages() == []


async def test_of_a_definition_that_is_given_back_the_docstring_alone_is_taken(session: Session) -> None:
    answer = 'def total(self, orders):\n    """The sum."""\n    return sum(map(price_of, orders))'
    desk = await Desk(session, block(answer)).start()
    uri = desk.open("shop/till.py")
    await desk.run("docstring", uri, (4, 10), (4, 10))
    assert desk.editor.texts[uri] == MAIN.replace(
        "        result = 0\n", '        """The sum."""\n        result = 0\n'
    )


async def test_a_comment_documents_what_is_written_in_other_languages(session: Session) -> None:
    desk = await Desk(session, block("/**\n * Puts an item in.\n */", "ts")).start()
    uri = desk.open("web/cart.ts")
    await desk.run("docstring", uri, (2, 4), (2, 4))
    assert "{\n\t/**\n\t * Puts an item in.\n\t */\n\tadd(" in desk.editor.texts[uri]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("I would write a docstring.", "without a code block"),
        (block('"""a"""') + block('"""b"""'), "2 code blocks"),
        ('```python\n"""never ends', "does not end"),
        ("```\n\n```", "empty code block"),
        (block("return 3"), "no documentation of `total`"),
        (block('"""one"""\nimport os'), "no documentation alone"),
        (block('"""never closed'), "no documentation alone"),
        (EngineUnavailable("http://127.0.0.1:9/v1 answered 401: no; set chat.api_key"), "set chat.api_key"),
    ],
)
async def test_an_answer_that_may_not_go_in_changes_nothing(
    session: Session, answer: str | EngineError, told: str
) -> None:
    desk = await Desk(session, answer).start()
    uri = desk.open("shop/till.py")
    await desk.run("docstring", uri, (4, 10), (4, 10))
    assert desk.editor.edits == []
    assert len(desk.editor.messages()) == 1
    assert told in desk.editor.messages()[0]
    assert desk.chat.n_closed == 1


async def test_a_selection_is_rewritten_at_its_indentation(session: Session) -> None:
    desk = await Desk(session, block("return sum(price_of(order) for order in orders)")).start()
    uri = desk.open("shop/till.py")
    await desk.run("rewrite", uri, (5, 8), (9, 0), instruction="use sum")
    head, _, _ = MAIN.partition("        result = 0")
    assert desk.editor.texts[uri] == f"{head}        return sum(price_of(order) for order in orders)\n"
    assert "Rewrite the selected lines: use sum" in desk.prompt()


async def test_a_whole_definition_takes_the_place_of_the_definition(session: Session) -> None:
    desk = await Desk(session, block("def total(self, orders):\n    return sum(map(price_of, orders))")).start()
    uri = desk.open("shop/till.py")
    await desk.run("rewrite", uri, (5, 8), (8, 3), instruction="use sum")
    head, _, _ = MAIN.partition("    def total")
    expected = f"{head}    def total(self, orders):\n        return sum(map(price_of, orders))\n"
    assert desk.editor.texts[uri] == expected


async def test_windows_line_ends_stay(session: Session) -> None:
    desk = await Desk(session, block("result = 1\nresult = 2")).start()
    uri = desk.open("shop/till.py", MAIN.replace("\n", "\r\n"))
    await desk.run("rewrite", uri, (5, 0), (6, 0), instruction="x")
    expected = MAIN.replace("        result = 0\n", "        result = 1\n        result = 2\n").replace("\n", "\r\n")
    assert desk.editor.texts[uri] == expected


async def test_code_that_does_not_parse_is_refused(session: Session) -> None:
    desk = await Desk(session, block("return (")).start()
    uri = desk.open("shop/till.py")
    await desk.run("rewrite", uri, (5, 8), (9, 0), instruction="break it")
    assert desk.editor.edits == []
    assert "would break the syntax of shop/till.py" in desk.editor.messages()[0]


async def test_who_gives_no_instruction_is_asked_for_one(session: Session) -> None:
    desk = await Desk(session, block("return 0")).start()
    uri = desk.open("shop/till.py")
    session.client.answers["window/showMessageRequest"] = lambda params: params["actions"][0]
    await desk.run("rewrite", uri, (8, 0), (8, 5))
    assert "Rewrite the selected lines: Simplify it" in desk.prompt()
    session.client.answers["window/showMessageRequest"] = lambda params: None
    await desk.run("rewrite", uri, (8, 0), (8, 5))
    assert len(desk.chat.asked) == 1


async def test_a_diagnostic_is_fixed_in_the_definition_around_it(session: Session) -> None:
    fixed = "    def total(self, orders):\n        return 1"
    desk = await Desk(session, block(fixed)).start()
    uri = desk.open("shop/till.py")
    await desk.run("fix", uri, (7, 12), (7, 18), message="`result` is possibly unbound")
    assert "> `result` is possibly unbound" in desk.prompt()
    assert desk.editor.texts[uri].endswith("class Till:\n    def total(self, orders):\n        return 1\n")


async def test_tests_go_where_the_repository_keeps_its_tests(session: Session) -> None:
    answer = "from shop.price import price_of\nimport pytest\n\n\ndef test_a_discount_is_taken_off():\n    assert True"
    desk = await Desk(session, block(answer)).start()
    uri = desk.open("shop/price.py")
    await desk.run("tests", uri, (1, 0), (1, 0))
    target = desk.uri("tests/test_price.py")
    expected = TESTS.replace("price_of\n\n\n", "price_of\nimport pytest\n\n\n", 1)
    assert desk.editor.texts[target] == f"{expected}\n\ndef test_a_discount_is_taken_off():\n    assert True\n"
    assert "The test file tests/test_price.py is so far" in desk.prompt()
    assert desk.editor.shown == [target]
    assert desk.editor.created == []


async def test_a_test_file_that_is_not_open_is_extended_in_the_agreed_encoding(session: Session) -> None:
    desk = await Desk(session, block("def test_it():\n    assert True")).start(
        CAPABILITIES | {"general": {"positionEncodings": ["utf-8"]}}
    )
    file = session.assistant.workspace / "tests/test_price.py"
    file.write_text(f"{TESTS}# 'é😀'", encoding="utf-8")
    desk.editor.reply = {"applied": True}
    await desk.run("tests", desk.open("shop/price.py"), (1, 0), (1, 0))
    (edit,) = desk.editor.edits[0]["documentChanges"][0]["edits"]
    line = TESTS.count("\n")
    assert edit["range"] == span((line, 10), (line, 10))


async def test_a_test_file_that_changes_on_the_disk_meanwhile_is_left_alone(session: Session) -> None:
    desk = await Desk(session, block("def test_it():\n    assert True")).start()
    file = session.assistant.workspace / "tests/test_price.py"
    desk.chat.hold = asyncio.Event()
    running = asyncio.create_task(desk.run("tests", desk.open("shop/price.py"), (1, 0), (1, 0)))
    await desk.chat.was_asked.wait()
    file.write_text(f"import os\n{TESTS}", encoding="utf-8")
    desk.chat.hold.set()
    await running
    assert desk.editor.edits == []
    assert "tests/test_price.py: the text has changed since" in desk.editor.messages()[0]


async def test_a_new_test_file_is_made_beside_the_others(session: Session) -> None:
    desk = await Desk(session, block("def test_total():\n    assert True")).start()
    uri = desk.open("shop/till.py")
    await desk.run("tests", uri, (4, 0), (4, 0))
    target = desk.uri("tests/test_till.py")
    assert desk.editor.created == [target]
    assert desk.editor.texts[target] == "def test_total():\n    assert True\n"
    assert "How tests are written here" in desk.prompt()
    assert "test_a_price_is_that_of_the_order" in desk.prompt()


async def test_an_editor_that_makes_no_files_is_told_so(session: Session) -> None:
    desk = await Desk(session, block("def test_total():\n    assert True")).start({"workspace": {"applyEdit": True}})
    uri = desk.open("shop/till.py")
    await desk.run("tests", uri, (4, 0), (4, 0))
    assert "make tests/test_till.py yourself" in desk.editor.messages()[0]


async def test_an_editor_without_versions_gets_plain_changes(session: Session) -> None:
    desk = await Desk(session, block('"""The sum."""')).start({"workspace": {"applyEdit": True}})
    uri = desk.open("shop/till.py")
    await desk.run("docstring", uri, (4, 10), (4, 10))
    assert list(desk.editor.edits[0]) == ["changes"]
    assert '"""The sum."""' in desk.editor.texts[uri]


async def test_an_editor_that_applies_no_edits_is_told_so(session: Session) -> None:
    desk = await Desk(session, block('"""The sum."""')).start({})
    uri = desk.open("shop/till.py")
    await desk.run("docstring", uri, (4, 10), (4, 10))
    assert "workspace.applyEdit" in desk.editor.messages()[0]


@pytest.mark.parametrize(
    ("reply", "told"),
    [({"applied": False, "failureReason": "the file is locked"}, "the file is locked"), ("refused", "does not know")],
)
async def test_an_edit_that_the_editor_refuses_is_told(session: Session, reply: Any, told: str) -> None:
    desk = await Desk(session, block('"""The sum."""')).start()
    desk.editor.reply = reply
    uri = desk.open("shop/till.py")
    await desk.run("docstring", uri, (4, 10), (4, 10))
    assert told in desk.editor.messages()[0]


async def test_a_text_that_was_edited_meanwhile_is_left_alone(session: Session) -> None:
    desk = await Desk(session, block('"""The sum."""')).start()
    desk.chat.hold = asyncio.Event()
    uri = desk.open("shop/till.py")
    running = asyncio.ensure_future(desk.run("docstring", uri, (4, 10), (4, 10)))
    await desk.chat.was_asked.wait()
    session.client.change(uri, 2, {"range": span((0, 0), (0, 0)), "text": "import os\n"})
    await session.client.request("codeassist/status")
    desk.chat.hold.set()
    await running
    assert desk.editor.edits == []
    assert "the text has changed since" in desk.editor.messages()[0]


async def test_without_a_chat_model_one_message_names_the_setting(session: Session) -> None:
    desk = Desk(session)
    await desk.start()
    session.assistant.settings = replace(session.assistant.settings, chat=ChatSettings())
    from codeassist.chat.model import open_chat

    session.assistant.open_chat = open_chat
    uri = desk.open("shop/till.py")
    for number, command in enumerate(("docstring", "tests", "fix", "rewrite"), start=1):
        await desk.run(command, uri, (4, 10), (4, 12), message="m", instruction="i")
        assert len(desk.editor.messages()) == number
        assert "set chat.url in your settings" in desk.editor.messages()[-1]
    assert desk.editor.edits == []


async def test_a_secret_is_shown_to_no_model(session: Session) -> None:
    desk = await Desk(session, block("PASSWORD=x")).start()
    uri = desk.open(".env")
    await desk.run("rewrite", uri, (0, 0), (0, 5), instruction="x")
    assert desk.chat.asked == []
    assert ".env is not shown to any model" in desk.editor.messages()[0]


async def test_the_user_sees_the_work_and_can_end_it(session: Session) -> None:
    desk = await Desk(session, block('"""The sum."""')).start()
    desk.chat.hold = asyncio.Event()
    uri = desk.open("shop/till.py")
    running = asyncio.ensure_future(desk.run("docstring", uri, (4, 10), (4, 10)))
    await desk.chat.was_asked.wait()
    begun = await session.client.notification(
        "$/progress", lambda params: "documentation" in str(params["value"].get("title"))
    )
    assert begun["value"]["cancellable"] is True
    session.client.notify("window/workDoneProgress/cancel", {"token": begun["token"]})
    await running
    await session.client.notification(
        "$/progress", lambda params: params["token"] == begun["token"] and params["value"]["kind"] == "end"
    )
    assert desk.chat.n_abandoned == 1
    assert desk.editor.messages() == []
    assert desk.editor.edits == []


async def test_a_cancelled_request_stops_the_model(session: Session) -> None:
    desk = await Desk(session, block('"""The sum."""')).start()
    desk.chat.hold = asyncio.Event()
    uri = desk.open("shop/till.py")
    argument = {"uri": uri, "range": span((4, 10), (4, 10))}
    number, answer = session.client.ask(
        "workspace/executeCommand", {"command": "codeassist.docstring", "arguments": [argument]}
    )
    await desk.chat.was_asked.wait()
    session.client.notify("$/cancelRequest", {"id": number})
    with pytest.raises(ResponseError, match="-32800"):
        await session.client.within(answer)
    await desk.chat.was_closed.wait()
    assert desk.chat.n_abandoned == 1


@pytest.mark.parametrize("command", ["docstring", "tests", "fix", "rewrite"])
@pytest.mark.parametrize(
    "arguments",
    [[], [None], [{}], [{"uri": 3}], [{"uri": "file:///a.py", "range": {"start": {"line": -1}}}], [["x"]], ["text"]],
)
async def test_arguments_that_make_no_sense_are_an_error_of_the_request(
    session: Session, command: str, arguments: list[Any]
) -> None:
    desk = await Desk(session).start()
    with pytest.raises(ResponseError, match="-32602"):
        await session.client.request(
            "workspace/executeCommand", {"command": f"codeassist.{command}", "arguments": arguments}
        )
    assert desk.editor.messages() == []


async def test_a_document_that_is_not_open_is_told(session: Session) -> None:
    desk = await Desk(session).start()
    await desk.run("docstring", desk.uri("shop/till.py"), (4, 10), (4, 10))
    assert "is not open" in desk.editor.messages()[0]


async def test_a_range_beyond_the_end_is_the_end(session: Session) -> None:
    desk = await Desk(session, block("return 5")).start()
    uri = desk.open("shop/till.py")
    await desk.run("rewrite", uri, (99, 0), (999, 9), instruction="x")
    assert desk.editor.texts[uri].startswith(MAIN)
