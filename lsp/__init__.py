"""The Language Server: the one package that speaks the Language Server Protocol."""
