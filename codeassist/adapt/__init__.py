"""An adapter (LoRA) of the model for one repository: trained on its files, judged on files that were held out.

files.py        what is learned from, what tells when to stop, and what is judged on: a file is on one side alone
rows.py         gaps in the prompts that the product makes of them, as rows of tokens with weights
drawing.py      rows without end, drawn in a thread while the model computes
adapted.py      the model with an adapter, in PyTorch: losses, gradients, the adapter's files
training.py     the loop: steps, looks, resuming, early stop
judging.py      the loss of each held-out gap, with and without the adapter
completing.py   what is answered at held-out cursors, with and without it
verdict.py      intervals, and whether the adapter may be enabled (pure)
keeping.py      where an adapter lies, and what it says of itself

Needs torch, transformers and peft; nobody else imports it.
"""
