"""Tests, documentation and commit messages, asked for at the command line and checked before they are shown."""
