"""The stage: the process that presents on the display. It touches no network and draws no text.

The agent prepares frames and documents in the state directory; the stage shows them. Start at ``frame_loop``.
"""

import os
import sys

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
for _unused in ("pygame.font", "pygame.mixer", "pygame.mixer_music"):
    # pygame does without what cannot be imported: these would load some thirty libraries before the first image.
    sys.modules.setdefault(_unused, None)  # type: ignore[arg-type]
