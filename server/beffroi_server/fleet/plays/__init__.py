"""Plays: the audit of their chain, gaps in what was received, and retention."""
