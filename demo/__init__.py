"""A small town to try Beffroi with: ``make demo``."""
