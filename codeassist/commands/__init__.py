"""The commands, one module each; these and `codeassist/cli.py` are all that prints."""
