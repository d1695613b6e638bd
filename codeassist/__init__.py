"""Prompts, engines, the completion pipeline, the HTTP endpoint and the command line of codeassist."""

__version__ = "0.1.0"
