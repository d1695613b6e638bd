"""What to load where: the shipped models and what a model directory says of itself."""
