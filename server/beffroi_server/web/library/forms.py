"""Forms of announcements, images and videos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundWidget
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from beffroi_content.model.announcement import MAX_LANGUAGES
from beffroi_content.raster.text.characters import is_blank
from beffroi_content.templates.declarations import AnnouncementTemplate, TemplateDeclaration
from beffroi_content.templates.registry import offered_templates
from beffroi_server.core.languages import language_choices
from beffroi_server.core.localised_labels import localised_label
from beffroi_server.library.models import Announcement, MediaItem
from beffroi_server.library.translations import stored_translations, summary_of
from beffroi_server.schedule.models import Playlist
from beffroi_server.schedule.usual_templates import USUAL_AT_FIRST, usual_templates
from beffroi_server.web import working_for
from beffroi_server.web.access import current_town
from beffroi_server.web.form_scopes import limit_rows
from beffroi_server.web.forms import (
    DateTimeInput,
    RelatedModelForm,
    StyledForm,
    StyledModelForm,
    refuse_missing_characters,
)
from beffroi_server.web.library import translation_forms
from beffroi_server.web.local_times import LocalDateTimeField, LocalEndField
from beffroi_server.web.requests import MAX_DIGITS

IMAGES_OFFERED = 48
"""Images in the picker of the form: the newest. An older one is used by starting from its own page."""
IMAGES_AT_ONCE = 3
"""Images of the library that are seen before the others are unfolded."""
FIELDS_BESIDES = ("playlists", "picture_name", "picture_description", "described_picture")
"""Fields of the form that are none of the announcement itself."""
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
        written = {"translations"} if isinstance(self.template, AnnouncementTemplate) else set[str]()
        return " ".join(sorted({*self.template.fields, *written}))

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
            "link", "source", "feed", "municipality", "language",
        )  # fmt: skip
        field_classes = {"starts": LocalDateTimeField, "ends": LocalEndField}
        widgets = {
            "template": forms.RadioSelect,
            "label": forms.TextInput(attrs={"list": "known-categories", "autocomplete": "on"}),
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
            "language": _("Of the text above."),
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
    picture_name = forms.CharField(label=_("Name of the image in the library"), max_length=120, required=False)
    picture_description = forms.CharField(
        label=_("What the image shows"),
        max_length=200,
        required=False,
        help_text=_("For people who cannot see it, for example: children skating on the ice rink."),
    )
    described_picture = forms.IntegerField(required=False, widget=forms.HiddenInput)
    """The image of which the form holds name and description."""
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
        working_for.offer_owner(self)
        if not self.instance._state.adding:
            del self.fields["playlists"]
        elif not self.is_bound:
            self.fields["title"].widget.attrs["autofocus"] = True
        self._begin_with_description()
        self._begin_with_language()

    def _begin_with_language(self) -> None:
        field = self.fields["language"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = language_choices()
        field.required = False
        self.town_language = current_town().locale
        self.initial["language"] = self.instance.language or self.town_language
        opened = translation_forms.opened_forms(self.instance.translations, translation_forms.TranslationForm)
        bound = translation_forms.bound_forms(self.data, translation_forms.TranslationForm)
        self.translation_forms = bound if self.is_bound else opened

    def clean_language(self) -> str:
        """Return the language; empty, as it was, where it is that of the town."""
        chosen: str = self.cleaned_data["language"] or self.instance.language
        return "" if chosen == self.town_language and not self.instance.language else chosen

    def is_valid(self) -> bool:
        """Tell whether the fields of every language are right."""
        return super().is_valid() and all(each.is_valid() for each in self.translation_forms)

    @property
    def new_languages(self) -> list[tuple[str, str]]:
        """Languages that can be added."""
        taken = {each.code for each in self.translation_forms} | {self["language"].value()}
        room = len(self.translation_forms) + 1 < MAX_LANGUAGES
        return [each for each in language_choices() if each[0] not in taken] if room else []

    @property
    def has_languages(self) -> bool:
        """True if the part with the languages is unfolded."""
        return bool(self.translation_forms) or self["language"].value() != self.town_language

    def _begin_with_description(self) -> None:
        chosen = self["picture"].value()
        if self.is_bound or not str(chosen or "").isdecimal():
            return
        picture = self.instance.picture or MediaItem.objects.filter(pk=chosen).first()
        if picture is not None:
            self.initial.update(
                picture_name=picture.name, picture_description=picture.description, described_picture=picture.pk
            )

    def clean(self) -> dict[str, Any]:
        """Check that screens can draw the texts, and the times of the event."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if "title" in values and is_blank(values["title"]):
            self.add_error("title", ValidationError(_("The title contains no visible characters."), "required"))
        refuse_missing_characters(self, "title", "figure", "body", "label", "place", "source")
        self._clean_translations(values)
        self.instance.chosen_images = list(values.get("more_pictures") or [])
        starts, ends = values.get("starts"), values.get("ends")
        if ends is not None and starts is None and "starts" not in self.errors:
            self.add_error("starts", _("Also enter when the event starts."))
        if starts is not None and ends is not None and ends <= starts:
            self.add_error("ends", _("The event ends before it starts. Correct one of the two."))
        return values

    def _clean_translations(self, values: dict[str, Any]) -> None:
        valid = [each.stored_values() for each in self.translation_forms if each.is_valid()]
        values["translations"] = stored_translations(each for each in valid if each)
        main = values.get("language") or self.town_language
        if any(each.code == main for each in self.translation_forms):
            self.add_error("language", _("There is a translation into this language. Remove it, or choose another."))

    @cached_property
    def offered_templates(self) -> list[OfferedTemplate]:
        """The templates to choose from, with what each declares."""
        declared = offered_templates()
        return [OfferedTemplate(choice, declared[str(choice.data["value"])]) for choice in self["template"]]

    @cached_property
    def _usual_names(self) -> frozenset[str]:
        return usual_templates(timezone.now()) if self.instance._state.adding else frozenset(USUAL_AT_FIRST)

    @cached_property
    def usual_templates(self) -> list[OfferedTemplate]:
        """The templates that are offered first."""
        return [each for each in self.offered_templates if each.name in self._usual_names]

    @cached_property
    def further_templates(self) -> list[OfferedTemplate]:
        """The templates that are folded away."""
        return [each for each in self.offered_templates if each.name not in self._usual_names]

    @property
    def has_further_template(self) -> bool:
        """True if a template is chosen that would be folded away."""
        return self["template"].value() not in self._usual_names

    @property
    def has_details(self) -> bool:
        """True if a field is filled in, or wrong, that is folded away."""
        return any(self[name].value() or self[name].errors for name in ("link", "source"))

    @cached_property
    def offered_images(self) -> list[MediaItem]:
        """Images to choose from: the chosen one, then the newest."""
        chosen = self["picture"].value()
        key = str(chosen) if str(chosen).isdecimal() and len(str(chosen)) <= MAX_DIGITS else "0"
        offered = list(limit_rows(MediaItem.objects.select_related("picture", "video"))[:IMAGES_OFFERED])
        first = [image for image in offered if str(image.pk) == key]
        if not first and key != "0":
            first = list(MediaItem.objects.select_related("picture", "video").filter(pk=key))
        return [*first, *(image for image in offered if image not in first)]

    @property
    def first_images(self) -> list[MediaItem]:
        """The images that are seen at once."""
        return self.offered_images[:IMAGES_AT_ONCE]

    @property
    def folded_images(self) -> list[MediaItem]:
        """The images that are folded away."""
        return self.offered_images[IMAGES_AT_ONCE:]

    @property
    def offered_further_images(self) -> list[tuple[MediaItem, bool]]:
        """Images to choose further ones from, each with whether it is chosen; the chosen ones first."""
        chosen = {str(pk) for pk in self["more_pictures"].value() or [] if str(pk).isdecimal()}
        picked = self.instance.further_images()
        if {str(image.pk) for image in picked} != chosen:
            picked = list(MediaItem.objects.select_related("picture", "video").filter(pk__in=chosen)) if chosen else []
        others = [item for item in self.offered_images if str(item.pk) not in chosen]
        return [*((item, True) for item in picked), *((item, False) for item in others)]

    def valid_values(self) -> dict[str, Any]:
        """Return the fields of the announcement that are filled in correctly."""
        return {name: value for name, value in self.cleaned_data.items() if name not in FIELDS_BESIDES}

    def described_image(self) -> tuple[MediaItem, str, str] | None:
        """Return the chosen image with the name and the description typed for it, if they are new."""
        image = self.cleaned_data.get("picture")
        if not isinstance(image, MediaItem) or self.cleaned_data.get("described_picture") != image.pk:
            return None
        name = self.cleaned_data.get("picture_name") or image.name
        description = self.cleaned_data.get("picture_description", "")
        return (image, name, description) if (name, description) != (image.name, image.description) else None

    def differences_from(self, current: Announcement) -> list[tuple[str, Any, Any]]:
        """Return the fields that differ from a saved announcement: label, saved value, and value in the form."""
        typed = self.valid_values()
        typed["more_pictures"] = list(typed.get("more_pictures") or [])
        saved = {name: getattr(current, name) for name in typed if name != "more_pictures"}
        saved["more_pictures"] = list(current.more_pictures.all())
        saved["translations"], typed["translations"] = (
            summary_of(texts) for texts in (current.translations, typed.get("translations"))
        )
        labels = {"translations": _("Further languages")}
        pairs = [(str(labels.get(name) or self[name].label), saved[name], value) for name, value in typed.items()]
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
