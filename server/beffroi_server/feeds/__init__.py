"""What others publish and screens show: calendars, news, weather, vigilance, tables."""
