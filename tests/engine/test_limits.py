"""What is refused before any work is done."""

import pytest

from codeassist.engine.limits import require_fitting
from codeassist.engine.scripted import SCRIPTED_INFO
from codeassist.errors import RequestRejected
from codeassist.types import GenerationRequest


def test_what_is_too_long_is_told_with_the_numbers_and_what_to_do() -> None:
    room = SCRIPTED_INFO.context_tokens
    require_fitting(GenerationRequest("one", "text", 8), room - 8, SCRIPTED_INFO)
    with pytest.raises(RequestRejected, match=rf"{room - 7} tokens and max_tokens 8 are more .* {room}; shorten"):
        require_fitting(GenerationRequest("one", "text", 8), room - 7, SCRIPTED_INFO)
