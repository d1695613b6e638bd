"""Model directories: what the engine may load, where it comes from, and the models that come with the package."""
