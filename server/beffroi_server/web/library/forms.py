"""Forms of announcements, images and videos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundWidget
from django.utils.translation import gettext_lazy as _

from beffroi_content.raster.text.characters import is_blank
from beffroi_content.templates.declarations import TemplateDeclaration
from beffroi_content.templates.registry import offered_templates
from beffroi_server.core.localised_labels import localised_label
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.schedule.models import Playlist
from beffroi_server.web.forms import (
    DateTimeInput,
    RelatedModelForm,
    StyledForm,
    StyledModelForm,
    refuse_missing_characters,
)
from beffroi_server.web.local_times import LocalDateTimeField, LocalEndField

IMAGES_OFFERED = 48
"""Images in the picker of the form: the newest. An older one is used by starting from its own page."""
FILES_AT_ONCE = 20
"""Files of one upload, at most."""


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
    """Form of an announcement; for a new one also with the playlists that it is added to."""

    class Meta:
        model = Announcement
        fields = (
            "template", "title", "figure", "body", "label", "place", "starts", "ends", "picture", "more_pictures",
            "link", "source", "feed",
        )  # fmt: skip
        field_classes = {"starts": LocalDateTimeField, "ends": LocalEndField}
        widgets = {
            "template": forms.RadioSelect,
            "starts": DateTimeInput,
            "ends": DateTimeInput,
            "body": forms.Textarea(attrs={"rows": 7}),
            "picture": forms.RadioSelect,
            "more_pictures": forms.CheckboxSelectMultiple,
        }
        help_texts = {
            "title": _("Keep it short so that it can be read from a distance: people walk past in a few seconds."),
            "label": _("A word above the title, for example Sports or Roadworks."),
            "figure": _("As it should appear, for example £12,500."),
            "source": _("If left empty, the name of the town is used."),
            "feed": _("Add feeds on the “Feeds” page. If left empty, upcoming events show the events of the library."),
        }

    link = forms.URLField(
        label=_("Web page"),
        max_length=500,
        required=False,
        assume_scheme="https",
        help_text=_("The address of a page with more information. Passers-by can scan it as a QR code."),
    )
    playlists = forms.ModelMultipleChoiceField(
        Playlist.objects.order_by("name"),
        label=_("Add to playlists"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        help_text=_("It will be added at the end of these playlists."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        feed = self.fields["feed"]
        assert isinstance(feed, forms.ModelChoiceField)
        feed.label_from_instance = lambda obj: f"{obj} – {obj.get_kind_display()}"  # type: ignore[method-assign]
        if not self.instance._state.adding:
            del self.fields["playlists"]

    def clean(self) -> dict[str, Any]:
        """Check that screens can draw the texts, and the times of the event."""
        values = self.cleaned_data
        if "title" in values and is_blank(values["title"]):
            self.add_error("title", ValidationError(_("The title contains no visible characters."), "required"))
        refuse_missing_characters(self, "title", "figure", "body", "label", "place", "source")
        self.instance.chosen_images = list(values.get("more_pictures") or [])
        starts, ends = values.get("starts"), values.get("ends")
        if ends is not None and starts is None and "starts" not in self.errors:
            self.add_error("starts", _("Also enter when the event starts."))
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
        """Images to choose from: the newest, preceded by the chosen one if it is older."""
        offered = list(MediaItem.objects.all()[:IMAGES_OFFERED])
        chosen = self["picture"].value()
        if chosen and str(chosen) not in {str(image.pk) for image in offered}:
            offered = [*MediaItem.objects.filter(pk=chosen if str(chosen).isdecimal() else 0), *offered]
        return offered

    @property
    def offered_further_images(self) -> list[tuple[MediaItem, bool]]:
        """Images to choose further ones from, each with whether it is chosen; the chosen ones first."""
        chosen = {str(pk) for pk in self["more_pictures"].value() or [] if str(pk).isdecimal()}
        picked = list(MediaItem.objects.filter(pk__in=chosen))
        newest = [item for item in MediaItem.objects.all()[:IMAGES_OFFERED] if str(item.pk) not in chosen]
        return [*((item, True) for item in picked), *((item, False) for item in newest)]

    def valid_values(self) -> dict[str, Any]:
        """Return the fields of the announcement that are filled in correctly."""
        return {name: value for name, value in self.cleaned_data.items() if name != "playlists"}

    def differences_from(self, current: Announcement) -> list[tuple[str, Any, Any]]:
        """Return the fields that differ from a saved announcement: label, saved value, and value in the form."""
        typed = self.valid_values()
        typed["more_pictures"] = list(typed.get("more_pictures") or [])
        saved = {name: getattr(current, name) for name in typed if name != "more_pictures"}
        saved["more_pictures"] = list(current.more_pictures.all())
        pairs = [(str(self[name].label), saved[name], value) for name, value in typed.items()]
        return [(label, saved_value, value) for label, saved_value, value in pairs if saved_value != value]


class _MultipleFileInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class _MultipleFileField(forms.FileField):
    """Field for one file or several. Each file is examined on its own when it is added to the library."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = [file for file in data or [] if file]
        if not files:
            raise ValidationError(self.error_messages["required"], "required")
        if len(files) > FILES_AT_ONCE:
            raise ValidationError(_("Choose up to %(most)s files at a time."), params={"most": FILES_AT_ONCE})
        return files


_ACCEPTED_FILES = "image/*,video/*,application/pdf,.heic,.heif,.avif,.mts,.m2ts,.mxf,.dv,.mkv"
"""What a browser offers to choose; few know the names of telephones' images and of camcorders' videos."""


class MediaUploadForm(StyledForm):
    """Form that adds images and videos to the library."""

    pictures = _MultipleFileField(
        label=_("Image and video files"),
        help_text=_(
            "JPEG, PNG, WebP, HEIC, GIF, TIFF or PDF up to 40 MB; videos up to 10 minutes and 500 MB. The file name "
            "becomes the name; each page of a PDF or TIFF becomes an image."
        ),
        widget=_MultipleFileInput(attrs={"accept": _ACCEPTED_FILES, "multiple": True}),
    )


class MediaItemForm(StyledModelForm):
    """Form of the name and the description of an image or a video."""

    class Meta:
        model = MediaItem
        fields = ("name", "description")
