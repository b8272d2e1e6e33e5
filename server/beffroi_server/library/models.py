"""Database models of the library: files named by their content, uploaded images and videos, and announcements."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from beffroi_content import model as content
from beffroi_content.templates.registry import offered_templates
from beffroi_server.accounts.models import Town
from beffroi_server.core.folded_text import FoldedField
from beffroi_server.core.languages import language_choices
from beffroi_server.core.localised_labels import localised_label
from beffroi_server.core.visible_text import validate_visible
from beffroi_server.feeds.models import Feed
from beffroi_server.fleet.municipality_models import Municipality
from beffroi_server.library import translations as translated
from beffroi_server.library.template_choices import template_choices


class Asset(models.Model):
    """A file in the media store, named by the SHA-256 of its content; players fetch it by that name."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)
    unused_since = models.DateTimeField(null=True, blank=True)
    """When it was found that nothing refers to it; None while something does."""

    def __str__(self) -> str:
        return self.sha256

    def reference(self) -> content.AssetReference:
        """Return the reference to the file that a manifest holds."""
        return content.AssetReference(sha256=self.sha256, size=self.size, media_type=self.media_type)


class MediaItem(models.Model):
    """An image or a video that somebody uploaded: a normalised copy is stored, and the upload itself is not kept."""

    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(
        _("description"),
        max_length=200,
        blank=True,
        help_text=_("A description of the image for people who cannot see it."),
    )
    picture = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    thumbnail = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    warnings = models.JSONField(default=list, blank=True)
    """What the copy lacks of the upload, each as in ``media.sentences.warning_sentence``."""
    upload_id = models.UUIDField(null=True, editable=False, db_index=True)
    """Its upload, for pages that wait until it has been decoded."""
    upload_digest = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    """SHA-256 of the file that was uploaded; empty where nobody uploaded one."""
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    municipality = models.ForeignKey(
        Municipality, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("municipality")
    )
    """Whose it is; None: shared by all. See ``fleet.content_owners``."""
    folded_name = FoldedField(sources=("name",))
    search_text = FoldedField(sources=("name", "description"))

    audit_ignored: ClassVar = frozenset({"folded_name", "search_text"})

    class Meta:
        ordering: ClassVar = ["-uploaded_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["-uploaded_at", "-id"], name="media_newest"),
            models.Index(fields=["folded_name"], name="media_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def reference(self) -> content.AssetReference:
        """Return the reference to the normalised image; of a video, to its still."""
        return self.picture.reference()

    @property
    def video_details(self) -> Video | None:
        """Its conversion, if it is a video; None for an image."""
        return getattr(self, "video", None)

    def to_content(self) -> content.ImageContent | content.VideoContent:
        """Return the content of a slide that shows the item; a video that is not converted yet is its still."""
        if self.video_details is not None and self.video_details.converted is not None:
            return content.VideoContent(
                video=self.video_details.converted.reference(), poster=self.reference(), description=self.description
            )
        return content.ImageContent(picture=self.reference(), description=self.description)


class TownLogo(models.Model):
    """The image that is the town's logo; no row where it has none."""

    town = models.OneToOneField(Town, on_delete=models.CASCADE, primary_key=True, related_name="chosen_logo")
    image = models.ForeignKey(MediaItem, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.town}: {self.image}"


class PublicSettings(models.Model):
    """What of the town's announcements the public may read without signing in; without a row: nothing."""

    town = models.OneToOneField(Town, on_delete=models.CASCADE, primary_key=True, related_name="public_settings")
    is_on = models.BooleanField(_("Publish a page of what is on the screens"), default=False)
    past_days = models.PositiveSmallIntegerField(
        _("days for which past announcements stay there"), default=30, validators=[MaxValueValidator(366)]
    )
    introduction = models.TextField(_("introduction"), max_length=1_000, blank=True)
    framed_by = models.TextField(_("websites that may embed it"), max_length=1_000, blank=True)
    """Origins such as ``https://www.saint-aubin.fr``, one a line."""

    def __str__(self) -> str:
        return f"{self.town}: {'on' if self.is_on else 'off'}"


class MunicipalityLogo(models.Model):
    """The image that is the logo of a municipality; no row where it shows that of the intercommunality."""

    municipality = models.OneToOneField(
        Municipality, on_delete=models.CASCADE, primary_key=True, related_name="chosen_logo"
    )
    image = models.ForeignKey(MediaItem, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.municipality}: {self.image}"


class Video(models.Model):
    """The moving part of a media item that is a video; the image of the item is a still from it."""

    item = models.OneToOneField(MediaItem, on_delete=models.CASCADE, related_name="video")
    original = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    """The uploaded file, which may name the place where it was taken; None once it has been converted, or cannot be."""
    converted = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    """The converted file; None until then."""
    duration_ms = models.PositiveIntegerField()
    progress = models.PositiveSmallIntegerField(default=0)
    """Percent of the conversion that are done."""
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=40, blank=True)
    """Code of the reason why it will not be converted; one of ``media.sentences.media_refusal``."""

    def __str__(self) -> str:
        return str(self.item)

    @property
    def is_waiting(self) -> bool:
        """True until the conversion has succeeded or failed."""
        return self.converted_id is None and not self.problem

    @property
    def seconds(self) -> int:
        """Length in seconds, rounded up."""
        return -(-self.duration_ms // 1000)


class Upload(models.Model):
    """A file that was uploaded and waits to be decoded, or was refused then; a row ends when its media item begins."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    digest = models.CharField(max_length=64, blank=True, db_index=True)
    """SHA-256 of the file."""
    language = models.CharField(max_length=10)
    """Language of the user, for the reason of a refusal."""
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    is_started = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)
    """Reason why it was refused, for people; empty while it waits."""

    class Meta:
        ordering: ClassVar = ["created_at"]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """A subject that the town gives its announcements, and for how long those are shown unless somebody says otherwise.

    ``Announcement.label`` names it, without regard to case and accents.
    """

    name = models.CharField(_("name"), max_length=60, unique=True)
    default_days = models.PositiveSmallIntegerField(
        _("days on screen"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(3650)]
    )
    """None: ``categories.USUAL_DAYS``."""
    scope_users = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="scope_categories")
    """Users whose scope it is part of; see ``category_scopes.py``."""

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A word by which the town sorts its announcements; each announcement may have several. Screens never show it."""

    name = models.CharField(_("name"), max_length=40)
    folded_name = FoldedField(sources=("name",), unique=True)

    class Meta:
        ordering: ClassVar = ["folded_name"]

    def __str__(self) -> str:
        return self.name


MAX_MORE_IMAGES = 12


class Announcement(models.Model):
    """Content that an editor writes once and every screen shows, laid out by its template."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    template = models.CharField(_("template"), max_length=20, choices=template_choices, default="news")
    title = models.CharField(_("title"), max_length=200, validators=[validate_visible])
    body = models.TextField(_("text"), max_length=5_000, blank=True)
    label = models.CharField(_("category"), max_length=60, blank=True)
    place = models.CharField(_("place"), max_length=200, blank=True)
    starts = models.DateTimeField(_("event starts"), null=True, blank=True)
    ends = models.DateTimeField(_("event ends"), null=True, blank=True)
    picture = models.ForeignKey(
        MediaItem, null=True, blank=True, on_delete=models.SET_NULL, related_name="announcements",
        verbose_name=_("image"),
    )  # fmt: skip
    more_pictures = models.ManyToManyField(
        MediaItem, blank=True, related_name="announcements_besides", verbose_name=_("further images")
    )
    figure = models.CharField(_("figure"), max_length=24, blank=True)
    link = models.URLField(_("link"), max_length=500, blank=True, validators=[URLValidator(["http", "https"])])
    feed = models.ForeignKey(
        Feed, null=True, blank=True, on_delete=models.PROTECT, related_name="announcements", verbose_name=_("feed")
    )
    """Source of the data, for templates that show a feed."""
    source = models.CharField(_("issuing department"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=3, blank=True, choices=language_choices)
    """Code of the language of its texts; empty: that of the town's screens."""
    translations = models.JSONField(
        _("translations"), default=list, blank=True, validators=[translated.validate_translations]
    )
    """Its texts in further languages; see ``library.translations``."""
    version = models.PositiveIntegerField(default=1)
    """Rises at each save: whoever saves an older version than the current one is told of the conflict."""
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    tags = models.ManyToManyField(Tag, blank=True, related_name="announcements", verbose_name=_("tags"))
    municipality = models.ForeignKey(
        Municipality, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("municipality")
    )
    """Whose it is; None: shared by all. See ``fleet.content_owners``."""
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When it was put into the archive, which takes it off the screens and out of the lists; None while in use."""
    folded_title = FoldedField(sources=("title",))
    folded_label = FoldedField(sources=("label",))
    search_text = FoldedField(sources=("title", "body", "label", "place", "source", "translated_text"))

    audit_ignored: ClassVar = frozenset({"folded_title", "folded_label", "search_text"})

    class Meta:
        ordering: ClassVar = ["-updated_at"]
        indexes: ClassVar = [
            models.Index(fields=["-updated_at"], name="announcement_changed"),
            models.Index(fields=["-created_at"], name="announcement_created"),
            models.Index(fields=["folded_title"], name="announcement_title"),
            models.Index(fields=["folded_label", "label"], name="announcement_label"),
            # Lists show those in use, the last changed first.
            models.Index(fields=["archived_at", "-updated_at", "id"], name="announcement_archived"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_template_display(self) -> str:  # type: ignore[no-redef] # in place of Django's, which reads all labels
        """Return the label of its template."""
        declared = offered_templates().get(self.template)
        return str(localised_label(declared.label)) if declared is not None else self.template

    def clean(self) -> None:
        """Refuse a translation into the language in which it is written."""
        if any(each["language"] == self.language for each in self.translations):
            raise ValidationError(_now("Each language may come once."))

    @property
    def translated_text(self) -> str:
        """All texts in further languages."""
        return translated.texts_of(self.translations)

    chosen_images: list[MediaItem] | None = None
    """Further images chosen in a form that is not saved yet; they replace the stored ones."""

    def further_images(self) -> list[MediaItem]:
        """Return the further images: those chosen in a form, otherwise the stored ones."""
        if self.chosen_images is not None:
            return self.chosen_images[:MAX_MORE_IMAGES]
        return [] if self._state.adding else list(self.more_pictures.all()[:MAX_MORE_IMAGES])

    def to_content(self, time_zone: str) -> content.Announcement:
        """Return the announcement as slides hold it, with the times of an event in the town's local time.

        Args:
            time_zone: The town's, an IANA name.
        """
        zone = ZoneInfo(time_zone)

        def local(moment: dt.datetime | None) -> dt.datetime | None:
            return moment.astimezone(zone).replace(tzinfo=None) if moment else None

        return content.Announcement(
            id=str(self.id),
            template=self.template,
            title=self.title,
            body=self.body,
            label=self.label,
            place=self.place,
            starts=local(self.starts),
            ends=local(self.ends),
            picture=self.picture.reference() if self.picture else None,
            pictures=tuple(item.reference() for item in self.further_images()),
            figure=self.figure,
            link=self.link,
            source=self.source,
            language=self.language or None,
            translations=translated.translations_of(self.translations),
        )


class AnnouncementVersion(models.Model):
    """An announcement as it was saved once: who did it, when, and all values that an editor can change."""

    announcement = models.ForeignKey(Announcement, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    """``Announcement.version`` of that save."""
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    saved_at = models.DateTimeField()
    restored_from = models.PositiveIntegerField(null=True)
    """Number of the version that was restored by this save; None for any other save."""
    values = models.JSONField()
    """Values by the names of fields; related rows by their primary keys."""

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["announcement", "number"], name="one_version")]

    def __str__(self) -> str:
        return f"{self.announcement} {self.number}"


class DeletedItem(models.Model):
    """The name of an announcement or a media item that was deleted for good: plays of years ago still name it."""

    source = models.CharField(max_length=63, primary_key=True)
    """How identifiers of its slides begin: ``announcement-`` or ``media-`` with its primary key."""
    name = models.CharField(max_length=200)
    deleted_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
