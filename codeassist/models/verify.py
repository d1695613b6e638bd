"""All that can be said about a model directory without loading it: its hashes, where it has some, and its structure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codeassist.engine.catalogue import Catalogue
from codeassist.errors import ModelError
from codeassist.fim import TEMPLATES
from codeassist.models.chat_template import own_chat_template
from codeassist.models.checks import broken_json, embedder_problems, model_problems, shard_problems
from codeassist.models.checksums import CHECKSUMS, CheckedFile, check_files
from codeassist.models.directory import NoFillInTheMiddle, read_chat_model, read_model
from codeassist.models.found import is_embedder
from codeassist.models.remedies import refetch


@dataclass(frozen=True, slots=True)
class Verified:
    """files: by name; none where the directory has no SHA256SUMS. problems: lines that name file and remedy."""

    path: Path
    has_checksums: bool
    files: tuple[CheckedFile, ...]
    problems: tuple[str, ...]


def verify_model(path: Path, catalogue: Catalogue, on_file: Callable[[CheckedFile], None]) -> Verified:
    """The whole verdict on one directory. on_file: told of each file once it is hashed, which may take minutes."""
    if not path.is_dir():
        return Verified(path, False, (), (f"{path} is no directory; name a folder that holds a model",))
    files: list[CheckedFile] = []
    problems: list[str] = []
    has_checksums = (path / CHECKSUMS).exists()
    try:
        for file in check_files(path) if has_checksums else ():
            files.append(file)
            on_file(file)
    except ModelError as error:
        problems.append(str(error))
    problems += [_told(path / file.name, file) for file in files if file.state != "ok"]
    problems += structure_problems(path, catalogue)
    return Verified(path, has_checksums, tuple(files), tuple(dict.fromkeys(problems)))


def structure_problems(path: Path, catalogue: Catalogue) -> Iterator[str]:
    """What is wrong with a model by everything but the hashes. One that only chats need not know how to fill gaps."""
    return embedder_problems(path) if is_embedder(path) else _language_model_problems(path, catalogue)


def _language_model_problems(path: Path, catalogue: Catalogue) -> Iterator[str]:
    try:
        model = read_model(path)
    except NoFillInTheMiddle as error:
        if not own_chat_template(path):
            yield str(error)
        yield from model_problems(read_chat_model(path), "", catalogue)
        return
    except ModelError as error:  # what else is wrong can be told even so
        yield str(error)
        yield from broken_json(path)
        yield from shard_problems(path)[0]
        return
    if model.info.template not in TEMPLATES:
        file = path / "codeassist.json"
        yield f"{file} names the template {model.info.template!r}; there are {', '.join(sorted(TEMPLATES))}"
    yield from model_problems(model, model.info.template, catalogue)


def _told(path: Path, file: CheckedFile) -> str:
    if file.state == "unexpected":
        return f"{path} is not in {CHECKSUMS}; remove it unless you put it there"
    what = "is missing" if file.state == "missing" else f"is not the file that {CHECKSUMS} has the hash of"
    return f"{path} {what}; {refetch(path)}"
