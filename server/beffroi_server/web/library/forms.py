"""The forms of announcements and pictures."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundWidget
from django.utils.translation import gettext_lazy as _

from beffroi_content.templates.declarations import TemplateDeclaration
from beffroi_content.templates.registry import offered_templates
from beffroi_server.core.localised_labels import localised_label
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.schedule.models import Playlist
from beffroi_server.web.forms import DateTimeInput, RelatedModelForm, StyledForm, StyledModelForm

IMAGES_OFFERED = 48
"""The newest; an older one is chosen from its own page."""
FILES_AT_ONCE = 20


@dataclass(frozen=True)
class OfferedTemplate:
    """A template to choose: its radio button, and what it declares."""

    choice: BoundWidget
    template: TemplateDeclaration

    @property
    def name(self) -> str:
        return self.template.name

    @property
    def fields(self) -> str:
        """The fields that only some templates use and this one does, divided by spaces."""
        return " ".join(sorted(self.template.fields))

    @property
    def hint(self) -> str:
        """How to write its text; empty where that is plain."""
        return localised_label(self.template.hint) if self.template.hint else ""


class AnnouncementForm(RelatedModelForm):
    """An announcement, and for a new one the playlists that show it."""

    class Meta:
        model = Announcement
        fields = (
            "template", "title", "figure", "body", "label", "place", "starts", "ends", "picture", "more_pictures",
            "link", "source", "feed",
        )  # fmt: skip
        widgets = {
            "template": forms.RadioSelect,
            "starts": DateTimeInput,
            "ends": DateTimeInput,
            "body": forms.Textarea(attrs={"rows": 7}),
            "picture": forms.RadioSelect,
            "more_pictures": forms.CheckboxSelectMultiple,
        }
        help_texts = {
            "title": _("Short words are read from afar: people walk past in a few seconds."),
            "label": _("A word above the title, such as Sports or Roadworks."),
            "figure": _("As it is read, such as 12 500 €."),
            "source": _("Left empty, the town speaks."),
            "feed": _("Feeds are added on the page “Feeds”. Left empty, an agenda shows the events of the library."),
        }

    link = forms.URLField(
        label=_("Web page"),
        max_length=500,
        required=False,
        assume_scheme="https",
        help_text=_("The address of a page that tells more. Passers-by scan it as a QR code."),
    )
    playlists = forms.ModelMultipleChoiceField(
        Playlist.objects.order_by("name"),
        label=_("Show it in"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        help_text=_("It is added at the end of these playlists."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        feed = self.fields["feed"]
        assert isinstance(feed, forms.ModelChoiceField)
        feed.label_from_instance = lambda obj: f"{obj} – {obj.get_kind_display()}"  # type: ignore[method-assign]
        if not self.instance._state.adding:
            del self.fields["playlists"]

    def clean(self) -> dict[str, Any]:
        """Take out what cannot be seen, and compare the times of the event."""
        values = self.cleaned_data
        for name, value in values.items():
            if isinstance(value, str):
                values[name] = strip_control_characters(value)
        if "title" in values and not values["title"]:
            self.add_error("title", ValidationError(_("The title has nothing that can be seen."), "required"))
        self.instance.chosen_pictures = list(values.get("more_pictures") or [])
        starts, ends = values.get("starts"), values.get("ends")
        if ends is not None and starts is None and "starts" not in self.errors:
            self.add_error("starts", _("Say when the event starts, too."))
        if starts is not None and ends is not None and ends <= starts:
            self.add_error("ends", _("The event ends before it starts. Correct one of the two."))
        return values

    @property
    def offered_templates(self) -> list[OfferedTemplate]:
        """The templates to choose from, with what each declares."""
        declared = offered_templates()
        return [OfferedTemplate(choice, declared[str(choice.data["value"])]) for choice in self["template"]]

    @property
    def offered_images(self) -> list[MediaItem]:
        """The newest pictures, and the one that is chosen."""
        offered = list(MediaItem.objects.all()[:IMAGES_OFFERED])
        chosen = self["picture"].value()
        if chosen and str(chosen) not in {str(picture.pk) for picture in offered}:
            offered = [*MediaItem.objects.filter(pk=chosen if str(chosen).isdecimal() else 0), *offered]
        return offered

    @property
    def offered_further_images(self) -> list[tuple[MediaItem, bool]]:
        """The newest pictures, each with whether it is one of the further ones, and first those that are."""
        chosen = {str(pk) for pk in self["more_pictures"].value() or [] if str(pk).isdecimal()}
        picked = list(MediaItem.objects.filter(pk__in=chosen))
        newest = [item for item in MediaItem.objects.all()[:IMAGES_OFFERED] if str(item.pk) not in chosen]
        return [*((item, True) for item in picked), *((item, False) for item in newest)]

    def valid_values(self) -> dict[str, Any]:
        """Return the fields of the announcement as far as they are right."""
        return {name: value for name, value in self.cleaned_data.items() if name != "playlists"}


class _MultipleFileInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class _MultipleFileField(forms.FileField):
    """One file or several; whether each can be shown is for the ingest to say."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = [file for file in data or [] if file]
        if not files:
            raise ValidationError(self.error_messages["required"], "required")
        if len(files) > FILES_AT_ONCE:
            raise ValidationError(_("Choose %(most)s files at most at once."), params={"most": FILES_AT_ONCE})
        return files


class MediaUploadForm(StyledForm):
    """Pictures and videos to take in."""

    pictures = _MultipleFileField(
        label=_("Picture and video files"),
        help_text=_(
            "JPEG, PNG, WebP or PDF of 40 MB at most; videos of 10 minutes and 500 MB at most. What they were called "
            "becomes their name; each page of a PDF is a picture."
        ),
        widget=_MultipleFileInput(attrs={"accept": "image/*,video/*,application/pdf", "multiple": True}),
    )


class MediaItemForm(StyledModelForm):
    """What a picture is called, and what one sees on it."""

    class Meta:
        model = MediaItem
        fields = ("name", "description")


def strip_control_characters(text: str) -> str:
    """Return the text without characters that steer devices; the ends of lines and tabs stay."""
    return "".join(c for c in text if c in "\n\r\t" or unicodedata.category(c) != "Cc").strip()
