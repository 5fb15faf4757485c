/* The header of NumPy's .npy, versions 1 to 3: magic, version, length of the header, a Python dict as text. */
#include "data/npy.h"

#include <string.h>

enum { MAGIC = 6 };

static int32_t broken(deepid_ctx *ctx, const char *path, const char *what)
{
    return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' is not a .npy file that can be read: %s", path, what);
}

/* ---- the header's dict ------------------------------------------------------------------ */

static const char *value_of(const char *header, const char *key)
{
    const char *p = strstr(header, key);
    p = p ? strchr(p, ':') : NULL;
    for (p = p ? p + 1 : NULL; p && *p == ' ';)
        p++;
    return p;
}

static int32_t parse_descr(deepid_ctx *ctx, const char *path, const char *p, dpid_npy *f)
{
    if (p && *p == '\'' && p[1] == '|' && p[2] == 'O')
        return broken(ctx, path,
                      "it holds Python objects, which only pickle can read; save numbers: numpy.save('x.npy', "
                      "numpy.stack(list(numpy.load('old.npy', allow_pickle=True))).astype('float32'))");
    if (p && *p == '\'' && p[1] && (p[2] == 'U' || p[2] == 'S'))
        return broken(ctx, path,
                      "it holds texts; save their numbers: numpy.save('y.npy', numpy.unique(numpy.load('old.npy'), "
                      "return_inverse=True)[1])");
    if (!p || *p != '\'' || !strchr("<>|=", p[1]) || !p[1] || !strchr("fiub", p[2]) || !p[2] || p[3] < '1' ||
        p[3] > '8' || p[4] != '\'')
        return broken(ctx, path, "descr is not one number type, expected floats, integers or booleans");
    f->big = p[1] == '>';
    f->type = p[2];
    f->size = p[3] - '0';
    const bool fits = f->type == 'f'   ? f->size == 2 || f->size == 4 || f->size == 8
                      : f->type == 'b' ? f->size == 1
                                       : f->size == 1 || f->size == 2 || f->size == 4 || f->size == 8;
    return fits ? DEEPID_OK : broken(ctx, path, "descr is a number type that is not supported");
}

static int32_t parse_shape(deepid_ctx *ctx, const char *path, const char *p, dpid_npy *f)
{
    if (!p || *p++ != '(')
        return broken(ctx, path, "shape is missing");
    while (*p && *p != ')') {
        const size_t digits = strspn(p, "0123456789");
        if (digits == 0 || f->rank == DPID_NPY_RANK_MAX || !dpid_parse_int(p, (int64_t)digits, &f->extents[f->rank++]))
            return broken(ctx, path, "shape is not a list of 1 to 4 numbers");
        p += digits;
        p += strspn(p, ", ");
    }
    return *p == ')' && f->rank > 0 ? DEEPID_OK : broken(ctx, path, "shape is not a list of 1 to 4 numbers");
}

static int32_t parse_header(deepid_ctx *ctx, const char *path, const char *header, dpid_npy *f)
{
    DPID_TRY(parse_descr(ctx, path, value_of(header, "'descr'"), f));
    DPID_TRY(parse_shape(ctx, path, value_of(header, "'shape'"), f));
    const char *fortran = value_of(header, "'fortran_order'");
    f->fortran = fortran && strncmp(fortran, "True", 4) == 0;
    return f->fortran || (fortran && strncmp(fortran, "False", 5) == 0)
               ? DEEPID_OK
               : broken(ctx, path, "fortran_order is neither True nor False");
}

static void set_steps(dpid_npy *f)
{
    int64_t step = 1;
    for (int32_t i = 0; i < f->rank; i++) {
        const int32_t axis = f->fortran ? i : f->rank - 1 - i;
        f->step[axis] = step;
        step *= f->extents[axis];
    }
}

/* Pickles run code when they are read: they are for Python, which can turn them. */
static int32_t refuse_others(deepid_ctx *ctx, const char *path, const uint8_t *b, int64_t bytes)
{
    if (bytes > 4 && memcmp(b, "PK\3\4", 4) == 0)
        return dpid_fail(
            ctx, DEEPID_ERR_FORMAT,
            "'%s' is an archive: of numpy.savez it is read by npz:FILE; of torch.save by nobody but Python: "
            "numpy.save('x.npy', torch.load('x.pt').numpy())",
            path);
    if (bytes > 1 && b[0] == 0x80 && b[1] >= 2 && b[1] <= 5)
        return dpid_fail(ctx, DEEPID_ERR_FORMAT,
                         "'%s' is a pickle, which only Python can read: numpy.save('x.npy', "
                         "numpy.asarray(pickle.load(open('x.pkl', 'rb'))))",
                         path);
    return DEEPID_OK;
}

/* The file's prefix and header, from its first bytes: they need not hold the data. *need: the bytes of the whole
   file. */
int32_t dpid_npy_parse(deepid_ctx *ctx, const char *path, const uint8_t *b, int64_t bytes, dpid_npy *f, int64_t *need)
{
    *f = (dpid_npy){.data = NULL};
    DPID_TRY(refuse_others(ctx, path, b, bytes));
    if (bytes < DPID_NPY_PREFIX_MAX || memcmp(b, "\x93NUMPY", MAGIC) != 0 || b[6] < 1 || b[6] > 3)
        return broken(ctx, path, "it does not begin with \\x93NUMPY and version 1 to 3");
    const int64_t prefix = b[6] == 1 ? MAGIC + 4 : DPID_NPY_PREFIX_MAX;
    const int64_t length = b[8] | (int64_t)b[9] << 8 | (b[6] == 1 ? 0 : (int64_t)b[10] << 16 | (int64_t)b[11] << 24);
    if (length > DPID_NPY_HEADER_MAX || length > bytes - prefix)
        return broken(ctx, path, "its header is longer than the file or than 10000 bytes");
    char *header = NULL; /* not on the stack: a host's thread may have little */
    DPID_TRY(dpid_alloc(ctx, length + 1, 1, "npy header", &header));
    memcpy(header, b + prefix, (size_t)length);
    const int32_t status = parse_header(ctx, path, header, f);
    dpid_free(ctx, header);
    DPID_TRY(status);
    f->data = b + prefix + length;
    if (!dpid_product(f->rank, f->extents, &f->count) || !dpid_mul(f->count, f->size, need) ||
        !dpid_add(*need, prefix + length, need))
        return dpid_fail(ctx, DEEPID_ERR_FORMAT, "'%s' says %s of %d bytes, more than can be counted", path,
                         dpid_shape_text(f->rank, f->extents).text, f->size);
    set_steps(f);
    return f->count > 0 ? DEEPID_OK : broken(ctx, path, "it is empty");
}
