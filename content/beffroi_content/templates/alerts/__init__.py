"""Pages of alerts: takeover, banner, slide and all-clear."""
