// The kernels behind the functions that are marked with @fused, each below the NumPy expression that it replaces.
//
// Nobody needs to open this file: the marked functions say the same in NumPy, and run like that on the host. Each thread
// makes one entry of the result and shares nothing with the others. REAL is float or double. --fmad=false keeps the
// compiler from rounding once where NumPy rounds twice, so that all that has no exp or log in it is bit for bit the same
// on both devices; only that CuPy has a GPU round floats below 1.2e-38 to 0.

typedef unsigned long long word;
typedef unsigned short half_word;
#define EACH long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; if (i >= n) return;

// Philox4x64-10 (Salmon et al. 2011): ten rounds of two products turn a key and a counter into four random words.
__device__ void philox_block(word key0, word key1, const word* counter, word* out) {
    word a = counter[0], b = counter[1], c = counter[2], d = counter[3];
    for (int round = 0; round < 10; ++round) {
        word low0 = 0xD2E7470EE14C6C93ull * a, high0 = __umul64hi(0xD2E7470EE14C6C93ull, a);
        word low1 = 0xCA5A826395121157ull * c, high1 = __umul64hi(0xCA5A826395121157ull, c);
        a = high1 ^ b ^ key0; b = low1; c = high0 ^ d ^ key1; d = low0;
        key0 += 0x9E3779B97F4A7C15ull; key1 += 0xBB67AE8584CAA73Bull;
    }
    out[0] = a; out[1] = b; out[2] = c; out[3] = d;
}

// Word j of row i of a span, see tinygan.streams. first is the position of its first word in the block of the counter.
__device__ word philox_word(word key0, word key1, word c0, word c1, word c2, word c3, long long first,
                            long long group, long long stride, long long per_row, long long row, long long j) {
    word position = first + ((row / group) * stride + row % group) * per_row + j;
    word counter[4] = {c0 + position / 4, c1, c2, c3}, out[4];
    if (counter[0] < c0 && ++counter[1] == 0 && ++counter[2] == 0) ++counter[3];
    philox_block(key0, key1, counter, out);
    return out[position % 4];
}
#define SPAN word key0, word key1, word c0, word c1, word c2, word c3, long long first, long long group, \
             long long stride, long long per_row
#define WORD(row, j) philox_word(key0, key1, c0, c1, c2, c3, first, group, stride, per_row, row, j)

// softplus(x) = maximum(x, 0) + log1p(exp(-abs(x)));  logistic(x) = exp(minimum(x, 0)) / (1 + exp(-abs(x)))
__device__ REAL softplus(REAL x) { return (x > 0 || x != x ? x : (REAL)0) + log1p(exp(-fabs(x))); }
__device__ REAL logistic(REAL x) { return exp(x < 0 || x != x ? x : (REAL)0) / (1 + exp(-fabs(x))); }

// numpy.random.Philox(key=key, counter=...).random_raw(rows * per_row)
extern "C" __global__ void philox(word* words, SPAN, long long n) {
    EACH words[i] = WORD(i / per_row, i % per_row);
}

// x = (words >> (64 - digits)) * 2 ** -digits * (high - low) + low, digits = 24 for float and 53 for double
extern "C" __global__ void uniform(REAL* x, REAL low, REAL width, SPAN, long long n) {
    EACH
    int digits = sizeof(REAL) == 4 ? 24 : 53;
    REAL ulp = (REAL)1 / (REAL)(1ull << digits);
    x[i] = (REAL)(WORD(i / per_row, i % per_row) >> (64 - digits)) * ulp * width + low;
}

// mask = (bits >= threshold) * scale; y = x * mask
extern "C" __global__ void dropout(const REAL* x, REAL* y, REAL* mask, long long width, int threshold, REAL scale,
                                   SPAN, long long n) {
    EACH
    long long row = i / width, column = i % width;
    half_word bits = (half_word)(WORD(row, column / 4) >> (16 * (column % 4)));
    mask[i] = bits >= threshold ? scale : (REAL)0;
    y[i] = x[i] * mask[i];
}

// grad_x = grad_y * (y > 0)
extern "C" __global__ void relu_slope(const REAL* grad_y, const REAL* y, REAL* grad_x, long long n) {
    EACH grad_x[i] = grad_y[i] * (REAL)(y[i] > 0);
}

// y = exp(minimum(x, 0)) / (1 + exp(-abs(x)))
extern "C" __global__ void sigmoid(const REAL* x, REAL* y, long long n) {
    EACH y[i] = logistic(x[i]);
}

// e = exp(-abs(x)); grad_x = grad_y * (e / (1 + e) ** 2)
extern "C" __global__ void sigmoid_slope(const REAL* grad_y, const REAL* x, REAL* grad_x, long long n) {
    EACH REAL e = exp(-fabs(x[i]));
    grad_x[i] = grad_y[i] * (e / ((1 + e) * (1 + e)));
}

// y = the first piece; for each other piece p: won[p - 1] = piece > y; y = maximum(piece, y)
extern "C" __global__ void maxout(const REAL* x, REAL* y, bool* won, long long n_units, int n_pieces,
                                  long long n) {
    EACH
    long long row = i / n_units, unit = i % n_units;
    const REAL* piece = x + row * n_pieces * n_units + unit;
    REAL best = piece[0];
    for (int p = 1; p < n_pieces; ++p) {
        REAL value = piece[p * n_units];
        won[(p - 1) * n + i] = value > best;
        best = value > best || value != value ? value : best;
    }
    y[i] = best;
}

// from the last piece to the first: grad_piece = rest * won; rest -= grad_piece
extern "C" __global__ void maxout_slope(const REAL* grad_y, const bool* won, REAL* grad_x, long long n_units,
                                        int n_pieces, long long n) {
    EACH
    long long row = i / n_units, unit = i % n_units;
    REAL rest = grad_y[i], *grad_piece = grad_x + row * n_pieces * n_units + unit;
    for (int p = n_pieces - 1; p > 0; --p) {
        REAL taken = rest * (REAL)won[(p - 1) * n + i];
        grad_piece[p * n_units] = taken;
        rest -= taken;
    }
    grad_piece[0] = rest;
}

// loss = softplus(-a), slope = -logistic(-a)
extern "C" __global__ void minus_log_d(const REAL* a, REAL* loss, REAL* slope, long long n) {
    EACH loss[i] = softplus(-a[i]); slope[i] = -logistic(-a[i]);
}

// loss = softplus(a), slope = logistic(a)
extern "C" __global__ void minus_log_not_d(const REAL* a, REAL* loss, REAL* slope, long long n) {
    EACH loss[i] = softplus(a[i]); slope[i] = logistic(a[i]);
}

// loss = -softplus(a), slope = -logistic(a)
extern "C" __global__ void log_not_d(const REAL* a, REAL* loss, REAL* slope, long long n) {
    EACH loss[i] = -softplus(a[i]); slope[i] = -logistic(a[i]);
}

// velocity = momentum * velocity - learning_rate * grad; data += velocity
extern "C" __global__ void momentum_step(REAL* data, REAL* velocity, const REAL* grad, REAL learning_rate,
                                         REAL momentum, long long n) {
    EACH
    velocity[i] = velocity[i] * momentum - grad[i] * learning_rate;
    data[i] += velocity[i];
}
