"""One module per look."""
