"""Signing, publishing, listening, and the scheduler's jobs."""
