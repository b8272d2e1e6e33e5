"""Text: fonts, typography, line breaking, fitting, and dates in words."""
