"""Cache of prepared frames, turned for the panel, and of their digests.

What is on and what is due next is in memory whatever it takes; beyond that small frames stay. A thread of its own reads
ahead and makes digests: to decode a PNG of 1920 x 1080 pixels takes longer than a step of a transition.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pygame

from beffroi_content.frame_digest import frame_digest
from beffroi_player.stage.frame_images import (
    BAND_PAUSE_S,
    BrokenFrame,
    Pause,
    load_image,
    map_raw_frame,
    rotate_for_panel,
    surface_bytes,
    upright_bands,
)
from beffroi_player.stage.panel_geometry import panel_size
from beffroi_player.state.atomic_files import FileStamp, file_stamp
from beffroi_player.state.directories import RuntimeDirectory, Size, StateDirectory, is_live_frame_name
from beffroi_player.state.page_images import SUFFIX

CACHE_BYTES = 8 * 1024 * 1024
"""Memory of all frames, above which those are evicted that are neither on nor due next: small ones stay."""
REMEMBERED_DIGESTS = 256
"""Number of digests kept: a loop shows the same files again and again, and a digest takes longer than a step."""

FrameOrigin = tuple[Path, FileStamp | None]
"""The file of a frame, with its stamp when it was read."""


class FrameCache:
    """Frames by file name. All methods belong to the frame loop, but for those that say otherwise.

    Args:
        state: Holds the prepared frames.
        runtime: Holds raw frames (PAM) of alerts and live frames, in memory; they come first.
    """

    def __init__(self, state: StateDirectory, runtime: RuntimeDirectory) -> None:
        self._state = state
        self._runtime = runtime
        self._cache: OrderedDict[str, pygame.Surface] = OrderedDict()
        self._reading: dict[str, Future[pygame.Surface]] = {}
        self._reader = ThreadPoolExecutor(1, "frames")
        self._is_awaited = threading.Event()
        """Set while the frame loop waits for the thread, which makes no pauses then."""
        self._due_names: frozenset[str] = frozenset()
        self._origins: weakref.WeakKeyDictionary[pygame.Surface, FrameOrigin] = weakref.WeakKeyDictionary()
        self._digests: OrderedDict[FrameOrigin, str] = OrderedDict()
        self._composed: weakref.WeakKeyDictionary[pygame.Surface, str] = weakref.WeakKeyDictionary()
        """Digests of composed frames, which come from no file."""
        self._digesting: tuple[weakref.ref[pygame.Surface], Future[None]] | None = None
        self.rotation = 0
        """Degrees clockwise by which the panel hangs turned."""

    def set_rotation(self, rotation: int) -> None:
        """Turn every frame by that many degrees clockwise from now on."""
        if rotation != self.rotation:
            self._cache.clear()
            self._reading.clear()
            self.rotation = rotation

    def load_frame(self, name: str, size: Size | None = None) -> pygame.Surface:
        """Return a frame.

        Args:
            name: Its file name in the state directory; a raw one in the runtime directory comes first.
            size: The size that it must have upright.

        Raises:
            BrokenFrame: there is none of that name and size.
        """
        if not name:
            raise BrokenFrame("it is not drawn yet")
        if name in self._cache:
            self._cache.move_to_end(name)
            surface = self._cache[name]
        else:
            surface = self._take_read_ahead(name) or self._read_frame(name, self.rotation)
            self._cache[name] = surface
        if size is not None and surface.get_size() != panel_size(size, self.rotation):
            raise BrokenFrame(f"{name} is {surface.get_size()} where {size} is needed")
        return surface

    def open_image(self, path: Path) -> pygame.Surface:
        """Return an image that is no frame, turned for the panel.

        Raises:
            BrokenFrame: there is none, or it cannot be read.
        """
        return rotate_for_panel(load_image(path), self.rotation)

    def load_ahead(self, names: Iterable[str]) -> None:
        """Read the frames that are due next, in the thread."""
        self._due_names = frozenset(names)
        wanted = {name for name in self._due_names if name and name not in self._cache}
        self._reading = {name: coming for name, coming in self._reading.items() if name in wanted}
        for name in wanted - self._reading.keys():
            self._reading[name] = self._reader.submit(self._read_ahead, name, self.rotation)

    def keep_only(self, names: Collection[str]) -> None:
        """Drop every frame that is not one of these: no document refers to it any more."""
        for name in [name for name in self._cache if name not in names]:
            del self._cache[name]
        self._reading = {name: coming for name, coming in self._reading.items() if name in names}

    def evict_frames(self, needed: Collection[str]) -> None:
        """Drop frames that are neither on nor due next, the oldest first, until the cache is small enough.

        Args:
            needed: Frames that are on. They stay however large they are: marquee strips are longer than a screen.
        """
        used = sum(surface_bytes(kept) for kept in self._cache.values())
        for name in [name for name in self._cache if name not in needed and name not in self._due_names]:
            if used <= CACHE_BYTES:
                break
            used -= surface_bytes(self._cache.pop(name))

    def close(self) -> None:
        """End the thread."""
        self._is_awaited.set()
        self._reader.shutdown(wait=False, cancel_futures=True)

    # --- digests

    def digest_of(self, image: pygame.Surface) -> str:
        """Return the digest of an image of the panel, made upright; the one of an unchanged file is known."""
        return self._known_digest(image) or self._compute_digest(image, self.rotation)

    def digest_in_background(self, image: pygame.Surface, ready: Callable[[], object]) -> str:
        """Return the digest of an image if it is known; otherwise nothing, while the thread makes it.

        Args:
            image: One that does not change any more.
            ready: Called by the thread once the digest is known.
        """
        if known := self._known_digest(image):
            return known
        asked, making = self._digesting or (None, None)
        if making is None or making.done():
            if asked is not None and asked() is image:
                # The thread has failed with this one.
                return self.digest_of(image)
            coming = self._reader.submit(self._digest_composed, image, self.rotation, ready)
            self._digesting = weakref.ref(image), coming
            return ""
        # Another image is being digested. If images change faster than that, none would ever be reported: so this one
        # is digested at once, even if that costs a late step.
        return "" if asked is not None and asked() is image else self.digest_of(image)

    def _known_digest(self, image: pygame.Surface) -> str | None:
        origin = self._origins.get(image)
        return self._composed.get(image) if origin is None else self._digests.get(origin)

    def _compute_digest(self, image: pygame.Surface, rotation: int, pause: Pause | None = None) -> str:
        digest = frame_digest(panel_size(image.get_size(), rotation), *upright_bands(image, rotation, pause))
        if (origin := self._origins.get(image)) is not None:
            self._digests[origin] = digest
            while len(self._digests) > REMEMBERED_DIGESTS:
                self._digests.popitem(last=False)
        return digest

    # --- in the thread

    def _digest_composed(self, image: pygame.Surface, rotation: int, ready: Callable[[], object]) -> None:
        self._composed[image] = self._compute_digest(image, rotation, self._yield_briefly)
        ready()

    def _read_ahead(self, name: str, rotation: int) -> pygame.Surface:
        surface = self._read_frame(name, rotation, self._yield_briefly)
        if self._known_digest(surface) is None:
            # A job of its own: the frame loop may wait for the frame, but never for its digest.
            self._reader.submit(self._compute_digest, surface, rotation, self._yield_briefly)
        return surface

    def _yield_briefly(self) -> None:
        """Give the interpreter lock to the frame loop, unless that is waiting for this thread."""
        self._is_awaited.wait(BAND_PAUSE_S)

    # --- in either

    def _take_read_ahead(self, name: str) -> pygame.Surface | None:
        """Return a frame that was read ahead; None if it was not, or failed: it may have been repaired since."""
        coming = self._reading.pop(name, None)
        if coming is None or coming.cancel():
            return None
        self._is_awaited.set()
        try:
            with suppress(BrokenFrame):
                return coming.result()
        finally:
            self._is_awaited.clear()
        return None

    def _read_frame(self, name: str, rotation: int, pause: Pause | None = None) -> pygame.Surface:
        path = (self._runtime.folder if is_live_frame_name(name) else self._state.frames) / Path(name).name
        raw = self._runtime.folder / Path(name).with_suffix(SUFFIX).name
        # The stamp comes before the content: a file that is replaced in between is taken for older than it is, and
        # its digest is made once more; the other way round a wrong digest would be remembered.
        origin = raw, file_stamp(raw)
        try:
            surface = map_raw_frame(raw, rotation)
        except (OSError, ValueError):
            origin = path, file_stamp(path)
            surface = rotate_for_panel(load_image(path), rotation, pause)
        self._origins[surface] = origin
        return surface
