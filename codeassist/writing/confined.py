"""Runs a command that may write into one folder and nowhere else, sees no secrets of its user, and has no network.

Started by `sandbox.py` as root of new user, mount, process and network namespaces, with FOLDER, HIDDEN..., `--` and the
command. Needs the standard library alone. Ends with 125 where the kernel does not let it confine; nothing was run then.

Source: mount_setattr(2), mount(2), namespaces(7).
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys

NOT_CONFINED = 125
# Bytes of memory, bytes of one written file, processes, open files.
LIMITS = {"AS": 4 * 2**30, "FSIZE": 64 * 2**20, "CORE": 0, "NPROC": 512, "NOFILE": 1024}

_MOUNT_SETATTR = 442  # the same on every architecture since they share numbers
_AT_FDCWD, _AT_RECURSIVE, _READ_ONLY = -100, 0x8000, 1
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def confine(folder: str, hidden: list[str]) -> None:
    """Everything is read-only but the folder; the hidden folders are empty. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None))
    for private in hidden:
        _checked(libc.mount(b"none", os.fsencode(private), b"tmpfs", 0, b"size=64k"))
    path = os.fsencode(folder)
    _checked(libc.mount(path, path, None, _MS_BIND, None))
    read_only, writable = _Attributes(attr_set=_READ_ONLY), _Attributes(attr_clr=_READ_ONLY)
    for place, flags, attributes in ((b"/", _AT_RECURSIVE, read_only), (path, 0, writable)):
        _checked(
            libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, place, flags, ctypes.byref(attributes), ctypes.sizeof(attributes))
        )


def _checked(status: int) -> None:
    if status:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def main(arguments: list[str]) -> int:
    """Confine, then become the command; the exit code where that is not possible."""
    at = arguments.index("--")
    folder, *hidden = arguments[:at]
    try:
        confine(folder, hidden)
    except OSError as error:
        sys.stderr.write(f"cannot confine: {error}\n")
        return NOT_CONFINED
    for name, most in LIMITS.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    os.chdir(folder)
    return os.execvp(arguments[at + 1], arguments[at + 1 :])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
