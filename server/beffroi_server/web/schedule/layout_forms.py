"""Form of the layout of a screen, a group or the town."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils.translation import gettext_lazy as _

from beffroi_content.model import Rectangle
from beffroi_server.schedule.band_layouts import BANDS, ReadyLayout, ready_layout
from beffroi_server.schedule.layout_models import LayoutChoice
from beffroi_server.web.forms import RelatedModelForm, refuse_missing_characters

INHERIT = "inherit"
"""Value of the choice to follow the layout of a group or of the town."""
_SKETCH_WIDE, _SKETCH_TALL = (320, 180), (180, 320)


@dataclass(frozen=True)
class OfferedLayout:
    """A layout to choose: its radio button, and a sketch of its zones."""

    choice: BoundWidget
    layout: ReadyLayout
    sketch_size: tuple[int, int]
    """Width and height of the drawing that the zones are in."""

    @property
    def zones(self) -> list[tuple[str, Rectangle]]:
        """Names and places of its zones."""
        found = ready_layout(self.layout, self.sketch_size, BANDS[self.layout])
        return [(zone.id, zone.rectangle) for zone in found.zones]

    @property
    def bands(self) -> str:
        """Its bands, divided by spaces."""
        return " ".join(sorted(BANDS[self.layout]))


class LayoutForm(RelatedModelForm):
    """Form of the layout of a screen or a group, which may follow another one, or of the town."""

    class Meta:
        model = LayoutChoice
        fields = ("layout", "messages", "news_feed", "weather_feed")
        widgets = {"layout": forms.RadioSelect, "messages": forms.Textarea(attrs={"rows": 5})}
        help_texts = {
            "messages": _("One message per line. They pass one after the other."),
            "news_feed": _("Its newest headlines follow the messages. Add feeds on the “Feeds” page."),
            "weather_feed": _("Without a feed, the clock has the place of the weather."),
        }

    def __init__(self, *args: Any, inherited: str = "", is_tall: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_tall = is_tall
        field = self.fields["layout"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [*([(INHERIT, inherited)] if inherited else []), *ReadyLayout.choices]
        if inherited and self.instance._state.adding:
            self.initial["layout"] = INHERIT

    @property
    def inherits(self) -> bool:
        """Whether the layout of a group or of the town is followed."""
        return self.cleaned_data.get("layout") == INHERIT

    @property
    def offered_layouts(self) -> list[OfferedLayout]:
        """The layouts to choose from with their sketches; following another one is no layout of its own."""
        size = _SKETCH_TALL if self.is_tall else _SKETCH_WIDE
        values = {str(choice.data["value"]): choice for choice in self["layout"]}
        return [OfferedLayout(values[layout.value], layout, size) for layout in ReadyLayout]

    @property
    def inherit_choice(self) -> BoundWidget | None:
        """The radio button to follow another layout; None for the town."""
        return next((choice for choice in self["layout"] if choice.data["value"] == INHERIT), None)

    def clean(self) -> dict[str, Any]:
        """Check that screens can draw the messages."""
        refuse_missing_characters(self, "messages")
        return self.cleaned_data

    def _post_clean(self) -> None:
        if not self.inherits:
            super()._post_clean()  # type: ignore[misc]
