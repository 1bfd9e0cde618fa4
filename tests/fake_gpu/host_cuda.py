"""CUDA kernels run on the host: compiled with the C++ compiler and called once for each thread, one after the other.

Right for kernels whose threads do not talk to each other: no shared memory, no barriers, no warp functions.
"""

import atexit
import ctypes
import hashlib
import itertools
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

FLAGS = ["-O2", "-ffp-contract=off", "-std=c++17", "-shared", "-fPIC", "-w"]

# Options of NVRTC that mean nothing on the host; all others but macros are refused, lest one be silently dropped.
NO_MEANING = re.compile(r"--?(std|fmad|gpu-architecture|arch|ftz|prec-div|prec-sqrt)=\S+|-lineinfo")

UNSUPPORTED = re.compile(r"__shared__|__syncthreads|__syncwarp|__shfl\w*|__ballot\w*|\bwarpSize\b")
KERNEL = re.compile(
    r"(?P<template>template\s*<[^>]*>\s*)?__global__\s+(?:__launch_bounds__\s*\([^)]*\)\s*)?void\s+"
    r"(?:__launch_bounds__\s*\([^)]*\)\s*)?(?P<name>\w+)\s*\("
)

# What a kernel finds on a GPU without an include.
HEADER = r"""
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <type_traits>
#include <utility>

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __forceinline__ inline
#define __noinline__
#define __launch_bounds__(...)
#define __align__(n) alignas(n)

struct host_dim3 { unsigned int x, y, z; };
static thread_local host_dim3 blockIdx, threadIdx, blockDim, gridDim;

static inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return (unsigned long long)(((unsigned __int128)a * b) >> 64);
}
static inline long long __mul64hi(long long a, long long b) { return (long long)(((__int128)a * b) >> 64); }
static inline unsigned int __umulhi(unsigned int a, unsigned int b) { return ((unsigned long long)a * b) >> 32; }
static inline int __mulhi(int a, int b) { return (int)(((long long)a * b) >> 32); }

static inline float __fadd_rn(float a, float b) { return a + b; }
static inline float __fsub_rn(float a, float b) { return a - b; }
static inline float __fmul_rn(float a, float b) { return a * b; }
static inline float __fdiv_rn(float a, float b) { return a / b; }
static inline float __fsqrt_rn(float a) { return sqrtf(a); }
static inline float __frcp_rn(float a) { return 1.0f / a; }
static inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
static inline double __dadd_rn(double a, double b) { return a + b; }
static inline double __dsub_rn(double a, double b) { return a - b; }
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline double __ddiv_rn(double a, double b) { return a / b; }
static inline double __dsqrt_rn(double a) { return sqrt(a); }
static inline double __drcp_rn(double a) { return 1.0 / a; }
static inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
static inline float rsqrtf(float a) { return 1.0f / sqrtf(a); }
static inline float rsqrt(float a) { return rsqrtf(a); }
static inline double rsqrt(double a) { return 1.0 / sqrt(a); }
static inline float fdividef(float a, float b) { return a / b; }

static inline float __uint2float_rn(unsigned int a) { return (float)a; }
static inline float __int2float_rn(int a) { return (float)a; }
static inline float __ull2float_rn(unsigned long long a) { return (float)a; }
static inline float __ll2float_rn(long long a) { return (float)a; }
static inline float __double2float_rn(double a) { return (float)a; }
static inline double __uint2double_rn(unsigned int a) { return (double)a; }
static inline double __ull2double_rn(unsigned long long a) { return (double)a; }
static inline double __ll2double_rn(long long a) { return (double)a; }

template <class To, class From> static inline To host_bits(From from) {
    static_assert(sizeof(To) == sizeof(From), "the same bits need the same size");
    To to;
    memcpy(&to, &from, sizeof(to));
    return to;
}
static inline float __int_as_float(int a) { return host_bits<float>(a); }
static inline float __uint_as_float(unsigned int a) { return host_bits<float>(a); }
static inline int __float_as_int(float a) { return host_bits<int>(a); }
static inline unsigned int __float_as_uint(float a) { return host_bits<unsigned int>(a); }
static inline double __longlong_as_double(long long a) { return host_bits<double>(a); }
static inline long long __double_as_longlong(double a) { return host_bits<long long>(a); }

// As CUDA's: of a NaN and a number, the number.
template <class A, class B> static inline std::common_type_t<A, B> min(A a, B b) {
    using T = std::common_type_t<A, B>;
    if constexpr (std::is_floating_point_v<T>) return fmin((T)a, (T)b);
    else return (T)b < (T)a ? (T)b : (T)a;
}
template <class A, class B> static inline std::common_type_t<A, B> max(A a, B b) {
    using T = std::common_type_t<A, B>;
    if constexpr (std::is_floating_point_v<T>) return fmax((T)a, (T)b);
    else return (T)a < (T)b ? (T)b : (T)a;
}
template <class T> static inline T __ldg(const T* address) { return *address; }
template <class T> static inline T atomicAdd(T* address, std::common_type_t<T> value) {
    T old = *address;
    *address += value;
    return old;
}

// One number for each parameter: is it a pointer, NumPy's letter for its kind, its size; after the last a zero.
template <class T> constexpr unsigned host_code(unsigned pointer = 0) {
    if constexpr (std::is_pointer_v<T>) return host_code<std::remove_cv_t<std::remove_pointer_t<T>>>(1);
    else {
        unsigned kind = std::is_same_v<T, bool> ? 'b' : std::is_floating_point_v<T> ? 'f'
                      : std::is_integral_v<T> ? (std::is_signed_v<T> ? 'i' : 'u') : 'V';
        return pointer << 16 | kind << 8 | sizeof(T);
    }
}
template <class... A> static const unsigned* host_signature(void (*)(A...)) {
    static const unsigned codes[] = {host_code<std::remove_cv_t<A>>()..., 0};
    return codes;
}
template <class... A, size_t... I>
static void host_run(void (*kernel)(A...), void** arguments, std::index_sequence<I...>) {
    for (blockIdx.z = 0; blockIdx.z < gridDim.z; blockIdx.z++)
    for (blockIdx.y = 0; blockIdx.y < gridDim.y; blockIdx.y++)
    for (blockIdx.x = 0; blockIdx.x < gridDim.x; blockIdx.x++)
    for (threadIdx.z = 0; threadIdx.z < blockDim.z; threadIdx.z++)
    for (threadIdx.y = 0; threadIdx.y < blockDim.y; threadIdx.y++)
    for (threadIdx.x = 0; threadIdx.x < blockDim.x; threadIdx.x++)
        kernel(*(std::remove_cv_t<A>*)arguments[I]...);
}
template <class... A> static void host_launch(void (*kernel)(A...), const unsigned* sizes, void** arguments) {
    gridDim = {sizes[0], sizes[1], sizes[2]};
    blockDim = {sizes[3], sizes[4], sizes[5]};
    host_run(kernel, arguments, std::index_sequence_for<A...>());
}
"""

LAUNCHER = r"""
extern "C" const unsigned* host_signature_%(index)d() { return host_signature(%(kernel)s); }
extern "C" void host_launch_%(index)d(const unsigned* sizes, void** arguments) {
    host_launch(%(kernel)s, sizes, arguments);
}
"""

# Around the memory that a kernel gets lies a margin, to see what it writes beside it. Each array's margin is of another
# byte, all of them large numbers as a float and as an int, so that what is read there by mistake is seen as well.
MARGIN = 256
BYTES = range(0x70, 0x7F)


class CompileError(Exception):
    """The compiler refuses the source, or there is no compiler."""


def compiler():
    """Return the path of a C++ compiler, or None."""
    names = [os.environ.get("CXX"), "g++", "c++", "clang++"]
    return next((path for path in map(shutil.which, filter(None, names)) if path), None)


def available():
    """Return whether kernels can be compiled on this machine."""
    return compiler() is not None


def without_comments(source):
    return re.sub(r"//[^\n]*|/\*.*?\*/", " ", source, flags=re.DOTALL)


def kernel_names(source):
    """Return the names of the kernels of a source, but for templates, which have no one name."""
    return [match["name"] for match in KERNEL.finditer(without_comments(source)) if not match["template"]]


def macros(options):
    """Return the compiler's options for those of NVRTC."""
    kept = []
    for option in options:
        macro = re.fullmatch(r"(?:-D\s*|--define-macro=)(\w+(?:=.*)?)", option)
        if macro:
            kept.append("-D" + macro[1])
        elif not NO_MEANING.fullmatch(option):
            raise CompileError(f"the host's compiler does not know the option {option!r} of NVRTC")
    return kept


_libraries = {}
_folder = None


def build_folder():
    """Return a folder that lives as long as the process."""
    global _folder
    if _folder is None:
        folder = tempfile.TemporaryDirectory(prefix="host_cuda_", ignore_cleanup_errors=True)
        atexit.register(folder.cleanup)
        _folder = Path(folder.name)
    return _folder


def build(source, options=(), name_expressions=None):
    """Return the kernels of a source by their names, compiled once in a process.

    Parameters
    ----------
    source : str
        CUDA C++.
    options : sequence of str, optional
        Those of NVRTC; of them ``-DNAME=VALUE`` counts.
    name_expressions : sequence of str, optional
        The kernels that are wanted, such as ``"scale<float>"``; all that are no templates if left out.
    """
    names = list(name_expressions or kernel_names(source))
    if not names:
        raise CompileError('the source has no kernel: extern "C" __global__ void name(...)')
    unsupported = UNSUPPORTED.search(without_comments(source))
    if unsupported:
        raise CompileError(f"{unsupported[0]} needs threads that run at once; here they run one after the other")
    launchers = "".join(LAUNCHER % {"index": index, "kernel": name} for index, name in enumerate(names))
    text = f'{HEADER}\n#line 1 "kernels.cu"\n{source}\n{launchers}'
    flags = [*FLAGS, *macros(options)]
    key = hashlib.sha256("\0".join([text, *flags]).encode()).hexdigest()
    if key not in _libraries:
        _libraries[key] = ctypes.CDLL(str(compile_library(text, flags, build_folder() / key)))
    return {name: HostKernel(name, _libraries[key], index) for index, name in enumerate(names)}


def compile_library(text, flags, path):
    command = compiler()
    if command is None:
        raise CompileError("there is no C++ compiler: none of g++, c++ and clang++ was found")
    source, library = path.with_suffix(".cpp"), path.with_suffix(".so")
    source.write_text(text)
    run = subprocess.run([command, *flags, "-o", library, source], capture_output=True, text=True, check=False)
    if run.returncode:
        raise CompileError(f"{Path(command).name} refuses the kernels:\n{run.stderr}")
    return library


def memory_of(array):
    """Return the array that owns the memory of a view."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


class Copy:
    """What a kernel works on: the memory of an array between two margins."""

    def __init__(self, owner, byte):
        self.owner = owner
        self.margin = bytes([byte]) * MARGIN
        self.bytes = np.full(MARGIN + owner.nbytes + MARGIN, byte, np.uint8)
        ctypes.memmove(self.bytes.ctypes.data + MARGIN, owner.ctypes.data, owner.nbytes)

    def address_of(self, view):
        return self.bytes.ctypes.data + MARGIN + view.ctypes.data - self.owner.ctypes.data

    def bring_back(self, name):
        if any(margin.tobytes() != self.margin for margin in (self.bytes[:MARGIN], self.bytes[-MARGIN:])):
            raise AssertionError(f"{name} wrote outside of an array of shape {self.owner.shape}")
        ctypes.memmove(self.owner.ctypes.data, self.bytes.ctypes.data + MARGIN, self.owner.nbytes)


class HostKernel:
    """One kernel: called with a grid, a block, and arrays and scalars of NumPy.

    Attributes
    ----------
    signature : list of str
        The types of the parameters: "*f4" is a float*, "i8" a long long.
    """

    def __init__(self, name, library, index):
        self.name = name
        self.library = library  # unloaded with the last of its kernels otherwise
        self.launch = getattr(library, f"host_launch_{index}")
        self.launch.restype = None
        read = getattr(library, f"host_signature_{index}")
        read.restype = ctypes.POINTER(ctypes.c_uint)
        codes = itertools.takewhile(bool, (read()[position] for position in itertools.count()))
        self.signature = [f"{'*' * (code >> 16)}{chr(code >> 8 & 255)}{code & 255}" for code in codes]

    def __call__(self, grid, block, arguments):
        sizes = [*grid, *(1,) * (3 - len(grid)), *block, *(1,) * (3 - len(block))]
        self.check(arguments)
        copies = {}
        cells = []
        for argument in arguments:
            if isinstance(argument, np.ndarray):
                owner = memory_of(argument)
                if id(owner) not in copies:
                    copies[id(owner)] = Copy(owner, BYTES[len(copies) % len(BYTES)])
                cells.append(np.array(copies[id(owner)].address_of(argument), np.uintp))
            else:
                cells.append(np.array(argument))
        pointers = (ctypes.c_void_p * len(cells))(*(cell.ctypes.data for cell in cells))
        self.launch((ctypes.c_uint * 6)(*sizes), pointers)
        for copy in copies.values():
            copy.bring_back(self.name)

    def check(self, arguments):
        """Refuse what a GPU would take without a word and read as something else."""
        if len(arguments) != len(self.signature):
            raise TypeError(f"{self.name} got {len(arguments)} arguments; it takes {len(self.signature)}")
        for position, (argument, wanted) in enumerate(zip(arguments, self.signature, strict=True)):
            if not isinstance(argument, (np.ndarray, np.generic)):
                raise TypeError(f"{self.name} got {argument!r} for argument {position}, whose width would be a guess")
            pointer = "*" if isinstance(argument, np.ndarray) else ""
            got = f"{pointer}{argument.dtype.kind}{argument.dtype.itemsize}"
            if got != wanted:
                raise TypeError(f"{self.name} got {got} for argument {position}; it takes {wanted}")
            assert not pointer or argument.flags.c_contiguous, (
                f"{self.name} got an array that is not C-contiguous for argument {position}; it does not see strides"
            )
