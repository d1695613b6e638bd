"""One module per protocol method: decode, one call into the core, encode."""
