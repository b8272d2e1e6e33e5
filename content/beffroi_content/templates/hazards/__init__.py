"""Hazards: each module declares what alerts may warn of, with its names and its pictogram."""
