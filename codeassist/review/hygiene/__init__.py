"""What well-kept tools look for on the lines of a change, whatever the code means.

secrets     keys, tokens and passwords; `kingfisher` asks a scanner with hundreds of rules, where it is installed
leftovers   what helped to find a fault, or to run one test alone; `leftover_rules` is the table
files       added files that are too large for a repository, belong in .gitignore, or hold secrets by their name
markers     parts of merge conflicts
"""
