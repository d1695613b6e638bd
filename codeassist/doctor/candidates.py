"""Which models may be asked about: those that lie on this machine, and published ones by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from codeassist.errors import ModelError
from codeassist.models.directory import MTP_ARCHITECTURES, ModelDirectory, read_model, shipped_model
from codeassist.models.found import is_embedder
from codeassist.models.known import KNOWN, KnownModel, guesses

Origin = Literal["shipped", "settings", "folder", "hub cache", "published"]

# As long as a model directory that says nothing is asked (`models/directory.py`).
ADVISED_TOKENS = 4096 + 128


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model. setting: what `engine.model` says for it. path: where it lies, None for one to be fetched.

    n_mtp_layers: that vLLM drafts with. advised_tokens: prompt and answer that its directory advises. stored_bytes: of
    its weights on disk, 0 for one to be fetched. problem: why it cannot be used at all, "" where it can.
    """

    name: str
    setting: str
    origin: Origin
    path: Path | None = None
    config: Mapping[str, Any] | None = None
    n_mtp_layers: int = 0
    advised_tokens: int = ADVISED_TOKENS
    stored_bytes: int = 0
    problem: str = ""

    @property
    def sizes(self) -> Mapping[str, Any]:
        """Its config.json, empty where there is none to be read."""
        return self.config or {}


def find_candidates(model: str, folder: Path, hub: Path) -> list[Candidate]:
    """All that are known of, those on this machine first. model: `engine.model`. folder: `engine.models`. hub: the
    cache of huggingface_hub, which need not exist."""
    found = [directory_candidate(shipped_model(), "shipped")] if shipped_model().is_dir() else []
    if model and not is_published(model):
        found.append(directory_candidate(_place(model, folder), "settings", model))
    found += [directory_candidate(path, "folder", path.name) for path in model_folders(folder)]
    found += [candidate for path in _snapshots(hub) if not (candidate := _of_hub(path)).problem]
    here = {candidate.path for candidate in found}
    unique = [candidate for number, candidate in enumerate(found) if candidate.path not in _paths(found[:number])]
    return unique + [published_candidate(known) for known in KNOWN if (folder / known.name).resolve() not in here]


def chosen_candidate(name: str, folder: Path, cwd: Path) -> Candidate:
    """The model that a person names: a published one, one of the folder, or a directory. Raises ModelError."""
    if (folder / name).is_dir() and "/" not in name:
        return directory_candidate(folder / name, "folder", name)
    for known in KNOWN:
        if name.lower() in (known.name, known.hub_id.lower()):
            return published_candidate(known)
    path = cwd / Path(name).expanduser()
    if not path.is_dir():
        raise ModelError(
            f"{name} is neither a model directory nor a published model that we know; {guesses(name)}"
            "`codeassist models known` lists those"
        )
    return directory_candidate(path, "folder", str(path.resolve()))


def published_candidate(known: KnownModel) -> Candidate:
    """A model that is known by its sizes alone."""
    drafts = known.config.get("model_type") in MTP_ARCHITECTURES
    n_mtp_layers = int(known.config.get("num_nextn_predict_layers") or 0) if drafts else 0
    return Candidate(known.name, known.name, "published", config=known.config, n_mtp_layers=n_mtp_layers)


def directory_candidate(path: Path, origin: Origin, setting: str = "") -> Candidate:
    """A model directory, with what is wrong with it where it cannot be used."""
    resolved = path.resolve()
    try:
        model = read_model(resolved)
    except ModelError as error:
        return Candidate(path.name, setting, origin, resolved, problem=str(error))
    return candidate_of(model, origin, setting)


def candidate_of(model: ModelDirectory, origin: Origin, setting: str) -> Candidate:
    """A model directory that was read already."""
    return Candidate(
        name=model.info.name,
        setting=setting,
        origin=origin,
        path=model.path,
        config=model.config,
        n_mtp_layers=model.n_mtp_layers,
        advised_tokens=_advised(model),
        stored_bytes=model.weight_bytes,
    )


def is_published(name: str) -> bool:
    """Whether a setting names a published model in place of a directory."""
    return any(name == known.name for known in KNOWN)


def model_folders(folder: Path) -> list[Path]:
    """The folders of models in `engine.models`, by name; what is being fetched begins with a dot."""
    if not folder.is_dir():
        return []
    places = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    return [place for place in places if (place / "config.json").is_file() and not is_embedder(place)]


def _place(model: str, folder: Path) -> Path:
    """Where the model of the settings lies: a name without a slash is one of the folder."""
    named = folder / model
    return named if "/" not in model and named.is_dir() else Path(model).expanduser()


def _snapshots(hub: Path) -> Iterator[Path]:
    """Layout: huggingface_hub, "Understand caching"."""
    for config in sorted(hub.glob("models--*/snapshots/*/config.json")):
        if not is_embedder(config.parent):
            yield config.parent


def _of_hub(path: Path) -> Candidate:
    """The cache has embedders, classifiers and half-fetched models, too: those are no problem of ours."""
    name = path.parent.parent.name.removeprefix("models--").replace("--", "/")
    return replace(directory_candidate(path, "hub cache", str(path)), name=name)


def _paths(candidates: list[Candidate]) -> set[Path | None]:
    return {candidate.path for candidate in candidates}


def _advised(model: ModelDirectory) -> int:
    return model.info.prompt_tokens + model.info.completion_tokens
