"""Every kernel compiles with NVIDIA's compiler for three kinds of GPU, on a machine without a driver."""

import ctypes
import re
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from fake_gpu import fake_cupy, host_cuda
from support import parity

from tinygan.backend import fused

ARCHITECTURES = ["sm_75", "sm_80", "sm_90"]
REALS = ["float", "double"]
WHEELS = ["nvidia-cuda-nvrtc-cu12", "nvidia-cuda-nvrtc", "nvidia-cuda-nvrtc-cu13"]


def library():
    """Return the path of the compiler that one of its wheels brought, or None."""
    for wheel in WHEELS:
        try:
            files = metadata.files(wheel) or []
        except metadata.PackageNotFoundError:
            continue
        for file in files:
            if re.fullmatch(r"libnvrtc\.so\.\d+|nvrtc64_[\d_]+\.dll", file.name):
                return Path(file.locate())
    return None


pytestmark = pytest.mark.skipif(not host_cuda.available(), reason="there is no C++ compiler to run the kernels with")
needs_the_wheel = pytest.mark.skipif(
    library() is None, reason="the compiler is not installed; pip install nvidia-cuda-nvrtc-cu12 brings it"
)


class CompileError(Exception):
    """The compiler refuses a source; the message is its log."""


class Compiler:
    """NVRTC, by its C interface."""

    def __init__(self, path):
        self.library = ctypes.CDLL(str(path))

    def call(self, name, *arguments):
        return getattr(self.library, name)(*arguments)

    def read(self, program, what):
        """Return what the compiler left: its log, or the machine code."""
        size = ctypes.c_size_t()
        assert self.call(f"nvrtcGet{what}Size", program, ctypes.byref(size)) == 0
        text = ctypes.create_string_buffer(size.value)
        assert self.call(f"nvrtcGet{what}", program, text) == 0
        return text.raw.rstrip(b"\0")

    def compile(self, source, options):
        """Return the log and the machine code for a source, or raise a CompileError."""
        program = ctypes.c_void_p()
        words = [option.encode() for option in options]
        made = self.call("nvrtcCreateProgram", ctypes.byref(program), source.encode(), b"kernels.cu", 0, None, None)
        assert made == 0
        try:
            status = self.call("nvrtcCompileProgram", program, len(words), (ctypes.c_char_p * len(words))(*words))
            log = self.read(program, "ProgramLog").decode()
            if status:
                raise CompileError(log)
            return log, self.read(program, "CUBIN")
        finally:
            self.call("nvrtcDestroyProgram", ctypes.byref(program))


@pytest.fixture(scope="module")
def compiler():
    return Compiler(library())


def options(real, architecture):
    # CuPy adds the other two.
    return [
        *fused.options(real),
        f"--gpu-architecture={architecture}",
        "-ftz=true",
        "--device-as-default-execution-space",
    ]


@pytest.fixture(scope="module")
def sources():
    """Return by precision what an iteration of the MNIST recipe, in which every kernel runs, compiles."""
    found = {real: {} for real in REALS}
    compiled = fused._kernel

    def noted(cupy, source, name, real):
        found[real][name] = source
        return compiled(cupy, source, name, real)

    with pytest.MonkeyPatch.context() as patch:
        fake_cupy.install(patch)
        patch.setattr(fused, "_kernel", noted)
        for dtype in (np.float32, np.float64):
            parity.training("gpu:0", dtype, 1)
    return found


@needs_the_wheel
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("real", REALS)
def test_every_kernel_compiles_without_a_warning(compiler, sources, real, architecture):
    assert len(sources[real]) == {"float": 10, "double": 9}[real]  # the words of Philox are the same for both
    for name, source in sources[real].items():
        log, code = compiler.compile(source, options(real, architecture))
        assert log.strip() == ""
        assert code.startswith(b"\x7fELF")
        assert name in {found.decode() for found in re.findall(rb"\.text\.(\w+)\0", code)}


BROKEN = {
    "a name that is not there": ("_relu_slope", "grad_x = grad_y", "grad_x = grad_z", "grad_z"),
    "a missing semicolon": ("largest_piece", "y[i] = best;", "y[i] = best", 'expected a ";"'),
    "a function of the host": ("_sigmoid_slope", "exp(", "std::exp(", "std"),
    "a change of what is only read": ("_relu_slope", "grad_x = grad_y", "grad_x = grad_y = 1", "modifiable lvalue"),
}


@needs_the_wheel
@pytest.mark.parametrize(("name", "right", "wrong", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_kernel_does_not_compile_and_the_log_says_why(compiler, sources, name, right, wrong, words):
    source = sources["float"][name]
    assert source.count(right) >= 1
    with pytest.raises(CompileError, match=rf"kernels\.cu\(\d+\): error: .*{re.escape(words)}"):
        compiler.compile(source.replace(right, wrong), options("float", "sm_80"))


@needs_the_wheel
def test_an_option_that_does_not_exist_is_refused(compiler, sources):
    with pytest.raises(CompileError, match="unrecognized option"):
        compiler.compile(sources["float"]["slope"], [*options("float", "sm_80"), "--no-such-option"])


@needs_the_wheel
def test_without_a_type_nothing_compiles(compiler, sources):
    with pytest.raises(CompileError, match="REAL"):
        compiler.compile(sources["float"]["slope"], ["--std=c++17", "--gpu-architecture=sm_80"])
