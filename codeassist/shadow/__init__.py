"""A second engine, asked a share of the same gaps to be compared with the first, and never shown.

comparison.py  two answers to one gap, as they are logged. Pure
asking.py      which gaps are asked, when, and what happens to what goes wrong
second.py      the second engine, with prompts of its own template
store.py       the log, an SQLite file in the user's state directory
report.py      the log as figures with their intervals. Pure
"""
