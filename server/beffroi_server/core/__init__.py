"""Database, time, text, files and confinement: nothing here knows what a screen is."""
