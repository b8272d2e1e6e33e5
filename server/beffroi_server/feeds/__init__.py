"""Feeds: calendars, news, weather, vigilance and tables that others publish and screens show."""
