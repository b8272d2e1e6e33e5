"""Backups of a server while it runs, their verification, and the way back."""
