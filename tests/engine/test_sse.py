"""Events come out of bytes as they were sent, wherever the network cuts them."""

from collections.abc import AsyncIterator

import pytest

from codeassist.engine.sse import read_events


async def events(*chunks: bytes) -> list[str]:
    async def arriving() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return [event async for event in read_events(arriving())]


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e"])
async def test_only_line_ends_end_a_line(separator: str) -> None:
    assert await events(f"data: x{separator}y\n\n".encode()) == [f"x{separator}y"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
async def test_every_cut_gives_the_same_events(end: str) -> None:
    stream = end.join(
        [": hello", "event: a", "data: größe 😀", "data:two", "", "", "data: three", "", "data: cut"]
    ).encode()
    expected = ["größe 😀\ntwo", "three", "cut"]
    assert await events(stream) == expected
    assert await events(*(bytes((byte,)) for byte in stream)) == expected
    for at in range(len(stream)):
        assert await events(stream[:at], b"", stream[at:]) == expected


async def test_an_event_is_given_as_soon_as_its_last_line_ends() -> None:
    async def arriving() -> AsyncIterator[bytes]:
        yield b"data: one\r\n\r"
        pytest.fail("the event was complete")

    assert await anext(read_events(arriving())) == "one"
