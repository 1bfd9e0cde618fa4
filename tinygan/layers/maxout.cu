// The two passes of maxout.py on a GPU, one unit of one example a thread.

#define EACH_UNIT \
    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; \
    if (i >= n) return; \
    long long first_piece = i / n_units * n_pieces * n_units + i % n_units;

// y = the first piece, which has won so far; for each other piece: piece_won = piece > y; y = maximum(piece, y)
extern "C" __global__ void largest_piece(const REAL* x, REAL* y, bool* won, long long n_units, long long n_pieces,
                                         long long n) {
    EACH_UNIT
    const REAL* piece = x + first_piece;
    bool* piece_won = won + first_piece;
    REAL best = piece[0];
    piece_won[0] = true;
    for (long long p = 1; p < n_pieces; ++p) {
        REAL value = piece[p * n_units];
        piece_won[p * n_units] = value > best;
        best = value > best || value != value ? value : best;
    }
    y[i] = best;
}

// from the last piece to the first: grad_piece = rest * piece_won; rest -= grad_piece
extern "C" __global__ void slope(const REAL* grad_y, const bool* won, REAL* grad_x, long long n_units,
                                 long long n_pieces, long long n) {
    EACH_UNIT
    REAL rest = grad_y[i], *grad_piece = grad_x + first_piece;
    for (long long p = n_pieces - 1; p > 0; --p) {
        REAL taken = rest * (REAL)won[first_piece + p * n_units];
        grad_piece[p * n_units] = taken;
        rest -= taken;
    }
    grad_piece[0] = rest;
}
