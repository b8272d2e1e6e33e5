"""The glass side: no network, no text drawing."""

import os
import sys

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
for _unused in ("pygame.font", "pygame.mixer", "pygame.mixer_music"):
    # pygame does without what cannot be imported: these would load some thirty libraries before the first picture.
    sys.modules.setdefault(_unused, None)  # type: ignore[arg-type]
