"""Tests, by the same folders as the code, and what they share."""
