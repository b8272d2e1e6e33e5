"""Proof of play: daily totals, the day of a screen, names of what was shown, and the log as a file."""
