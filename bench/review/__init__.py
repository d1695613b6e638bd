"""Measures of the review of a change, on data nobody here wrote."""
