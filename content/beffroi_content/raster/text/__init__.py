"""Text: fonts, line breaking, typography and fitting a text into a box."""
