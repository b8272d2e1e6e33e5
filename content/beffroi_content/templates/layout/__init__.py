"""Parts that the layouts of templates share: margins, columns, title band, QR code."""
