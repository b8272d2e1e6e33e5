"""Incidents, the history of outages, and notifications of people by mail, webhook and Web Push."""
