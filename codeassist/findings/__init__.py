"""What is wrong in a file, as far as it can be told without a model; every finding names its evidence."""
