"""Forms of playlists and their entries."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from beffroi_server.library.archive import announcements_in_use
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.schedule.models import Entry, Playlist
from beffroi_server.web.forms import DateTimeInput, StyledForm, StyledModelForm
from beffroi_server.web.local_times import LocalDateTimeField, LocalEndField


class PlaylistForm(StyledModelForm):
    """Form of the name of a playlist."""

    class Meta:
        model = Playlist
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "off"


class AutoFillForm(StyledModelForm):
    """Form of the automatic content and the order of a playlist."""

    class Meta:
        model = Playlist
        fields = ("category", "order", "take")
        widgets = {"category": forms.TextInput(attrs={"list": "categories", "autocomplete": "off"})}
        help_texts = {
            "category": _(
                "Announcements in this category are shown as soon as they are written. Leave empty for none."
            ),
            "take": _("For a playlist that is part of another one. 0: all of its slides each time round."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["take"].required = False

    def clean_take(self) -> int:
        """Return the slides at a time; unchanged where the page does not ask for them."""
        found = self.cleaned_data["take"]
        return int(self.instance.take if found is None else found)


class PlaylistEntryForm(StyledModelForm):
    """Form of the duration and the dates of an entry. A page has many of them, each with identifiers of its own."""

    class Meta:
        model = Entry
        fields = ("duration_s", "most_per_hour", "valid_from", "valid_until")
        field_classes = {"valid_from": LocalDateTimeField, "valid_until": LocalEndField}
        widgets = {"valid_from": DateTimeInput(), "valid_until": DateTimeInput()}
        labels = {"duration_s": _("Seconds on screen")}
        help_texts = {"most_per_hour": _("0: every time round the loop.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id=f"id_{kwargs['instance'].pk}_%s", **kwargs)
        self.fields["most_per_hour"].required = False

    def clean_most_per_hour(self) -> int:
        """Return the maximum per hour; unchanged where the page does not ask for it."""
        found = self.cleaned_data["most_per_hour"]
        return int(self.instance.most_per_hour if found is None else found)


SLIDE_FIELDS = ("announcements", "pictures", "playlists")


class EntryAdditionForm(StyledForm):
    """Form of what is added to a playlist: announcements and media of the library, and other playlists."""

    announcements = forms.ModelMultipleChoiceField(announcements_in_use(), required=False)
    pictures = forms.ModelMultipleChoiceField(MediaItem.objects.all(), required=False)
    playlists = forms.ModelMultipleChoiceField(Playlist.objects.all(), required=False)
    chosen = forms.CharField(max_length=40_000, required=False, widget=forms.HiddenInput)
    """The order of ticking, as a script of the page writes it: names of fields with keys, divided by spaces."""

    def chosen_slides(self) -> list[Announcement | MediaItem | Playlist]:
        """Return what was ticked, in the order of ticking as far as that is known."""
        ticked = {f"{name}:{each.pk}": each for name in SLIDE_FIELDS for each in self.cleaned_data.get(name) or ()}
        known = [ticked.pop(key) for key in self.cleaned_data.get("chosen", "").split() if key in ticked]
        return [*known, *ticked.values()]
