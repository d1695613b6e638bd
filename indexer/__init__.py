"""What is in a repository: files, syntax trees, symbols, chunks, vectors and their ranking.

This package knows git, files and code; it knows nothing of models that write code, prompts, editors or HTTP.
"""
