"""A model stored as JSON in a file, with a copy of what a screen cannot do without."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from beffroi_content.model import WireModel
from beffroi_player.state.atomic_files import FileStamp, file_stamp, write_file

log = logging.getLogger(__name__)

ModelT = TypeVar("ModelT", bound=WireModel)


class ModelFile(Generic[ModelT]):
    """A JSON file with one model in it.

    Args:
        path: The file.
        model: Class of the model.
        durable: Whether the file is on a disk and has to survive a power cut.
        mode: Permission bits.
        copy: A second file with the same content, for when a memory card damages the first.
    """

    def __init__(
        self, path: Path, model: type[ModelT], *, durable: bool = True, mode: int = 0o644, copy: Path | None = None
    ) -> None:
        self.path = path
        self._model = model
        self._durable = durable
        self._mode = mode
        self._copy = copy

    def read(self) -> ModelT | None:
        """Return the model in the file, or in its copy; None where both are missing or invalid (logged)."""
        found = self._read_model(self.path)
        if found is None and self._copy is not None and (found := self._read_model(self._copy)) is not None:
            log.warning("%s is missing or damaged: its copy is read", self.path.name)
        return found

    def write(self, value: ModelT) -> None:
        """Replace the file in one step, and then its copy.

        Raises:
            OSError: the disk is full or broken. A copy that cannot be written is only logged.
        """
        # Files on the disk are indented for technicians; those in memory are compact, since they are written often.
        text = value.model_dump_json(indent=1).encode() if self._durable else value.to_json()
        write_file(self.path, text + b"\n", durable=self._durable, mode=self._mode)
        if self._copy is not None:
            try:
                self._copy.parent.mkdir(mode=0o750, exist_ok=True)
                write_file(self._copy, text + b"\n", durable=self._durable, mode=self._mode)
            except OSError as error:
                log.warning("%s has no copy: %s", self.path.name, error)

    def repair_copies(self) -> bool:
        """Write file and copy again where they differ. Only for the process that writes them.

        The one that can be read is right; of two that differ, the file, since it is written first.

        Returns:
            Whether they differed.

        Raises:
            OSError: the disk is full or broken.
        """
        if self._copy is None:
            return False
        value, other = self._read_model(self.path), self._read_model(self._copy)
        found = value if value is not None else other
        if found is None or value == other:
            return False
        log.warning("%s and its copy are made the same again", self.path.name)
        self.write(found)
        return True

    def remove(self) -> None:
        """Remove the file and its copy, if they exist."""
        for path in (self.path, self._copy):
            if path is not None:
                path.unlink(missing_ok=True)

    @property
    def file_stamp(self) -> FileStamp | None:
        """A stamp that changes whenever the file is replaced; None where neither file nor copy exists."""
        return file_stamp(self.path) or (file_stamp(self._copy) if self._copy is not None else None)

    def _read_model(self, path: Path) -> ModelT | None:
        try:
            return self._model.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError, ValueError) as error:
            log.warning("%s is passed over: %s", path.name, _error_summary(error))
            return None


def _error_summary(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']} ({error.error_count()} faults)"
    return str(error)
