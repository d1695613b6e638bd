"""What became of suggestions, counted on this machine for its user.

No text, no path and no name is kept, and nothing of it is ever sent.
"""
