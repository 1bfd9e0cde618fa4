"""The filter that keeps the sandbox to itself: system calls that Linux refuses there.

It is a program of Linux's seccomp, which the kernel runs at each system call. A limit on processes alone would not do:
the superuser is exempt from it, also inside a sandbox.
"""

import platform
import struct

# Numbers on x86-64 and on 64-bit ARM; None where there is no such call.
REFUSED = {
    # a second process or thread
    "fork": (57, None),
    "vfork": (58, None),
    "clone": (56, 220),
    "clone3": (435, 435),
    # other processes
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    # talk to others, on a network or beside it
    "socket": (41, 198),
    "socketpair": (53, 199),
    # memory that outlives the limit on addresses
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    # rare corners of the kernel, in which its mistakes hide
    "add_key": (248, 217),
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "perf_event_open": (298, 241),
    "request_key": (249, 218),
    "setns": (308, 268),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
}
# The kernel's names of the two kinds of processor, and the column of theirs above.
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

LOAD, JUMP_IF_EQUAL, JUMP_IF_AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, ARCHITECTURE = 0, 4  # where they lie in what the kernel shows to the program
X32 = 0x40000000  # from here on: the same calls under other numbers
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000 | 1, 0x80000000  # 1 is EPERM: "Operation not permitted"


def refusing_program(machine: str = "") -> bytes:
    """Return the program, as the kernel and bubblewrap take it.

    Parameters
    ----------
    machine : str
        Kind of processor; by default, this one.

    Raises
    ------
    RuntimeError
        If we do not know its numbers.

    Examples
    --------
    >>> len(refusing_program("x86_64")) // 8  # instructions
    35
    """
    machine = machine or platform.machine()
    if machine not in MACHINES:
        raise RuntimeError(f"the sandbox knows the system calls of {' and '.join(MACHINES)}, not of {machine}")
    architecture, column = MACHINES[machine]
    numbers = [number for row in REFUSED.values() if (number := row[column]) is not None]
    steps = [(LOAD, 0, 0, ARCHITECTURE), (JUMP_IF_EQUAL, 1, 0, architecture), (RETURN, 0, 0, KILL)]
    steps += [(LOAD, 0, 0, NUMBER), (JUMP_IF_AT_LEAST, len(numbers) + 1, 0, X32)]
    steps += [(JUMP_IF_EQUAL, len(numbers) - i, 0, number) for i, number in enumerate(numbers)]
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)
