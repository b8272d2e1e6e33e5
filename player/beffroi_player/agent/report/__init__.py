"""Messages to the server: reports, receipts, plays, screenshots and captures."""
