"""The forms of playlists and of the schedule."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.schedule.models import Entry, Playlist
from beffroi_server.web.forms import DateTimeInput, StyledForm, StyledModelForm


class PlaylistForm(StyledModelForm):
    """What a playlist is called."""

    class Meta:
        model = Playlist
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "off"


class AutoFillForm(StyledModelForm):
    """What a playlist is filled with by itself, and in which order it shows what it has."""

    class Meta:
        model = Playlist
        fields = ("category", "order")
        widgets = {"category": forms.TextInput(attrs={"list": "categories", "autocomplete": "off"})}
        help_texts = {
            "category": _("Announcements of this category are shown as soon as they are written. Empty: none."),
        }


class PlaylistEntryForm(StyledModelForm):
    """How long and when an entry is shown. There may be many on a page: each has identifiers of its own."""

    class Meta:
        model = Entry
        fields = ("duration_s", "most_per_hour", "valid_from", "valid_until")
        widgets = {"valid_from": DateTimeInput(), "valid_until": DateTimeInput()}
        labels = {"duration_s": _("Seconds on the screen")}
        help_texts = {"most_per_hour": _("0: as often as its turn comes.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id=f"id_{kwargs['instance'].pk}_%s", **kwargs)
        self.fields["most_per_hour"].required = False

    def clean_most_per_hour(self) -> int:
        """Return the number; as it was, if it was not asked for."""
        found = self.cleaned_data["most_per_hour"]
        return int(self.instance.most_per_hour if found is None else found)


class EntryAdditionForm(StyledForm):
    """What is to be added to a playlist: any announcements and pictures of the library."""

    announcements = forms.ModelMultipleChoiceField(Announcement.objects.all(), required=False)
    pictures = forms.ModelMultipleChoiceField(MediaItem.objects.all(), required=False)
