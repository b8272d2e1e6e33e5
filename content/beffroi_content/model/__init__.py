"""Frozen models of everything that can be shown, scheduled or sent."""

from beffroi_content.model.alert import Alert, AlertForm, AlertLevel, AlertStatus, Hazard, HeldAlert
from beffroi_content.model.announcement import Announcement, TemplateName
from beffroi_content.model.base_models import AssetReference, Identifier, StrictModel, WireModel
from beffroi_content.model.layout import FULL_SCREEN, Layout, LayoutZone, Rectangle, banner_rectangle
from beffroi_content.model.manifest import (
    Manifest,
    ScreenAppearance,
    ScreenSettings,
    SlideTransition,
    Town,
    UncertainClock,
)
from beffroi_content.model.recurrence import Recurrence
from beffroi_content.model.schedule import (
    DayCalendar,
    DayRange,
    Interjection,
    InterjectionCadence,
    Playlist,
    PlaylistOrder,
    PowerState,
    RuleMode,
    ScheduleRule,
    ScreenHours,
    SunEvent,
    SunTime,
    TimeWindow,
)
from beffroi_content.model.screen_class import DisplayTechnology, ScreenClass
from beffroi_content.model.screen_mounting import DownloadSettings, Viewport
from beffroi_content.model.slide import (
    AnnouncementContent,
    ImageContent,
    ImageFit,
    Slide,
    UnknownContent,
    VideoContent,
    WidgetContent,
)
from beffroi_content.model.widgets import ClockWidget, Widget

__all__ = [
    "FULL_SCREEN",
    "Alert",
    "AlertForm",
    "AlertLevel",
    "AlertStatus",
    "Announcement",
    "AnnouncementContent",
    "AssetReference",
    "ClockWidget",
    "DayCalendar",
    "DayRange",
    "DisplayTechnology",
    "DownloadSettings",
    "Hazard",
    "HeldAlert",
    "Identifier",
    "ImageContent",
    "ImageFit",
    "Interjection",
    "InterjectionCadence",
    "Layout",
    "LayoutZone",
    "Manifest",
    "Playlist",
    "PlaylistOrder",
    "PowerState",
    "Rectangle",
    "Recurrence",
    "RuleMode",
    "ScheduleRule",
    "ScreenAppearance",
    "ScreenClass",
    "ScreenHours",
    "ScreenSettings",
    "Slide",
    "SlideTransition",
    "StrictModel",
    "SunEvent",
    "SunTime",
    "TemplateName",
    "TimeWindow",
    "Town",
    "UncertainClock",
    "UnknownContent",
    "VideoContent",
    "Viewport",
    "Widget",
    "WidgetContent",
    "WireModel",
    "banner_rectangle",
]
