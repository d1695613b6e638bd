"""What fits on this machine, and what keeps the rest from fitting: the parts of `codeassist doctor`."""
