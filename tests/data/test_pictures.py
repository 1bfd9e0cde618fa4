"""PNG and JPEG files: which become one array, in which order, and which are named and refused."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tinygan.data import load_images

GREY = np.random.default_rng(0).integers(0, 256, (3, 5, 4)).astype(np.uint8)
COLOUR = np.random.default_rng(1).integers(0, 256, (3, 5, 4, 3)).astype(np.uint8)
ORANGE = (255, 128, 0)


def save(path, pixels, mode=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    (image if mode is None else image.convert(mode, palette=Image.Palette.ADAPTIVE)).save(path)


@pytest.fixture
def folder(tmp_path):
    """Return a folder with three grey pictures, written in another order than that of their names."""
    for i in (2, 0, 1):
        save(tmp_path / f"{'abc'[i]}.png", GREY[i])
    return tmp_path


def test_a_folder_is_sorted_by_name(folder):
    images = load_images(str(folder))
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(images, GREY)


def test_folders_below_count_and_hidden_and_other_files_do_not(folder):
    save(folder / "aa" / "z.PNG", GREY[1])
    save(folder / ".hidden.png", COLOUR[1])
    save(folder / ".ipynb_checkpoints" / "a.png", COLOUR[1])
    (folder / "labels.csv").write_text("a,7")
    (folder / "._a.png").write_bytes(b"what a Mac leaves")
    np.testing.assert_array_equal(load_images(folder), GREY[[0, 1, 1, 2]])


def test_one_file_is_one_image_whatever_its_name(tmp_path):
    save(tmp_path / "one.png", COLOUR[0])
    np.testing.assert_array_equal(load_images(tmp_path / "one.png"), COLOUR[:1])
    (tmp_path / "one.png").rename(tmp_path / "one")
    np.testing.assert_array_equal(load_images(tmp_path / "one"), COLOUR[:1])


def test_jpegs_are_read(tmp_path):
    for suffix in ("jpg", "jpeg"):
        Image.new("RGB", (16, 8), ORANGE).save(tmp_path / f"orange.{suffix}", quality=95)
    images = load_images(tmp_path)
    assert images.shape == (2, 8, 16, 3)
    assert abs(images.astype(int) - ORANGE).max() <= 3


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P", "CMYK"])
def test_grey_is_grey_in_every_mode(tmp_path, mode):
    suffix = "jpg" if mode == "CMYK" else "png"
    Image.new("L", (8, 8), 0 if mode == "CMYK" else 77).convert(mode).save(tmp_path / f"a.{suffix}")
    images = load_images(tmp_path)
    assert images.shape == (1, 8, 8)
    assert set(images.ravel()) == {0 if mode == "CMYK" else 77}


def test_one_bit_is_black_and_white(tmp_path):
    save(tmp_path / "a.png", GREY[0], "1")
    assert set(load_images(tmp_path).ravel()) == {0, 255}


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_one_picture_in_colour_makes_all_so(folder, mode):
    pixels = np.zeros((5, 4, 3), np.uint8) + np.array(ORANGE, np.uint8)
    save(folder / "bb.png", pixels, mode)
    images = load_images(folder)
    np.testing.assert_array_equal(images[2], pixels)
    np.testing.assert_array_equal(images[[0, 1, 3]], np.repeat(GREY[..., None], 3, axis=3))


def test_the_odd_one_out_is_named(folder):
    save(folder / "b2.png", GREY[0].T.copy())
    with pytest.raises(
        ValueError, match=r"b2\.png has 5 x 4 pixels, where 3 others have 4 x 5; it takes pictures of one size$"
    ):
        load_images(folder)


def test_a_photograph_is_refused_before_it_is_read(folder, monkeypatch):
    Image.new("L", (513, 512)).save(folder / "b3.png")
    monkeypatch.setattr(Image.Image, "convert", None)
    with pytest.raises(ValueError, match=r"b3\.png has 513 x 512 pixels; it takes up to 512 x 512"):
        load_images(folder)


def png(width, height):
    """Return a PNG that says it has so many pixels, and has none."""
    chunks = [b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0), b"IDAT"]
    content = [struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(content)


@pytest.mark.parametrize(("side", "said"), [
    (10_000, "has 10,000 x 10,000 pixels; it takes up to 512 x 512"),
    (60_000, "cannot be read as a picture: .*exceeds limit"),
])  # fmt: skip
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, side, said):
    (tmp_path / "bomb.png").write_bytes(png(side, side))
    with pytest.raises(ValueError, match=rf"bomb\.png {said}"):
        load_images(tmp_path)


def encoded(kind, mode="L"):
    buffer = io.BytesIO()
    Image.fromarray(GREY[0]).convert(mode).save(buffer, kind)
    return buffer.getvalue()


PNG, JPEG = encoded("PNG"), encoded("JPEG")
DAMAGED = {
    "empty": ("a.png", b""),
    "empty, in capitals": ("a.PNG", b""),
    "a text": ("a.jpg", b"not a picture"),
    "only the magic": ("a.png", PNG[:8]),
    "cut off in the header": ("a.png", PNG[:20]),
    "cut off": ("a.png", PNG[: len(PNG) // 2 + 8]),
    "cut off, JPEG": ("a.jpg", JPEG[: len(JPEG) - 12]),
    "a wrong checksum": ("a.png", PNG.replace(b"IDAT", b"IDAT\0", 1)),
    "no pixels": ("a.png", png(0, 5)),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_picture_is_named_in_one_line(case, tmp_path):
    name, content = DAMAGED[case]
    (tmp_path / name).write_bytes(content)
    for path in (tmp_path, tmp_path / name):
        with pytest.raises(ValueError, match=r"a\.(png|PNG|jpg) cannot be read as a picture: ") as refusal:
            load_images(path)
        assert "\n" not in str(refusal.value)


def test_a_web_page_named_as_a_picture_is_named(tmp_path):
    (tmp_path / "a.png").write_text("<html>")
    with pytest.raises(ValueError, match=r"a\.png is a web page"):
        load_images(tmp_path / "a.png")


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Image.fromarray(GREY[0].astype(np.uint16) * 257), "it has more than 8 bits a channel; save it with 8"),
    (lambda: Image.new("RGBA", (4, 5), (255, 0, 0, 99)), "it is transparent in places; put it on a background"),
    (lambda: Image.new("LA", (4, 5), (255, 99)), "it is transparent in places"),
])  # fmt: skip
def test_what_bytes_cannot_say_is_refused(make, message, tmp_path):
    make().save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=rf"a\.png cannot be read as a picture: {message}"):
        load_images(tmp_path)


def test_a_folder_without_pictures_says_what_else_is_there(tmp_path):
    with pytest.raises(ValueError, match=r"is a folder without \.png, \.jpg or \.jpeg files$"):
        load_images(tmp_path)
    (tmp_path / "readme.txt").write_text("hello")
    np.save(tmp_path / "faces.npy", GREY)
    with pytest.raises(ValueError, match=rf"; did you mean {tmp_path / 'faces.npy'}\?$"):
        load_images(tmp_path)
    (tmp_path / "faces.npy").rename(tmp_path / "faces-idx3-ubyte")
    with pytest.raises(ValueError, match=rf"; did you mean {tmp_path / 'faces-idx3-ubyte'}\?$"):
        load_images(tmp_path)
