"""Monitoring: the frames that each screen must show, its week, and whether it shows what it must."""
