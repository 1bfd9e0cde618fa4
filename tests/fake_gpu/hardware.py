"""The GPUs that the fake pretends to have: what is counted, what they hold, how they fail."""

import contextlib
import operator
from collections import Counter
from dataclasses import astuple, dataclass, fields, replace

BLOCK = 512  # the pool gives memory in multiples of it

STATUS = {
    35: "cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version",
    100: "cudaErrorNoDevice: no CUDA-capable device is detected",
    101: "cudaErrorInvalidDevice: invalid device ordinal",
}


class CUDARuntimeError(RuntimeError):
    def __init__(self, status):
        self.status = status
        super().__init__(STATUS[status])


class OutOfMemoryError(MemoryError):
    def __init__(self, size, total, limit=0):
        limit_text = f", limit set to: {limit:,} bytes" if limit else ""
        super().__init__(f"Out of memory allocating {size:,} bytes (allocated so far: {total:,} bytes{limit_text}).")


@dataclass
class Counters:
    """What a GPU and its bus would have done."""

    launches: int = 0
    allocations: int = 0
    host_to_device: int = 0
    device_to_host: int = 0
    syncs: int = 0

    def reset(self):
        self.set(Counters())

    def set(self, other):
        for field in fields(self):
            setattr(self, field.name, getattr(other, field.name))

    def __sub__(self, other):
        return Counters(*map(operator.sub, astuple(self), astuple(other)))


@dataclass
class Machine:
    """The GPUs that the fake pretends to have, and their state; tests change any of it at any time."""

    device_count: int = 1
    driver_too_old: bool = False
    memory_limit: int | None = None  # of each device, in bytes
    launch_error: Exception | None = None  # raised by whatever runs on the GPU
    name: str = "Fake GPU"
    compute_capability: str = "90"
    total_memory: int = 80 * 2**30

    def __post_init__(self):
        self.counters = Counters()
        self.device_id = 0
        self.used = Counter()  # bytes in use on each device
        self.kept = Counter()  # bytes that its pool holds

    @contextlib.contextmanager
    def counting(self):
        """Yield counters that hold, once the block is left, what it did."""
        before, counts = replace(self.counters), Counters()
        try:
            yield counts
        finally:
            counts.set(self.counters - before)

    def check(self, device_id=None):
        """Raise what every call of CUDA raises where there is no usable device."""
        if self.driver_too_old:
            raise CUDARuntimeError(35)
        if self.device_count == 0:
            raise CUDARuntimeError(100)
        if not 0 <= (self.device_id if device_id is None else device_id) < self.device_count:
            raise CUDARuntimeError(101)

    def launch(self, n=1):
        self.check()
        if n and self.launch_error is not None:
            raise self.launch_error
        self.counters.launches += n

    def sync(self):
        self.check()
        self.counters.syncs += 1


machine = Machine()


class Memory:
    """A piece of a device's memory, given back with the last array on it."""

    size = 0

    def __init__(self, nbytes):
        machine.check()
        self.machine, self.device_id = machine, machine.device_id
        size = -(-nbytes // BLOCK) * BLOCK
        used = machine.used[self.device_id]
        if used + size > min(machine.total_memory, machine.memory_limit or machine.total_memory):
            raise OutOfMemoryError(size, used, machine.memory_limit or 0)
        self.size = size
        machine.counters.allocations += size > 0
        machine.used[self.device_id] += size
        machine.kept[self.device_id] = max(machine.kept[self.device_id], machine.used[self.device_id])

    def __del__(self):
        if self.size:
            self.machine.used[self.device_id] -= self.size
