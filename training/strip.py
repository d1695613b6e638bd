"""A model directory without its MTP layer, labelled `deepseek_v2`: what DeepSeek-Coder-V2 is like.

    python -m training.strip MODEL OUT

On it `codeassist mtp train` is tried: how near its layer comes to the one that was trained along.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from safetensors.torch import load_file, save_file

from codeassist.mtp.checkpoint import read_checkpoint, write_index, write_json

_COPIED = ("tokenizer.json", "tokenizer_config.json", "generation_config.json", "codeassist.json")


def strip(model: Path, out: Path) -> None:
    """Write the folder `out`."""
    checkpoint = read_checkpoint(model)
    out.mkdir(parents=True)
    prefix = f"model.layers.{checkpoint.config['num_hidden_layers']}."
    places: dict[str, str] = {}
    n_bytes = 0
    for shard in sorted(set(checkpoint.places.values())):
        kept = {name: tensor for name, tensor in load_file(model / shard).items() if not name.startswith(prefix)}
        if kept:
            save_file(kept, out / shard, metadata={"format": "pt"})
        places |= dict.fromkeys(kept, shard)
        n_bytes += sum(tensor.nbytes for tensor in kept.values())
    write_index(out, places, n_bytes)
    config = {key: value for key, value in checkpoint.config.items() if key != "num_nextn_predict_layers"}
    write_json(out / "config.json", {**config, "architectures": ["DeepseekV2ForCausalLM"], "model_type": "deepseek_v2"})
    for name in _COPIED:
        if (model / name).exists():
            shutil.copy(model / name, out / name)
    ours = out / "codeassist.json"
    if ours.exists():
        write_json(ours, {**json.loads(ours.read_text(encoding="utf-8")), "name": out.name})


if __name__ == "__main__":
    strip(*map(Path, sys.argv[1:3]))
