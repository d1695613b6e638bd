"""Model directories: what the engine may load, and the models that come with the package."""
