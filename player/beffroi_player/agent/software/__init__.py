"""Releases of the player, as far as the agent sees to them: verified, fetched, installed, and asked for."""
