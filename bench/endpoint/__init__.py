"""Measurements of the HTTP endpoint."""
