"""Proof of play: a numbered record of each showing, with its length and the reason of its end."""
