import os

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from nst_utils import load_image, save_image, show_images

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)


def values(path, **options):
    image = load_image(path, **options)
    assert image.dtype == "float32" and image.shape[0] == 1 and image.shape[3] == 3
    return image.numpy()[0]


def test_an_rgb_picture_comes_back_divided_by_255(picture_file):
    np.testing.assert_allclose(values(picture_file(PIXELS)), PIXELS / 255, atol=1e-7)


def test_a_picture_smaller_than_max_size_is_not_enlarged(picture_file):
    assert values(picture_file(PIXELS), max_size=4000).shape == (40, 50, 3)


def test_enlarging_brings_the_longer_side_up_to_max_size(picture_file):
    path = picture_file(np.full((30, 40, 3), 51, np.uint8))
    enlarged = values(path, max_size=100, enlarge=True)
    assert enlarged.shape == (75, 100, 3)
    np.testing.assert_allclose(enlarged, 0.2, atol=1e-6)


@pytest.mark.parametrize(("size", "max_size", "expected"), [((300, 200), 150, (100, 150)), ((200, 300), 96, (96, 64))])
def test_the_longer_side_is_brought_down_and_the_aspect_ratio_kept(picture_file, size, max_size, expected):
    path = picture_file(Image.new("RGB", size, "teal"))
    assert values(path, max_size=max_size).shape == (*expected, 3)
    np.testing.assert_allclose(values(path, max_size=max_size)[5, 5], [0, 128 / 255, 128 / 255], atol=1e-6)


def test_a_grey_picture_has_three_equal_channels(picture_file):
    image = values(picture_file(PIXELS[..., 0]))
    for channel in range(3):
        np.testing.assert_allclose(image[..., channel], PIXELS[..., 0] / 255, atol=1e-7)


def test_a_palette_picture_shows_its_colours(picture_file):
    image = Image.new("P", (40, 40), 1)
    image.putpalette([0, 0, 0, 255, 0, 51])
    np.testing.assert_allclose(values(picture_file(image))[7, 7], [1, 0, 0.2], atol=1e-6)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "palette"])
def test_transparency_is_laid_over_white(picture_file, mode):
    if mode == "RGBA":
        path = picture_file(Image.new("RGBA", (40, 40), (255, 0, 0, 51)))  # one fifth red, four fifths white
        expected = [1, 0.8, 0.8]
    elif mode == "LA":
        path = picture_file(Image.new("LA", (40, 40), (0, 51)))
        expected = [0.8, 0.8, 0.8]
    else:
        path = picture_file(Image.new("P", (40, 40), 0), transparency=0)
        expected = [1, 1, 1]
    np.testing.assert_allclose(values(path)[3, 3], expected, atol=0.005)


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_sixteen_bits_keep_the_brightness(picture_file, ending):
    levels = np.linspace(0, 65535, 40 * 40).reshape(40, 40).astype(np.uint16)
    path = picture_file(Image.fromarray(levels), f"deep.{ending}")
    np.testing.assert_allclose(values(path)[..., 1], levels / 65535, atol=0.5 / 255 + 1e-6)


def test_sixteen_bit_colour_becomes_rgb(tmp_path):
    import struct
    import zlib

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    row = b"\0" + np.tile(np.array([65535, 32768, 0], ">u2"), 40).tobytes()
    header = struct.pack(">IIBBBBB", 40, 40, 16, 2, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(row * 40)) + chunk(b"IEND", b"")
    (tmp_path / "deep.png").write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    np.testing.assert_allclose(values(tmp_path / "deep.png")[9, 9], [1, 0.5, 0], atol=0.005)


def test_floating_point_pixels_are_refused_rather_than_shown_black(picture_file):
    path = picture_file(Image.fromarray(np.full((40, 40), 0.5, np.float32)), "float.tif")
    with pytest.raises(ValueError, match="float.tif: .*save it with 8 or 16 bits"):
        load_image(path)


def test_cmyk_becomes_rgb(picture_file):
    path = picture_file(Image.new("CMYK", (40, 40), (0, 255, 255, 0)), "print.jpg", quality=100)
    np.testing.assert_allclose(values(path)[9, 9], [1, 0, 0], atol=0.03)


def test_of_an_animation_the_first_frame_is_taken(picture_file):
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "lime")]
    path = picture_file(frames[0], "moving.gif", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(values(path)[0, 0], [1, 0, 0], atol=1e-6)


def test_exif_orientation_is_applied(picture_file):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    path = picture_file(PIXELS, exif=exif)
    np.testing.assert_allclose(values(path), np.rot90(PIXELS, -1) / 255, atol=1e-7)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.png: no such file"):
        load_image(tmp_path / "nowhere.png")


def test_a_folder_is_called_a_folder(tmp_path):
    with pytest.raises(IsADirectoryError, match="a folder; give the path of a picture in it"):
        load_image(tmp_path)


def test_a_path_with_spaces_works(picture_file):
    assert values(picture_file(PIXELS, "my photo (1).png")).shape == (40, 50, 3)


def test_a_text_file_is_no_picture(tmp_path):
    (tmp_path / "letter.jpg").write_text("Dear Theo,")
    with pytest.raises(ValueError, match="letter.jpg: not a picture"):
        load_image(tmp_path / "letter.jpg")


@pytest.mark.parametrize("name", ["photo.png", "photo.jpg", "photo.tif", "photo.webp", "photo.gif"])
def test_a_truncated_file_is_refused(picture_file, name, rng):
    path = picture_file(rng.integers(0, 256, (300, 300, 3)), name)
    content = path.read_bytes()
    for keep in (0, 10, len(content) // 2, len(content) * 9 // 10):
        path.write_bytes(content[:keep])
        with pytest.raises(ValueError, match=name):
            load_image(path)


@pytest.mark.parametrize(("size", "max_size"), [((31, 400), 512), ((400, 40), 256), ((1, 1), 512)])
def test_a_side_below_32_pixels_is_refused_with_both_sizes(picture_file, size, max_size):
    path = picture_file(Image.new("RGB", size))
    with pytest.raises(ValueError, match=f"picture.png: {size[0]} x {size[1]} pixels become .* at least 32"):
        load_image(path, max_size=max_size)


def test_a_decompression_bomb_is_refused_before_it_is_decoded(picture_file, monkeypatch):
    path = picture_file(Image.new("1", (20000, 20000)))
    with pytest.raises(ValueError, match="picture.png: more than 89 million pixels"):
        load_image(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 300 * 10**6)  # between the limit and twice the limit, too
    with pytest.raises(ValueError, match="picture.png: more than 300 million pixels"):
        load_image(path)


@pytest.mark.parametrize("max_size", [0, -5, 2.5, "256", None, True])
def test_a_wrong_max_size_is_named(picture_file, max_size):
    with pytest.raises(ValueError, match="max_size must be a whole number of at least 1, not"):
        load_image(picture_file(PIXELS), max_size=max_size)


def test_save_and_load_give_the_same_pixels_and_make_the_folder(tmp_path):
    path = tmp_path / "new" / "folder" / "picture.png"
    save_image(PIXELS[np.newaxis].astype(np.float32) / 255, path)
    np.testing.assert_array_equal(np.asarray(Image.open(path)), PIXELS)
    assert [p.name for p in path.parent.iterdir()] == ["picture.png"]


def test_values_a_little_outside_are_clipped(tmp_path):
    save_image(np.array([-0.1, 0.5, 1.1]) * np.ones((32, 32, 3)), tmp_path / "picture.png")
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "picture.png"))[0, 0], [0, 128, 255])


@pytest.mark.parametrize(
    ("image", "name", "message"),
    [
        (np.ones((1, 40, 40)), "a.png", r"shape \(1, n_H, n_W, 3\) or"),
        (np.ones((2, 40, 40, 3)), "a.png", r"not \(2, 40, 40, 3\)"),
        (np.full((40, 40, 3), np.nan), "a.png", "NaN"),
        (np.full((40, 40, 3), 200.0), "a.png", "from 200 to 200; they belong in"),
        (PIXELS, "a.png", "they belong in"),
        (np.ones((40, 40, 3)), "a.docx", "a.docx: unknown kind of picture"),
    ],
)
def test_a_bad_save_says_why_and_leaves_the_old_file(tmp_path, image, name, message):
    (tmp_path / name).write_bytes(b"old")
    with pytest.raises(ValueError, match=message):
        save_image(image, tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"old"
    assert len(os.listdir(tmp_path)) == 1


def test_a_save_that_breaks_off_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "picture.png"
    save_image(np.zeros((32, 32, 3)), path)
    old = path.read_bytes()

    def full_disk(self, file, *_, **__):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_image(np.ones((32, 32, 3)), path)
    assert path.read_bytes() == old and os.listdir(tmp_path) == ["picture.png"]


@pytest.mark.parametrize("count", [1, 2, 5, 9])
def test_show_images_shows_each_picture_with_its_title(count, monkeypatch):
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(plt.gcf()))
    images = [np.full((1, 32, 40, 3), i / 10, np.float32) for i in range(count)]
    show_images(*images, titles=[f"picture {i}" for i in range(count)])
    axes = [axis for axis in shown[0].axes if axis.images]
    assert [axis.get_title() for axis in axes] == [f"picture {i}" for i in range(count)]
    for i, axis in enumerate(axes):
        np.testing.assert_array_equal(axis.images[0].get_array(), np.full((32, 40, 3), round(i * 25.5)))
    plt.close("all")
