"""The network side: hears, verifies, downloads, prepares, reports."""
