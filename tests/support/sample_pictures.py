"""The pictures of the samples, drawn once for all tests that look at them: a third of a second each time."""

from __future__ import annotations

from beffroi_content.templates.sample_images import sample_assets

IMAGES, FILES = sample_assets()
"""What slides say of them, by name, and their files."""
