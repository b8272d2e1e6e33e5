"""The forms of playlists and of the schedule."""

from __future__ import annotations

from typing import Any

from beffroi_server.programme.models import Playlist
from beffroi_server.web.forms import PlainModelForm


class PlaylistForm(PlainModelForm):
    """What a playlist is called."""

    class Meta:
        model = Playlist
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "off"
