"""Forms that are sent twice, by a double tap or since the answer was lost: the announcement of both is one.

The identifier of a new announcement is made of all that its form sent, with a word that only this form has. What comes
again is therefore found; another text, from a page that was gone back to, is another announcement.
"""

from __future__ import annotations

import hashlib
import json
import uuid

from beffroi_server.library.models import Announcement
from beffroi_server.web.access import UserRequest

_SPACE = uuid.UUID("6d0f4f0c-6a1e-4d5b-8e9b-0f6f6b1b0c55")
_FIELD = "token"
_BESIDES = ("csrfmiddlewaretoken", _FIELD)
_LENGTH = len(str(_SPACE))


def form_token(request: UserRequest) -> str:
    """Return the word of a form: the one that it was sent with, or a new one."""
    sent = request.POST.get(_FIELD, "")
    return sent if len(sent) == _LENGTH else str(uuid.uuid4())


def announcement_key(request: UserRequest) -> uuid.UUID:
    """Return the identifier of the announcement that a form makes; another one each time for a form without a word."""
    token = form_token(request)
    values = {name: sent for name, sent in sorted(request.POST.lists()) if name not in _BESIDES}
    text = json.dumps([request.user.pk, token, values])
    return uuid.uuid5(_SPACE, hashlib.sha256(text.encode()).hexdigest())


def announcement_of(key: uuid.UUID) -> Announcement | None:
    """Return the announcement that the same form made before."""
    return Announcement.objects.filter(pk=key).first()
