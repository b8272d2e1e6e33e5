"""Drills: each night every player draws an alert without showing it, and the server compares, and tells who failed."""
