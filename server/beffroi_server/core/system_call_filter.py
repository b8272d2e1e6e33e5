"""Filter of system calls: a process gives up the network, other programs and other processes. See seccomp(2)."""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _MODE_FILTER = 38, 22, 2
"""Options of prctl(2), and the mode that takes a filter."""
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
"""Instructions of a filter (BPF): load a word, jump if equal, jump if at least, return."""
_ALLOW, _FAIL, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4
"""Places of the number of a call and of its architecture in what a filter sees."""
_X32_CALLS = 0x40000000
"""From here on x86-64 has a second table of calls."""

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""AUDIT_ARCH_… by the kernel's name of the machine."""
_FORBIDDEN = {
    # socket socketpair; execve execveat; kill tkill ptrace process_vm_readv process_vm_writev;
    # add_key request_key keyctl; perf_event_open bpf userfaultfd; mount chroot unshare setns
    "x86_64": (41, 53, 59, 322, 62, 200, 101, 310, 311, 248, 249, 250, 298, 321, 323, 165, 161, 272, 308),
    "aarch64": (198, 199, 221, 281, 129, 130, 117, 270, 271, 217, 218, 219, 241, 280, 282, 40, 51, 97, 268),
}
_FORBIDDEN_EVERYWHERE = (424, 425, 434, 438, 440)
"""pidfd_send_signal, io_uring_setup (it opens sockets by itself), pidfd_open, pidfd_getfd, process_madvise."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def restrict_calls() -> bool:
    """Have the forbidden calls of this process fail with EPERM from now on; return whether the kernel does it."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        return False
    library = ctypes.CDLL(None, use_errno=True)
    code = _filter_code(machine)
    program = _Program(len(code) // 8, code)
    library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    return bool(library.prctl(_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) == 0)


def _filter_code(machine: str) -> bytes:
    """Return the filter: another architecture ends the process, forbidden calls fail, all others are allowed."""
    forbidden = (*_FORBIDDEN[machine], *_FORBIDDEN_EVERYWHERE)
    fail = _FAIL | errno.EPERM
    code = [
        _instruction(_LOAD, 0, 0, _ARCHITECTURE_AT),
        _instruction(_JUMP_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        _instruction(_RETURN, 0, 0, _KILL),
        _instruction(_LOAD, 0, 0, _NUMBER_AT),
        _instruction(_JUMP_AT_LEAST, len(forbidden) + 1, 0, _X32_CALLS),
    ]
    # Each comparison jumps over those that are left and over the allowing return, to the failing one.
    for left in range(len(forbidden), 0, -1):
        code.append(_instruction(_JUMP_EQUAL, left, 0, forbidden[len(forbidden) - left]))
    return b"".join((*code, _instruction(_RETURN, 0, 0, _ALLOW), _instruction(_RETURN, 0, 0, fail)))


def _instruction(code: int, if_true: int, if_false: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
