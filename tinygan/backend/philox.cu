// numpy.random.Philox on a GPU, for streams.py: the words of some rows of a draw.

typedef unsigned long long word;

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

// Word j of row i of a Span, one a thread. c0 to c3 is the counter of its first block, and first the place of its first
// word in there.
extern "C" __global__ void philox(word* words, word key0, word key1, word c0, word c1, word c2, word c3, long long first,
                                  long long group, long long stride, long long per_row, long long n) {
    long long thread = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (thread >= n) return;
    long long i = thread / per_row, j = thread % per_row;
    word position = first + ((i / group) * stride + i % group) * per_row + j;
    word counter[4] = {c0 + position / 4, c1, c2, c3}, out[4];
    if (counter[0] < c0 && ++counter[1] == 0 && ++counter[2] == 0) ++counter[3];
    philox_block(key0, key1, counter, out);
    words[thread] = out[position % 4];
}
