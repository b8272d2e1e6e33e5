"""Frames from files to surfaces, turned as the panel hangs."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pygame

from beffroi_content.frame_digest import frame_digest
from beffroi_content.model import Rectangle
from beffroi_player.outputs.drawing.composition import Area
from beffroi_player.state.atomic_files import FileStamp, file_stamp
from beffroi_player.state.directories import RuntimeDirectory, Size, StateDirectory, is_live_frame_name
from beffroi_player.state.ppm_images import from_ppm

CACHE_BYTES = 8 * 1024 * 1024
"""What all frames may take before those are forgotten that are neither on nor due next: small ones stay."""
REMEMBERED_DIGESTS = 256
"""Digests that are remembered: a loop shows the same files again and again, and each takes longer than a step."""

BAND_PIXELS = 32 * 1024
"""Pixels of which the bytes are made at once: few, since nothing else of the process runs meanwhile."""
BAND_PAUSE_S = 0.001
"""Between two bands, in a thread beside the frame loop."""

Pause = Callable[[], object]
"""Waits a little."""
Origin = tuple[Path, FileStamp | None]
"""The file of a frame, as it was when it was read."""


class BrokenFrame(Exception):
    """The frame is missing or cannot be read; the message says why."""


class FrameCache:
    """Frames by file name: what is on and what is due next is in memory, and what is small."""

    def __init__(self, state: StateDirectory, runtime: RuntimeDirectory) -> None:
        self._state = state
        self._runtime = runtime
        self._cache: OrderedDict[str, pygame.Surface] = OrderedDict()
        self._reading: dict[str, Future[pygame.Surface]] = {}
        self._reader = ThreadPoolExecutor(1, "frames")
        self._is_awaited = threading.Event()
        """Set while the frame loop waits for the thread."""
        self._due_names: frozenset[str] = frozenset()
        self._origins: weakref.WeakKeyDictionary[pygame.Surface, Origin] = weakref.WeakKeyDictionary()
        self._digests: OrderedDict[Origin, str] = OrderedDict()
        self._composed: weakref.WeakKeyDictionary[pygame.Surface, str] = weakref.WeakKeyDictionary()
        """Digests of pictures that are no files."""
        self._digesting: tuple[weakref.ref[pygame.Surface], Future[None]] | None = None
        self.rotation = 0

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
            size: What it must measure upright.

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

    def load_ahead(self, names: Iterable[str]) -> None:
        """Read the frames that are due next, in a thread: decoding takes longer than a step of what moves."""
        self._due_names = frozenset(names)
        wanted = {name for name in self._due_names if name and name not in self._cache}
        self._reading = {name: coming for name, coming in self._reading.items() if name in wanted}
        for name in wanted - self._reading.keys():
            self._reading[name] = self._reader.submit(self._read_ahead, name, self.rotation)

    def close(self) -> None:
        """End the thread."""
        self._is_awaited.set()
        self._reader.shutdown(wait=False, cancel_futures=True)

    def digest_of(self, picture: pygame.Surface) -> str:
        """Return the digest of a picture of the panel, turned back; that of a file that has not changed is known."""
        return self._known_digest(picture) or self._compute_digest(picture, self.rotation)

    def digest_in_background(self, picture: pygame.Surface, ready: Callable[[], object]) -> str:
        """Return the digest of a picture if it is known. Otherwise nothing: a thread makes it, as what moves goes on.

        Args:
            picture: One that does not change any more.
            ready: Called by the thread once the digest is known.
        """
        if known := self._known_digest(picture):
            return known
        asked, making = self._digesting or (None, None)
        if making is None or making.done():
            if asked is not None and asked() is picture:
                # It could not be made there.
                return self.digest_of(picture)
            coming = self._reader.submit(self._digest_composed, picture, self.rotation, ready)
            self._digesting = weakref.ref(picture), coming
            return ""
        # Where pictures change faster than their digests are made, none of them would ever be told.
        return "" if asked is not None and asked() is picture else self.digest_of(picture)

    def _known_digest(self, picture: pygame.Surface) -> str | None:
        origin = self._origins.get(picture)
        return self._composed.get(picture) if origin is None else self._digests.get(origin)

    def _compute_digest(self, picture: pygame.Surface, rotation: int, breathe: Pause | None = None) -> str:
        made = frame_digest(panel_size(picture.get_size(), rotation), *upright_bands(picture, rotation, breathe))
        if (origin := self._origins.get(picture)) is not None:
            self._digests[origin] = made
            while len(self._digests) > REMEMBERED_DIGESTS:
                self._digests.popitem(last=False)
        return made

    # --- in the thread

    def _digest_composed(self, picture: pygame.Surface, rotation: int, ready: Callable[[], object]) -> None:
        self._composed[picture] = self._compute_digest(picture, rotation, self._yield_briefly)
        ready()

    def _read_ahead(self, name: str, rotation: int) -> pygame.Surface:
        surface = self._read_frame(name, rotation, self._yield_briefly)
        if self._known_digest(surface) is None:
            # On its own: nobody who waits for the picture waits for its digest.
            self._reader.submit(self._compute_digest, surface, rotation, self._yield_briefly)
        return surface

    def _yield_briefly(self) -> None:
        self._is_awaited.wait(BAND_PAUSE_S)

    # --- how

    def _take_read_ahead(self, name: str) -> pygame.Surface | None:
        """Return a frame that was read ahead. One that could not be may have been mended since."""
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

    def open_image(self, path: Path) -> pygame.Surface:
        """Return a picture that is not a frame.

        Raises:
            BrokenFrame: there is none, or it cannot be read.
        """
        return _rotate_surface(_load_image(path), self.rotation)

    def _read_frame(self, name: str, rotation: int, breathe: Pause | None = None) -> pygame.Surface:
        path = (self._runtime.folder if is_live_frame_name(name) else self._state.frames) / Path(name).name
        raw = self._runtime.folder / Path(name).with_suffix(".ppm").name
        origin = raw, file_stamp(raw)
        try:
            size, pixels = from_ppm(raw.read_bytes())
            found = pygame.image.frombuffer(pixels, size, "RGB")
        except (OSError, ValueError):
            origin = path, file_stamp(path)
            found = _load_image(path)
        surface = _rotate_surface(found, rotation, breathe)
        self._origins[surface] = origin
        return surface

    def keep_only(self, names: Collection[str]) -> None:
        """Forget every frame that is not one of these: nothing shows it any more."""
        for name in [name for name in self._cache if name not in names]:
            del self._cache[name]
        self._reading = {name: coming for name, coming in self._reading.items() if name in names}

    def evict_frames(self, needed: Collection[str]) -> None:
        """Forget what is neither on nor due next, the oldest first, until the rest is small.

        Args:
            needed: What is on, which is kept however large it is: messages that glide are longer than a screen.
        """
        used = sum(_surface_bytes(kept) for kept in self._cache.values())
        for name in [name for name in self._cache if name not in needed and name not in self._due_names]:
            if used <= CACHE_BYTES:
                break
            used -= _surface_bytes(self._cache.pop(name))


def compose_frame(size: Size, rotation: int, parts: Sequence[tuple[pygame.Surface, Rectangle]]) -> pygame.Surface:
    """Return the picture for the panel: turned parts, each at the place of its upright rectangle.

    A part that covers everything is the picture: nothing is copied.
    """
    if parts and parts[-1][0].get_size() == panel_size(size, rotation):
        return parts[-1][0]
    picture = pygame.Surface(panel_size(size, rotation), depth=32)
    picture.fill((0, 0, 0))
    for surface, rectangle in parts:
        picture.blit(surface, panel_area(rectangle, size, rotation))
    return picture


def panel_size(size: Size, rotation: int) -> Size:
    """Return what an upright size measures on a panel that is turned."""
    return size if rotation in (0, 180) else (size[1], size[0])


def rotate_area(area: Area, size: Size, rotation: int) -> Area:
    """Return where an upright area of a screen lies on the panel, after a turn clockwise."""
    left, top, width, height = area
    right, below = size[0] - left - width, size[1] - top - height
    corner = {0: (left, top), 90: (below, left), 180: (right, below), 270: (top, right)}[rotation]
    return (*corner, *panel_size((width, height), rotation))


def panel_area(rectangle: Rectangle, size: Size, rotation: int) -> Area:
    """Return where an upright rectangle of a screen lies on the panel, after a turn clockwise."""
    return rotate_area((rectangle.x, rectangle.y, *rectangle.size), size, rotation)


def upright_bands(picture: pygame.Surface, rotation: int, breathe: Pause | None = None) -> Iterator[bytes]:
    """Yield the RGB bytes of a picture of the panel, turned back, some rows at a time.

    Args:
        picture: It does not change meanwhile.
        rotation: By how many degrees it is turned.
        breathe: Waits a little between two bands, for what else there is to do.
    """
    size = panel_size(picture.get_size(), rotation)
    rows = max(1, BAND_PIXELS // size[0])
    for top in range(0, size[1], rows):
        area = rotate_area((0, top, size[0], min(rows, size[1] - top)), size, rotation)
        # The loop may draw with the picture at the same time, which it must not while it is being turned.
        band = pygame.Surface(area[2:], depth=32)
        band.blit(picture, (0, 0), area)
        yield upright_rgb(band, rotation)
        if breathe is not None:
            breathe()


def upright_rgb(picture: pygame.Surface, rotation: int) -> bytes:
    """Return the RGB bytes of a picture of the panel, turned back."""
    return pygame.image.tobytes(pygame.transform.rotate(picture, rotation) if rotation else picture, "RGB")


def _rotate_surface(surface: pygame.Surface, rotation: int, breathe: Pause | None = None) -> pygame.Surface:
    """Return a picture as the panel hangs, in 32 bits. Not as a window has it: with a GPU there is none."""
    # What is to be seen through is not: the colours are what they are.
    surface.set_alpha(None)
    surface.set_colorkey(None)
    width, height = surface.get_size()
    made, rows = pygame.Surface((width, height), depth=32), max(1, BAND_PIXELS // width)
    for top in range(0, height, rows):
        made.blit(surface, (0, top), (0, top, width, rows))
        if breathe is not None:
            breathe()
    return pygame.transform.rotate(made, -rotation) if rotation else made


def _load_image(path: Path) -> pygame.Surface:
    try:
        return pygame.image.load(path)
    except (OSError, pygame.error) as error:
        raise BrokenFrame(f"{path.name}: {error}") from error


def _surface_bytes(surface: pygame.Surface) -> int:
    return surface.get_width() * surface.get_height() * surface.get_bytesize()
