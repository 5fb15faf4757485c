"""Makes the folder pictures and what PIL reads in it, which tests/data/test_pictures.c compares: with Pillow 13.0 and numpy, python3 pictures.py.

Every colour type and depth of PNG, with and without interlacing, four with transparent pixels; JPEG gray, colour, CMYK, baseline, progressive. PIL keeps 8 of 16 bits of colours, so those are
written down from the numbers that were packed. pictures_x.npy: [n, 6, 8, 4] r, g, b, alpha of 0 to 255, in the order of the reader; pictures_y.npy: the class; pictures_resized.npy: the picture
RESIZED as 4x5 by BILINEAR, as 13x10, and its middle as 3x3."""
import io
import os
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

H, W = 6, 8
RESIZED = "png/2-8.png"
random = np.random.RandomState(15)
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(pixels, depth):
    """The rows of a pass: of filters none, sub and up in turn."""
    out = b""
    before = None
    step = max(1, depth * pixels.shape[2] // 8)
    for y, row in enumerate(pixels if pixels.shape[1] else []):
        bits = "".join(format(int(v), "0%db" % depth) for v in row.reshape(-1))
        bits += "0" * (-len(bits) % 8)
        raw = np.array([int(bits[i : i + 8], 2) for i in range(0, len(bits), 8)])
        left = np.concatenate([np.zeros(step, int), raw])[: len(raw)]
        above = np.zeros(len(raw), int) if before is None else before
        out += bytes([y % 3]) + bytes(((raw - [0 * raw, left, above][y % 3]) % 256).astype("u1"))
        before = raw
    return out


def png(kind, depth, interlaced, transparent):
    pixels = random.randint(0, 1 << depth, (H, W, CHANNELS[kind]))
    rows = b"".join(packed(pixels[y::dy, x::dx], depth) for y, x, dy, dx in ADAM7) if interlaced else packed(pixels, depth)
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, depth, kind, 0, 0, interlaced))
    if kind == 3:
        out += chunk(b"PLTE", bytes(random.randint(0, 256, 3 << depth).astype("u1")))
    if transparent:
        one = pixels[2, 3]
        out += chunk(b"tRNS", bytes([0, 100, 200][: 1 << depth]) if kind == 3 else struct.pack(">%dH" % len(one), *one))
    return out + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""), pixels


def rgba(data, kind, depth, pixels, transparent):
    if depth != 16:
        return np.array(Image.open(io.BytesIO(data)).convert("RGBA")).astype("f4")
    v = pixels / 257.0
    colours = v[..., :3] if kind in (2, 6) else np.repeat(v[..., :1], 3, 2)
    opaque = ~(pixels == pixels[2, 3]).all(2, keepdims=True) if transparent else np.ones((H, W, 1))
    return np.dstack([colours, v[..., -1:] if kind in (4, 6) else 255.0 * opaque]).astype("f4")


def jpegs():
    colours = np.kron(random.randint(0, 256, (2, 2, 4)), np.ones((4, 4, 1)))[:H, :W].astype("u1")
    for name, mode, options in [
        ("cmyk", "CMYK", {}),
        ("colour", "RGB", {"subsampling": 0}),
        ("gray", "L", {}),
        ("halved", "RGB", {"subsampling": 2}),
        ("progressive", "RGB", {"subsampling": 1, "progressive": True}),
        ("restarts", "RGB", {"restart_marker_blocks": 1}),
    ]:
        data = io.BytesIO()
        pixels = colours[..., 0] if mode == "L" else colours[..., : len(mode)]
        Image.fromarray(np.ascontiguousarray(pixels), mode).save(data, "JPEG", quality=90, **options)
        yield name, data.getvalue()


os.makedirs("pictures/jpeg", exist_ok=True)
os.makedirs("pictures/png", exist_ok=True)
files = {}
for name, data in jpegs():
    files["jpeg/%s.jpg" % name] = data, np.array(Image.open(io.BytesIO(data)).convert("RGB").convert("RGBA")).astype("f4")
for kind, depths in {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}.items():
    for depth in depths:
        for interlaced in (0, 1):
            transparent = interlaced and (kind, depth) in ((0, 8), (2, 8), (2, 16), (3, 4))
            data, pixels = png(kind, depth, interlaced, transparent)
            files["png/%d-%d%s.png" % (kind, depth, "i" * interlaced)] = data, rgba(data, kind, depth, pixels, transparent)
for name, (data, _) in files.items():
    with open("pictures/" + name, "wb") as file:
        file.write(data)
np.save("pictures_x.npy", np.array([files[name][1] for name in sorted(files)]))
np.save("pictures_y.npy", np.array([int(name.startswith("png")) for name in sorted(files)]))
one = Image.open("pictures/" + RESIZED)
small = [one.resize((5, 4), Image.BILINEAR), one.resize((10, 13), Image.BILINEAR), ImageOps.fit(one, (3, 3), Image.BILINEAR)]
np.save("pictures_resized.npy", np.concatenate([np.array(s).reshape(-1) for s in small]))
