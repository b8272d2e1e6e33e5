"""Library: announcements, images and videos, before anything is scheduled."""
