"""How the C library hands out large blocks of memory, which training asks for and frees at every step."""

import ctypes
import platform
import sys

# Of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def keep_large_blocks() -> None:
    """Ask glibc to keep large freed blocks for the next step, for all threads alike.

    Handing out fresh zeroed pages at every step cost 7 to 20 % of ResNet-20's training rate on two cores.
    Threads other than the main one get arenas of at most 64 MiB, out of which large activations are mapped
    anew each time: 5 % of ResNet-18's rate. So call it before the first thread. Other C libraries are left as
    they are.
    """
    libc = _glibc()
    if libc is None:
        return
    libc.mallopt(_M_MMAP_THRESHOLD, 1 << 30)
    libc.mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
    libc.mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Hand what is free in this process back to the system, for example after memory ran out."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def free_in_process() -> int:
    """Bytes that the C library holds and can hand out again; 0 where it does not say."""
    libc = _glibc()
    # mallinfo2 came with glibc 2.33.
    if libc is None or not hasattr(libc, "mallinfo2"):
        return 0
    libc.mallinfo2.restype = _Mallinfo2
    return int(libc.mallinfo2().fordblks)


class _Mallinfo2(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks",
                     "keepcost")
    )  # fmt: skip


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux") or platform.libc_ver()[0] != "glibc":
        return None
    return ctypes.CDLL(None)
