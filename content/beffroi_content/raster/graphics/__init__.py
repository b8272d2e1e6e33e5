"""Colours and pictograms."""
