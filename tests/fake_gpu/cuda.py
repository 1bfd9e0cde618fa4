"""What is under ``cupy.cuda``: devices, streams, events, the memory pool and the runtime."""

import time
from typing import NamedTuple

from fake_gpu import hardware
from fake_gpu.hardware import CUDARuntimeError, Memory

MAX_THREADS = 1024  # of a block


class Device:
    def __init__(self, device=None):
        if device is None:
            hardware.machine.check()
        self.id = hardware.machine.device_id if device is None else int(getattr(device, "id", device))
        self.before = []

    def __enter__(self):
        before = hardware.machine.device_id
        self.use()
        self.before.append(before)
        return self

    def __exit__(self, *exception):
        hardware.machine.device_id = self.before.pop()

    def use(self):
        hardware.machine.check(self.id)
        hardware.machine.device_id = self.id

    def synchronize(self):
        hardware.machine.sync()

    @property
    def compute_capability(self):
        hardware.machine.check(self.id)
        return hardware.machine.compute_capability

    @property
    def mem_info(self):
        hardware.machine.check(self.id)
        return hardware.machine.total_memory - hardware.machine.kept[self.id], hardware.machine.total_memory

    def __eq__(self, other):
        return isinstance(other, Device) and self.id == other.id

    def __hash__(self):
        return hash(self.id)

    def __repr__(self):
        return f"<CUDA Device {self.id}>"


class MemoryPointer(NamedTuple):
    ptr: int
    device_id: int
    mem: Memory

    @property
    def device(self):
        return Device(self.device_id)


class Stream:
    """The order in which things run; here all run at once, so there is one."""

    def __init__(self, null=False, non_blocking=False, ptds=False, *, priority=None):
        hardware.machine.check()
        self.ptr = 0

    def synchronize(self):
        hardware.machine.sync()

    def record(self, event=None):
        event = event or Event()
        event.record(self)
        return event

    def use(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass


Stream.null = Stream()


class Event:
    done = True

    def __init__(self, block=True, disable_timing=False, interprocess=False):
        hardware.machine.check()

    def record(self, stream=None):
        hardware.machine.check()
        self.time = time.perf_counter()

    def synchronize(self):
        hardware.machine.sync()


class MemoryPool:
    def used_bytes(self):
        hardware.machine.check()
        return hardware.machine.used[hardware.machine.device_id]

    def total_bytes(self):
        hardware.machine.check()
        return hardware.machine.kept[hardware.machine.device_id]

    def free_bytes(self):
        return self.total_bytes() - self.used_bytes()

    def free_all_blocks(self, stream=None):
        hardware.machine.check()
        hardware.machine.kept[hardware.machine.device_id] = hardware.machine.used[hardware.machine.device_id]

    def get_limit(self):
        return hardware.machine.memory_limit or 0

    def set_limit(self, size=None, fraction=None):
        hardware.machine.memory_limit = int(fraction * hardware.machine.total_memory) if size is None else size


def driver_version():
    if hardware.machine.driver_too_old:
        return 11040
    return 12090 if hardware.machine.device_count else 0


def get_device_count():
    hardware.machine.check()
    return hardware.machine.device_count


def get_device():
    hardware.machine.check()
    return hardware.machine.device_id


def get_device_properties(device):
    hardware.machine.check(device)
    return {
        "name": hardware.machine.name.encode(),
        "totalGlobalMem": hardware.machine.total_memory,
        "major": int(hardware.machine.compute_capability[:-1]),
        "minor": int(hardware.machine.compute_capability[-1]),
        "multiProcessorCount": 132,
        "maxThreadsPerBlock": MAX_THREADS,
        "warpSize": 32,
    }


def is_available():
    return hardware.machine.device_count > 0 and not hardware.machine.driver_too_old


RUNTIME = {
    "CUDARuntimeError": CUDARuntimeError,
    "deviceSynchronize": lambda: hardware.machine.sync(),
    "driverGetVersion": lambda: (
        11040 if hardware.machine.driver_too_old else 12090 if hardware.machine.device_count else 0
    ),
    "getDevice": get_device,
    "getDeviceCount": get_device_count,
    "getDeviceProperties": get_device_properties,
    "memGetInfo": lambda: Device().mem_info,
    "runtimeGetVersion": lambda: 12090,
    "setDevice": lambda device: Device(device).use(),
}
CUDA = {
    "Device": Device,
    "Event": Event,
    "MemoryPool": MemoryPool,
    "Stream": Stream,
    "get_current_stream": lambda device_id=-1: Stream.null,
    "get_device_id": get_device,
    "get_elapsed_time": lambda start_event, end_event: 1e3 * (end_event.time - start_event.time),
    "is_available": is_available,
}
