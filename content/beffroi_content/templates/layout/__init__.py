"""Parts that templates share: margins, headings, footer, columns of text, QR codes."""
