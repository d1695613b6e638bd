"""What coding agents ask of a repository, over the Model Context Protocol."""
