"""A model in a file, which may be missing or anything."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from beffroi_content.model import WireModel
from beffroi_player.files import Stamp, stamp, write_file

log = logging.getLogger(__name__)

M = TypeVar("M", bound=WireModel)


class Slot(Generic[M]):
    """One JSON file with one model in it."""

    def __init__(self, path: Path, model: type[M], *, durable: bool = True, mode: int = 0o644) -> None:
        self.path = path
        self._model = model
        self._durable = durable
        self._mode = mode

    def read(self) -> M | None:
        """Return what the file says; None where it is missing, unreadable or not what it should be (logged)."""
        try:
            return self._model.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError, ValueError) as error:
            log.warning("%s is passed over: %s", self.path.name, _first_line(error))
            return None

    def write(self, value: M) -> None:
        """Replace the file in one step.

        Raises:
            OSError: the disk is full or broken.
        """
        text = value.model_dump_json(indent=1).encode() if self._durable else value.to_json()
        write_file(self.path, text + b"\n", durable=self._durable, mode=self._mode)

    def remove(self) -> None:
        """Remove the file, if there is one."""
        self.path.unlink(missing_ok=True)

    @property
    def stamp(self) -> Stamp | None:
        """What changes when the file is replaced; None while there is no file."""
        return stamp(self.path)


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']} ({error.error_count()} faults)"
    return str(error)
