"""codeassist-source.json: where the model in a folder came from, so that it can be fetched again as it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from codeassist.engine.fields import Fields, Misfit, integer, mapping, text
from codeassist.errors import ModelError
from codeassist.models.json_files import read_object

SOURCE = "codeassist-source.json"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file as it was described where it came from. sha256: "" where only git's own hash was told."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Source:
    """Origin of a model. hub_id and revision (a commit): "" for one that did not come from a hub. date: ISO 8601."""

    name: str
    hub_id: str
    revision: str
    date: str
    taken_from: str
    files: Mapping[str, SourceFile] = field(default_factory=dict)


def write_source(folder: Path, source: Source) -> None:
    """Put the record into a folder. Raises OSError."""
    files = {name: {"size": file.size, "sha256": file.sha256} for name, file in sorted(source.files.items())}
    record = {
        "name": source.name,
        "hub_id": source.hub_id,
        "revision": source.revision,
        "date": source.date,
        "from": source.taken_from,
        "files": files,
    }
    (folder / SOURCE).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def read_source(folder: Path) -> Source | None:
    """The record of a folder, None where there is none. Raises ModelError for one that makes no sense."""
    path = folder / SOURCE
    if not path.is_file():
        return None
    fields = Fields(read_object(path), str(path), ModelError)
    return Source(
        fields.take("name", text),
        fields.take("hub_id", text, ""),
        fields.take("revision", text, ""),
        fields.take("date", text, ""),
        fields.take("from", text, ""),
        fields.take("files", _files, {}),
    )


def _files(value: object) -> Mapping[str, SourceFile]:
    return {name: _file(mapping(entry)) for name, entry in mapping(value).items()}


def _file(entry: Mapping[str, Any]) -> SourceFile:
    if not {"size", "sha256"} <= entry.keys():
        raise Misfit("an object of files with size and sha256")
    return SourceFile(integer(entry["size"]), text(entry["sha256"]))
