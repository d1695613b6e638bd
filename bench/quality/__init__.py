"""How good suggestions are: HumanEval-Infilling, random cursors, drafting, code search.

`python -m bench.quality --help` lists the programs; each module `register`s its own.
"""
