"""Releases of the player: their archives, and the signed repository that servers hand on (TUF)."""
