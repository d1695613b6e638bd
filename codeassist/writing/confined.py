"""Runs a command that may write into one folder and nowhere else, sees no files of its user, and has no network.

Started by `sandbox.py` as root of new user, mount, process, IPC and network namespaces, with FOLDER, KEPT..., `--` and
the command. Needs the standard library alone. Ends with 125 where the kernel does not let it confine; nothing was run
then.

A folder that is only read-only still lets its sockets be connected to, and those of a session bus or of docker run
anything outside. So what is no part of the system's own programs is not there at all. Root of a user namespace may
undo its own mounts: the command gets none of root's capabilities, and cannot make a namespace where it would.

Source: mount_setattr(2), mount(2), namespaces(7), capabilities(7), unix(7).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import sys
from pathlib import Path

NOT_CONFINED = 125
# Bytes of memory, bytes of one written file, processes, open files.
LIMITS = {"AS": 4 * 2**30, "FSIZE": 64 * 2**20, "CORE": 0, "NPROC": 512, "NOFILE": 1024}

_MOUNT_SETATTR = 442  # the same on every architecture since they share numbers
_AT_FDCWD, _AT_RECURSIVE, _READ_ONLY = -100, 0x8000, 1
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_SET_NO_NEW_PRIVILEGES, _DROP_OF_BOUNDING_SET = 38, 24  # prctl(2)
_CAPABILITY_VERSION, _N_CAPABILITIES = 0x20080522, 64  # capset(2)

# Folders of the root that hold programs and what these need; what else is there is somebody's files, or sockets.
_OF_SYSTEM = frozenset({
    "bin", "dev", "etc", "gnu", "lib", "lib32", "lib64", "libx32", "nix", "opt", "proc", "sbin", "sys", "usr",
})  # fmt: skip
_HIDDEN_TOO = ("/nix/var", "/dev")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_LINKS = {"/dev/fd": "/proc/self/fd", "/dev/stdin": "fd/0", "/dev/stdout": "fd/1", "/dev/stderr": "fd/2"}
_SHARED_MEMORY = "/dev/shm"
_NAMESPACES = "/proc/sys/user/max_user_namespaces"


class _Attributes(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def confine(folder: str, kept: list[str]) -> None:
    """Nothing is there but the system, the kept folders and the folder, which alone can be written; no capability is
    left. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None))
    shown = {path: os.open(path, os.O_PATH) for path in (*_DEVICES, *kept, folder)}
    for hidden in _hidden():
        _checked(libc.mount(b"none", os.fsencode(hidden), b"tmpfs", 0, b"size=1m"))
    for path, descriptor in shown.items():
        _show(libc, path, descriptor)
    for link, target in _LINKS.items():
        Path(link).symlink_to(target)
    Path(_SHARED_MEMORY).mkdir()
    _checked(libc.mount(b"none", os.fsencode(_SHARED_MEMORY), b"tmpfs", 0, b"size=64m"))
    _forbid_namespaces()
    read_only, writable = _Attributes(attr_set=_READ_ONLY), _Attributes(attr_clr=_READ_ONLY)
    wanted = (("/", _AT_RECURSIVE, read_only), (folder, 0, writable), (_SHARED_MEMORY, 0, writable))
    for place, flags, attributes in wanted:
        size = ctypes.sizeof(attributes)
        at = os.fsencode(place)
        _checked(libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, at, flags, ctypes.byref(attributes), size))
    _drop_capabilities(libc)


def _hidden() -> list[str]:
    with os.scandir("/") as entries:
        found = [one.path for one in entries if one.name not in _OF_SYSTEM and one.is_dir(follow_symlinks=False)]
    return [*found, *(path for path in _HIDDEN_TOO if Path(path).is_dir())]


def _show(libc: ctypes.CDLL, path: str, descriptor: int) -> None:
    """Put what was opened before back to its place, and close it."""
    source = f"/proc/self/fd/{descriptor}"
    if Path(source).is_dir():
        Path(path).mkdir(parents=True, exist_ok=True)
    else:
        Path(path).touch()
    _checked(libc.mount(os.fsencode(source), os.fsencode(path), None, _MS_BIND | _MS_REC, None))
    os.close(descriptor)


def _forbid_namespaces() -> None:
    """In one of its own, a process has all capabilities; where the kernel knows no such limit, mounts stay locked."""
    with contextlib.suppress(OSError):
        descriptor = os.open(_NAMESPACES, os.O_WRONLY)
        os.write(descriptor, b"0")
        os.close(descriptor)


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    """Of root nothing but the name is left, here and in whatever is begun from here."""
    _checked(libc.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    for number in range(_N_CAPABILITIES):
        if libc.prctl(_DROP_OF_BOUNDING_SET, number, 0, 0, 0):
            break  # The kernel has no more of them.
    header, none = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)()
    _checked(libc.capset(ctypes.byref(header), ctypes.byref(none)))


def _checked(status: int) -> None:
    if status:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def main(arguments: list[str]) -> int:
    """Confine, then become the command; the exit code where that is not possible."""
    at = arguments.index("--")
    folder, *kept = arguments[:at]
    try:
        confine(folder, kept)
    except OSError as error:
        sys.stderr.write(f"cannot confine: {error}\n")
        return NOT_CONFINED
    for name, most in LIMITS.items():
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (most, most))
    os.chdir(folder)
    return os.execvp(arguments[at + 1], arguments[at + 1 :])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
