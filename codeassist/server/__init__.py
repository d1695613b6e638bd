"""The HTTP endpoint: Starlette routes, one module per dialect."""
