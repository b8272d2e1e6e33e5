"""Landlock: a process gives up every file but some, without a privilege. See landlock(7)."""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Iterable
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""Numbers of the system calls, the same on every architecture."""
_VERSION_FLAG = 1
_RULE_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38
"""PR_SET_NO_NEW_PRIVS of prctl(2): needed before a process may confine itself."""
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_FIRST_VERSION = (1 << 13) - 1
"""All rights of version 1: those above, and to make and remove each kind of file."""
_LATER_RIGHTS = ((2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
"""Versions that brought a right: to move between folders, to truncate, to control devices."""
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | 1 << 15
"""Rights that a rule of a single file may name."""
_NETWORK_VERSION, _TCP = 4, 3
_SCOPE_VERSION, _SCOPES = 6, 3
"""Abstract sockets and signals stay within the confined processes."""


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("descriptor", ctypes.c_int32))


def restrict_files(*, readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Give up all files but these and what is beneath them; return whether the kernel offers it.

    Args:
        readable: Files and folders that may be read; libraries among them may be loaded, programs not be run.
        writable: Folders in which everything may be done.
    """
    library = ctypes.CDLL(None, use_errno=True)
    version = library.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    if version < 1:
        return False
    rights = _FIRST_VERSION | sum(right for since, right in _LATER_RIGHTS if version >= since)
    ruleset = _Ruleset(rights, _TCP if version >= _NETWORK_VERSION else 0, _SCOPES if version >= _SCOPE_VERSION else 0)
    descriptor = library.syscall(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.sizeof(ruleset), 0)
    if descriptor < 0:
        return False
    try:
        for path in readable:
            _allow(library, descriptor, path, _READ_FILE | _READ_DIR)
        for path in writable:
            _allow(library, descriptor, path, rights & ~_EXECUTE)
        library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        return bool(library.syscall(_RESTRICT_SELF, descriptor, 0) == 0)
    finally:
        os.close(descriptor)


def _allow(library: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no rule
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _OF_FILES
        library.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(_PathRule(rights, descriptor)), 0)
    finally:
        os.close(descriptor)
