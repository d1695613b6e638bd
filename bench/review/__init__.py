"""What `codeassist review` finds, and what it costs: `python -m bench.review.WHAT`."""
