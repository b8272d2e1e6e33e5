"""Playlists, schedule rules, and compiling them into manifests."""
