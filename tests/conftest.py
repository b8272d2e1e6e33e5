"""How properties are tested: with the same examples each time, so that a change fails only for what it did itself.

`make explore` looks for others.
"""

from hypothesis import settings

settings.register_profile("same", derandomize=True)
settings.register_profile("other", print_blob=True)
settings.load_profile("same")
