"""Colours that can be read, and pictograms."""
