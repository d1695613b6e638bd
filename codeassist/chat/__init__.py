"""What a chat model writes on demand: docstrings, tests, fixes, rewrites, explanations. Every answer is checked."""
