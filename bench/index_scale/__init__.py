"""What indexing costs as repositories grow, beside other tools; `python -m bench.index_scale --help`."""
