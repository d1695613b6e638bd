"""A change -> what is wrong with it.

    gathering    git, or a diff -> Changes: each file's text before and after, and which lines differ
    tree         the repository as it is with the change: changed texts before the disk
    passes       what looks at it, cheapest first; each is told when time is up
    reviewer     runs them, checks remedies, leaves out what was dismissed or is said twice -> Report

Nothing here writes into the work tree, and no text of a diff or a model is ever run.
"""
