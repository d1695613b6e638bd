"""Where tokens come from: embedded vLLM, another process of ours, a remote server, or a script.

`choose.open_engine` decides between them; all of them are `protocols.Engine`.
"""
