"""Light sensor: dims the display where its surroundings are dark (Linux IIO, in lux).

Drivers for BH1750, VEML7700, TSL2561 and others are in the kernel; a device-tree overlay names the one that is there.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from statistics import median

from beffroi_content.model import PowerState
from beffroi_content.timeline.display_power import DisplayPower

DEVICES = Path("/sys/bus/iio/devices")
READ_INTERVAL_MS = 5_000.0
MEDIAN_READINGS = 7
"""Readings whose median counts: a headlight that passes does nothing."""
DARK_LUX, BRIGHT_LUX = 5.0, 1_000.0
"""Illuminance of a street at night, and of a cloudy day in the shade."""
STEP_PERCENT = 5
"""Percent by which the brightness changes at once."""


def _run_in_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="light sensor", daemon=True).start()


class LightSensor:
    """The sensor, if there is one.

    Args:
        devices: The kernel lists its sensors there.
        run_in_thread: Runs a function in a thread: the kernel takes a tenth of a second and more to read a sensor.
    """

    def __init__(
        self, devices: Path = DEVICES, run_in_thread: Callable[[Callable[[], None]], None] = _run_in_thread
    ) -> None:
        self._devices, self._run_in_thread = devices, run_in_thread
        self._readings: deque[float] = deque(maxlen=MEDIAN_READINGS)
        self._read_ms: float | None = None
        self._percent = 100
        self._is_reading = False

    def dim_display(self, light: DisplayPower, darkest: int, uptime_ms: float) -> DisplayPower:
        """Return the power and brightness of the display, with no more light than fits its surroundings.

        Args:
            light: By the screen hours.
            darkest: Percent of brightness in darkness; 100: the sensor is not used.
            uptime_ms: Milliseconds since boot.
        """
        if darkest >= 100 or light.state is PowerState.OFF:
            return light
        if self._read_ms is None or uptime_ms - self._read_ms >= READ_INTERVAL_MS:
            self._read_ms = uptime_ms
            if not self._is_reading:
                self._is_reading = True
                self._run_in_thread(lambda: self._update_percent(darkest))
        if self._percent >= light.brightness:
            return light
        return replace(light, state=PowerState.DIM, brightness=self._percent)

    def _update_percent(self, darkest: int) -> None:
        try:
            found = _read_lux(self._devices)
        finally:
            self._is_reading = False
        if found is None:
            self._readings.clear()
            self._percent = 100
            return
        self._readings.append(found)
        wanted = brightness_for(median(self._readings), darkest)
        # Smaller changes are not seen, and each change is a new image.
        if abs(wanted - self._percent) >= STEP_PERCENT:
            self._percent += STEP_PERCENT if wanted > self._percent else -STEP_PERCENT
            self._percent = max(darkest, min(100, self._percent))


def brightness_for(lux: float, darkest: int) -> int:
    """Return the percent of brightness for an illuminance in lux.

    The scale is logarithmic, since the eye sees ratios (Weber-Fechner law).
    """
    share = (math.log(max(lux, DARK_LUX)) - math.log(DARK_LUX)) / (math.log(BRIGHT_LUX) - math.log(DARK_LUX))
    return round(darkest + (100 - darkest) * min(1.0, share))


def _read_lux(devices: Path) -> float | None:
    for device in sorted(devices.glob("iio:device*")):
        with suppress(OSError, ValueError):
            return float((device / "in_illuminance_input").read_text())
        with suppress(OSError, ValueError):
            scale = device / "in_illuminance_scale"
            factor = float(scale.read_text()) if scale.exists() else 1.0
            return float((device / "in_illuminance_raw").read_text()) * factor
    return None
