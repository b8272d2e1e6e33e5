"""Warnings of other authorities: read from their sources, judged for the town, proposed to officers or broadcast."""
