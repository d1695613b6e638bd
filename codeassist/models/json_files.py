"""The JSON files of a model directory."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codeassist.engine.fields import Misfit, mapping
from codeassist.errors import ModelError
from codeassist.models.remedies import refetch

# The largest tokenizers and indices have some tens of MB.
_MOST_BYTES = 256 << 20


def read_object(path: Path, why: str = "") -> Mapping[str, Any]:
    """The JSON object in a file. why: said of a missing file in place of how to get it back. Raises ModelError."""
    try:
        return mapping(read_json(path, why))
    except Misfit:
        raise ModelError(f"{path} is not valid JSON (it must be an object); {refetch(path)}") from None


def read_json(path: Path, why: str = "") -> Any:
    """The JSON value in a file. Raises ModelError."""
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode) or state.st_size > _MOST_BYTES:  # a pipe would be waited for
            raise ModelError(f"{path} is no file of at most {_MOST_BYTES >> 20} MiB; {refetch(path)}")
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{path} is missing; {why or refetch(path)}") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); make it readable") from None
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not valid JSON ({error}); {refetch(path)}") from None
