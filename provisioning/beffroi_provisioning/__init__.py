"""From bare hardware to a running screen or server: what other programs must be told, as text."""
