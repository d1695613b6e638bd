"""How well a review of a change finds what is wrong with it, measured."""
