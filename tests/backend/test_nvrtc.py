"""Every kernel compiles with NVIDIA's compiler for three kinds of GPU, on a machine without a driver."""

import ctypes
import re
from importlib import metadata
from pathlib import Path

import pytest
from fake_gpu import host_cuda

from tinygan.backend import kernels

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
        *kernels.options(real),
        f"--gpu-architecture={architecture}",
        "-ftz=true",
        "--device-as-default-execution-space",
    ]


@needs_the_wheel
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("real", REALS)
def test_every_kernel_compiles_without_a_warning(compiler, real, architecture):
    log, code = compiler.compile(kernels.SOURCE, options(real, architecture))
    assert log.strip() == ""
    assert code.startswith(b"\x7fELF")
    names = host_cuda.kernel_names(kernels.SOURCE)
    assert len(names) > 10
    found = {name.decode() for name in re.findall(rb"\.text\.(\w+)\0", code)}
    assert found == set(names)


BROKEN = {
    "a name that is not there": ("EACH grad_x[i] =", "EACH grad_z[i] =", "grad_z"),
    "a missing semicolon": ("y[i] = best;", "y[i] = best", 'expected a ";"'),
    "a function of the host": ("REAL e = exp(-fabs(x[i]));", "REAL e = std::exp(-fabs(x[i]));", "std"),
}


@needs_the_wheel
@pytest.mark.parametrize(("right", "wrong", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_kernel_does_not_compile_and_the_log_says_why(compiler, right, wrong, words):
    assert kernels.SOURCE.count(right) >= 1
    with pytest.raises(CompileError, match=rf"kernels\.cu\(\d+\): error: .*{re.escape(words)}"):
        compiler.compile(kernels.SOURCE.replace(right, wrong), options("float", "sm_80"))


@needs_the_wheel
def test_an_option_that_does_not_exist_is_refused(compiler):
    with pytest.raises(CompileError, match="unrecognized option"):
        compiler.compile(kernels.SOURCE, [*options("float", "sm_80"), "--no-such-option"])


@needs_the_wheel
def test_without_a_type_nothing_compiles(compiler):
    with pytest.raises(CompileError, match="REAL"):
        compiler.compile(kernels.SOURCE, ["--std=c++17", "--gpu-architecture=sm_80"])
