"""Frozen models of everything that can be shown, scheduled or sent."""

from beffroi_content.model.alert import Alert, AlertForm, AlertLevel, AlertStatus, Hazard, HeldAlert
from beffroi_content.model.announcement import Announcement, Template
from beffroi_content.model.base import AssetReference, Identifier, StrictModel, WireModel
from beffroi_content.model.layout import FULL_SCREEN, Layout, Rectangle, Zone, banner_rectangle
from beffroi_content.model.manifest import Appearance, Manifest, ScreenSettings, Town, Transition, UncertainClock
from beffroi_content.model.mounting import Downloads, Viewport
from beffroi_content.model.recurrence import Recurrence
from beffroi_content.model.schedule import (
    Cadence,
    DayCalendar,
    DayRange,
    Interjection,
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
from beffroi_content.model.screen import ScreenClass, Technology
from beffroi_content.model.slide import (
    AnnouncementContent,
    ImageContent,
    ImageFit,
    Slide,
    UnknownContent,
    VideoContent,
    WidgetContent,
)
from beffroi_content.model.widget import ClockWidget, Widget

__all__ = [
    "FULL_SCREEN",
    "Alert",
    "AlertForm",
    "AlertLevel",
    "AlertStatus",
    "Announcement",
    "AnnouncementContent",
    "Appearance",
    "AssetReference",
    "Cadence",
    "ClockWidget",
    "DayCalendar",
    "DayRange",
    "Downloads",
    "Hazard",
    "HeldAlert",
    "Identifier",
    "ImageContent",
    "ImageFit",
    "Interjection",
    "Layout",
    "Manifest",
    "Playlist",
    "PlaylistOrder",
    "PowerState",
    "Rectangle",
    "Recurrence",
    "RuleMode",
    "ScheduleRule",
    "ScreenClass",
    "ScreenHours",
    "ScreenSettings",
    "Slide",
    "StrictModel",
    "SunEvent",
    "SunTime",
    "Technology",
    "Template",
    "TimeWindow",
    "Town",
    "Transition",
    "UncertainClock",
    "UnknownContent",
    "VideoContent",
    "Viewport",
    "Widget",
    "WidgetContent",
    "WireModel",
    "Zone",
    "banner_rectangle",
]
