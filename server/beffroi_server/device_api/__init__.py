"""The HTTP interface for players."""
