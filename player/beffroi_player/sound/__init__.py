"""Sound of alerts: a chime and a voice, in a process of its own that neither agent nor stage waits for."""
