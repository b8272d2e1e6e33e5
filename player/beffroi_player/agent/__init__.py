"""The agent: receives documents, admits them, prepares programmes, and reports. It never touches the display."""
