"""Preparation of programmes: downloads and rendered frames."""
