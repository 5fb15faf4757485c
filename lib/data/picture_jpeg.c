/* JPEG by libjpeg: baseline and progressive; gray, colours, and the CMYK of printers as Adobe writes it. libjpeg leaves
   a file that it cannot read by longjmp, which stays within this file: `guard` is where it lands. */
#include "data/picture.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>

enum { SCANS_MAX = 500 }; /* of a progressive file; thousands of empty ones are a bomb */

typedef struct {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    deepid_ctx *ctx;
    const uint8_t *bytes;
    int64_t count;
    uint8_t *rgba;
    bool no_memory;
    char words[JMSG_LENGTH_MAX];
} reader;

/* ---- what libjpeg says -------------------------------------------------------------------------------- */

static void give_up(j_common_ptr jpeg)
{
    reader *r = jpeg->client_data;
    jpeg->err->format_message(jpeg, r->words);
    r->no_memory = jpeg->err->msg_code == JERR_OUT_OF_MEMORY || jpeg->err->msg_code == JERR_NO_BACKING_STORE;
    longjmp(r->escape, 1);
}

/* Of a damaged or truncated file libjpeg makes what it can, and warns: that is an error here. What is said of bytes
   that are passed over, or of a header that is odd, does not change a pixel. */
static bool harmless(int code)
{
    return code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM ||
           code == JWRN_NOT_SEQUENTIAL;
}

static void hear(j_common_ptr jpeg, int level)
{
    if (level < 0 && !harmless(jpeg->err->msg_code))
        give_up(jpeg);
}

static void stay_silent(j_common_ptr jpeg)
{
    (void)jpeg;
}

static void count_scans(j_common_ptr jpeg)
{
    reader *r = jpeg->client_data;
    if (r->jpeg.input_scan_number > SCANS_MAX) {
        snprintf(r->words, sizeof r->words, "it has more than %d scans", SCANS_MAX);
        longjmp(r->escape, 1);
    }
}

/* ---- the header, the pixels ------------------------------------------------------------------------------ */

/* libjpeg's own memory is the C library's; what it may take for a whole picture ends with the context's. */
static void read_header(reader *r)
{
    jpeg_create_decompress(&r->jpeg);
    r->jpeg.client_data = r;
    r->jpeg.mem->max_memory_to_use = (long)(r->ctx->limits.memory_bytes - *r->ctx->held);
    r->progress.progress_monitor = count_scans;
    r->jpeg.progress = &r->progress;
    jpeg_mem_src(&r->jpeg, r->bytes, (unsigned long)r->count);
    jpeg_read_header(&r->jpeg, TRUE);
}

/* a b / 255, rounded */
static uint8_t product(int a, int b)
{
    const int p = a * b + 128;
    return (uint8_t)((p + (p >> 8)) >> 8);
}

/* A row of 1, 3 or 4 values a pixel becomes r, g, b, alpha; from its end, in place. CMYK is stored inverted:
   r = k - (255 - c) k / 255. */
static void spread(uint8_t *row, int64_t width, int32_t components)
{
    enum { OPAQUE = 255 };
    for (int64_t x = width - 1; x >= 0; x--) {
        const uint8_t *from = row + components * x;
        const uint8_t v[3] = {from[0], from[components > 1 ? 1 : 0], from[components > 1 ? 2 : 0]};
        const uint8_t k = components == 4 ? from[3] : OPAQUE;
        for (int32_t c = 0; c < 3; c++)
            row[4 * x + c] = components == 4 ? (uint8_t)(k - product(OPAQUE - v[c], k)) : v[c];
        row[4 * x + 3] = OPAQUE;
    }
}

static void read_pixels(reader *r)
{
    read_header(r);
    r->jpeg.out_color_space = r->jpeg.num_components == 1   ? JCS_GRAYSCALE
                              : r->jpeg.num_components == 3 ? JCS_RGB
                                                            : JCS_CMYK;
    jpeg_start_decompress(&r->jpeg);
    while (r->jpeg.output_scanline < r->jpeg.output_height) {
        uint8_t *row = r->rgba + (int64_t)r->jpeg.output_scanline * r->jpeg.output_width * 4;
        jpeg_read_scanlines(&r->jpeg, &row, 1);
        spread(row, r->jpeg.output_width, r->jpeg.output_components);
    }
}

/* Does the work, and says how libjpeg left it. r lives in the caller, so that a jump changes nothing of it. */
static int32_t guard(reader *r, const char *path, void (*work)(reader *))
{
    jpeg_std_error(&r->errors);
    r->errors.error_exit = give_up;
    r->errors.emit_message = hear;
    r->errors.output_message = stay_silent;
    r->jpeg.err = &r->errors;
    r->jpeg.client_data = r;
    if (setjmp(r->escape) == 0)
        work(r);
    const bool fine = !*r->words;
    jpeg_destroy_decompress(&r->jpeg);
    if (fine)
        return DEEPID_OK;
    return r->no_memory ? dpid_fail(r->ctx, DEEPID_ERR_MEMORY, "'%s': no memory to unpack", path)
                        : dpid_fail(r->ctx, DEEPID_ERR_FORMAT, "'%s' cannot be read as JPEG: %s", path, r->words);
}

int32_t dpid_jpeg_look(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count, dpid_picture *out)
{
    reader r = {.ctx = ctx, .bytes = bytes, .count = count};
    DPID_TRY(guard(&r, path, read_header));
    out->height = r.jpeg.image_height;
    out->width = r.jpeg.image_width;
    out->gray = r.jpeg.num_components == 1;
    return DEEPID_OK;
}

int32_t dpid_jpeg_decode(deepid_ctx *ctx, const char *path, const uint8_t *bytes, int64_t count, void *rgba)
{
    reader r = {.ctx = ctx, .bytes = bytes, .count = count, .rgba = rgba};
    return guard(&r, path, read_pixels);
}
