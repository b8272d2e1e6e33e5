"""Versions of players: the mirror of signed releases, and the rollout of one over the screens of the town."""
