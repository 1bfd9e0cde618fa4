"""Which functions the fake has, and with which parameters: "x=" may be left out, after "*" come keywords."""

import inspect

UFUNC_NAMES = """
    abs absolute add bitwise_and bitwise_or bitwise_xor ceil copysign cos cosh divide equal exp exp2 expm1 fabs floor
    floor_divide fmax fmin fmod greater greater_equal hypot invert isfinite isinf isnan left_shift less less_equal log
    log10 log1p log2 logaddexp logical_and logical_not logical_or logical_xor maximum minimum mod multiply negative
    not_equal positive power reciprocal remainder right_shift rint sign signbit sin sinh sqrt square subtract tan tanh
    true_divide trunc
"""

# Functions that NumPy computes, with CuPy's parameters: "x=" may be left out, after "*" come keywords.
FUNCTIONS = {
    "all": "a axis= out= keepdims=",
    "allclose": "a b rtol= atol= equal_nan=",
    "amax": "a axis= out= keepdims=",
    "amin": "a axis= out= keepdims=",
    "any": "a axis= out= keepdims=",
    "argmax": "a axis= dtype= out= keepdims=",
    "argmin": "a axis= dtype= out= keepdims=",
    "argsort": "a axis= kind=",
    "array_equal": "a1 a2 equal_nan=",
    "clip": "a a_min a_max out=",
    "concatenate": "tup axis= out= * dtype= casting=",
    "count_nonzero": "a axis=",
    "cumsum": "a axis= dtype= out=",
    "diff": "a n= axis= prepend= append=",
    "dot": "a b out=",
    "interp": "x xp fp left= right= period=",
    "isclose": "a b rtol= atol= equal_nan=",
    "max": "a axis= out= keepdims=",
    "mean": "a axis= dtype= out= keepdims=",
    "min": "a axis= out= keepdims=",
    "nonzero": "a",
    "prod": "a axis= dtype= out= keepdims=",
    "round": "a decimals= out=",
    "searchsorted": "a v side= sorter=",
    "sort": "a axis= kind=",
    "stack": "tup axis= out= * dtype= casting=",
    "std": "a axis= dtype= out= ddof= keepdims=",
    "sum": "a axis= dtype= out= keepdims=",
    "take": "a indices axis= out=",
    "trapezoid": "y x= dx= axis=",
    "var": "a axis= dtype= out= ddof= keepdims=",
}
VIEWS = {
    "broadcast_to": "array shape",
    "expand_dims": "a axis",
    "ravel": "a order=",
    "reshape": "a newshape order= * copy=",
    "squeeze": "a axis=",
    "swapaxes": "a axis1 axis2",
    "transpose": "a axes=",
}

# How many kernels CuPy launches, where it is not one; at least so many where that depends on the arrays.
LAUNCHES = {"allclose": 2, "array_equal": 2, "cumsum": 2, "interp": 2, "std": 3, "trapezoid": 4, "var": 2}
JOINS = {"concatenate", "stack"}

CREATORS = {
    "empty": "shape dtype= order=",
    "empty_like": "prototype dtype= order= subok= shape=",
    "full": "shape fill_value dtype= order=",
    "full_like": "a fill_value dtype= order= subok= shape=",
    "linspace": "start stop num= endpoint= retstep= dtype= axis=",
    "ones": "shape dtype= order=",
    "ones_like": "a dtype= order= subok= shape=",
    "zeros": "shape dtype= order=",
    "zeros_like": "a dtype= order= subok= shape=",
}

# Methods with other parameters than the functions of their names, after the array itself
METHODS = {
    "argmax": "axis= out= dtype= keepdims=",
    "argmin": "axis= out= dtype= keepdims=",
    "clip": "min= max= out=",
}
SAME_AS_FUNCTION = """
    all any argsort cumsum dot max mean min nonzero prod round searchsorted squeeze std sum swapaxes take var
"""
UNARY = {"__neg__": "negative", "__pos__": "positive", "__abs__": "absolute", "__invert__": "invert"}
COMPARISONS = {
    "eq": "equal",
    "ge": "greater_equal",
    "gt": "greater",
    "le": "less_equal",
    "lt": "less",
    "ne": "not_equal",
}
ARITHMETIC = {
    "add": "add",
    "and": "bitwise_and",
    "floordiv": "floor_divide",
    "lshift": "left_shift",
    "mod": "remainder",
    "mul": "multiply",
    "or": "bitwise_or",
    "pow": "power",
    "rshift": "right_shift",
    "sub": "subtract",
    "truediv": "true_divide",
    "xor": "bitwise_xor",
}

# What CuPy takes over from NumPy as it is
FROM_NUMPY = """
    bool_ complex128 complex64 dtype e finfo float16 float32 float64 floating generic iinfo inexact inf int16 int32
    int64 int8 integer intp issubdtype nan newaxis number pi promote_types signedinteger uint16 uint32 uint64 uint8
    unsignedinteger
"""


def signature(text):
    """Return the signature that a line of the tables above stands for."""
    kind, parameters = inspect.Parameter.POSITIONAL_OR_KEYWORD, []
    for word in text.split():
        if word == "*":
            kind = inspect.Parameter.KEYWORD_ONLY
        else:
            default = None if word.endswith("=") else inspect.Parameter.empty
            parameters.append(inspect.Parameter(word.rstrip("="), kind, default=default))
    return inspect.Signature(parameters)


def bound(parameters, args, kwargs):
    """Return the arguments that have to be given, in order, and the others by name."""
    given = parameters.bind(*args, **kwargs).arguments
    required = [given.pop(name) for name, value in parameters.parameters.items() if value.default is value.empty]
    return required, {name: value for name, value in given.items() if value is not None or name == "axis"}
