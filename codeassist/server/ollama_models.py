"""What Ollama's dialect tells of the models."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from codeassist.server.served_models import ServedModel, served_models
from codeassist.server.service import Service

# Whose interface this is: clients refuse an Ollama that is older than what they ask for.
OLLAMA_VERSION = "0.12.6"
# Models are named with a tag there. Without one, this is meant.
_TAG = ":latest"
# A client sends a suffix where the template has a place for one.
_FILLS = "{{ .Prompt }}{{ if .Suffix }}{{ .Suffix }}{{ end }}"
_CHATS = "{{ range .Messages }}{{ .Content }}{{ end }}"
# The model is not unloaded.
_NEVER = "9999-12-31T23:59:59Z"


@dataclass(frozen=True, slots=True)
class Described:
    """A model as Ollama's clients know models. family: what its prompts look like. context_length: 0 where that is not
    known."""

    name: str
    family: str
    context_length: int
    capabilities: tuple[str, ...]
    template: str

    @property
    def tagged(self) -> str:
        """Its name with a tag."""
        return _tagged(self.name)

    def summary(self) -> dict[str, Any]:
        """What lists of models have in common. No client needs the size of the weights; 0 says that it is not told."""
        digest = hashlib.sha256(self.name.encode()).hexdigest()
        return {"name": self.tagged, "model": self.tagged, "size": 0, "digest": digest, "details": self.details()}

    def listed(self, since: str) -> dict[str, Any]:
        """Its entry in `/api/tags`."""
        return self.summary() | {"modified_at": since}

    def running(self) -> dict[str, Any]:
        """Its entry in `/api/ps`."""
        return self.summary() | {"expires_at": _NEVER, "size_vram": 0, "context_length": self.context_length}

    def shown(self, since: str) -> dict[str, Any]:
        """All that there is to say."""
        known = {f"{self.family}.context_length": self.context_length} if self.context_length else {}
        return {
            "modelfile": f"FROM {self.name}\n",
            "parameters": "",
            "template": self.template,
            "details": self.details(),
            "model_info": {"general.architecture": self.family, "general.basename": self.name, **known},
            "capabilities": list(self.capabilities),
            "modified_at": since,
        }

    def details(self) -> dict[str, Any]:
        """What nobody decides by."""
        return {
            "parent_model": "",
            "format": "",
            "family": self.family,
            "families": [self.family],
            "parameter_size": "",
            "quantization_level": "",
        }


def described_models(service: Service) -> list[Described]:
    """The models that answer here, the one that fills gaps first."""
    family = service.assistant.engine.info.template
    return [_described(model, family) for model in served_models(service)]


def is_chat_model(service: Service, name: str) -> bool:
    """Whether this is the name of a model that chats."""
    return any("chat" in model.can and name in (model.name, _tagged(model.name)) for model in served_models(service))


def find_model(models: list[Described], name: str) -> Described:
    """The model that is named; the first one for any other name, as it is the first one that answers then."""
    return next((model for model in models if name in (model.name, model.tagged)), models[0])


def _described(model: ServedModel, family: str) -> Described:
    fills = "gap" in model.can
    can = ("completion", *(("insert",) if fills else ()), *(("tools",) if model.calls_tools else ()))
    template = _FILLS if fills else _CHATS
    return Described(model.name, family if fills else "chat", model.context_tokens, can, template)


def _tagged(name: str) -> str:
    return name if ":" in name else name + _TAG
