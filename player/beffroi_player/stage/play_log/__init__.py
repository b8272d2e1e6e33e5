"""Proof of play: what was shown, when, for how long, and why it ended."""
