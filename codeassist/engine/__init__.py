"""Where tokens come from: an embedded vLLM, a remote server, another process of ours, or a script."""
