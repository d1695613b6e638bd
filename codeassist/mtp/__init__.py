"""A draft layer for a model that has none (multi-token prediction, MTP).

DeepSeek-Coder-V2 ships no MTP layer, and vLLM drafts with those of `deepseek_v3` alone. Both architectures run the same
code, so a layer that was trained on a frozen base can stand beside its shards once its config calls itself deepseek_v3.

relabel.py      config.json of the one architecture as the other's (pure)
checkpoint.py   a checkpoint's files, linked into another folder
attach.py       base + layer = a folder that vLLM serves; and back
samples.py      gaps of repositories in the layout of the prompts, as rows of tokens
base.py         the frozen base: final states of every token
layer.py        the layer itself, in PyTorch, and its tensors' published names
loader.py       batches of rows, drawn in other processes
training.py     the loop: held-out acceptance, resuming, early stop

Source: DeepSeek-V3 technical report (arXiv 2412.19437), section 2.2; vLLM, `deepseek_mtp`.
"""
