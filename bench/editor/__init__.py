"""Recorded typing through a real Language Server: traces of commits, a simulated editor and user, and their figures."""
