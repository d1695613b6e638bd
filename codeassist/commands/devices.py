"""What a training needs of the machine, told before anything is loaded."""

from __future__ import annotations

from importlib.util import find_spec

from codeassist.errors import EngineUnavailable


def chosen_device(asked: str) -> str:
    """What to train on, as PyTorch calls it. Raises EngineUnavailable for what is not there."""
    import torch

    if not asked:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=asked)
    except (RuntimeError, AssertionError) as error:
        said = str(error).splitlines()[0]
        raise EngineUnavailable(f"--device {asked} cannot be used: {said}; leave it out for what there is") from None
    return asked


def require_libraries(*names: str) -> None:
    """Raises EngineUnavailable where one of them is not installed."""
    missing = [name for name in names if find_spec(name) is None]
    if missing:
        raise EngineUnavailable(
            f"training needs {', '.join(missing)}; install codeassist with its extra `cpu` or `gpu`, "
            "in a clone with `make setup TARGET=cpu` (or `gpu`)"
        )
