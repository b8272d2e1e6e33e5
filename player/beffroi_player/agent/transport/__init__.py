"""Connections of the agent: MQTT, HTTP, and files from peers."""
