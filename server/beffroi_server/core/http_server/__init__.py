"""The HTTP server of pages and players: waitress, with threads kept for alerts and limits against who only waits.

waitress reads requests and sends answers in one thread for all connections, so a slow client holds no thread. What is
added here: who is served by which threads (``request_threads``), which connection gives way when there are too many
(``connections``), and whose large bodies are received at all (``body_permits``).
"""
