"""Monitoring: the frames that each screen must show, its week, and its status."""
