import io
import os
import struct
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms, TiffImagePlugin
from rawpixels import read_png, read_tiff

from nst import pictures
from nst.pictures import TooSmall, read_dpi, read_image
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


@pytest.mark.parametrize(
    ("size", "max_size", "words"),
    [
        ((31, 400), 512, "31 x 400 pixels; both sides must be at least 32. Take a larger picture"),
        (
            (400, 40),
            256,
            "400 x 40 pixels become 256 x 26 at size 256; both sides must be at least 32. Take a larger size, or crop",
        ),
        ((1, 1), 512, "1 x 1 pixels; both sides must be at least 32. Take a larger picture"),
    ],
)
def test_a_side_below_32_pixels_is_refused_with_both_sizes(picture_file, size, max_size, words):
    path = picture_file(Image.new("RGB", size))
    with pytest.raises(ValueError, match=f"picture.png: {words}"):
        load_image(path, max_size=max_size)


def test_a_decompression_bomb_is_refused_before_it_is_decoded(picture_file, monkeypatch):
    path = picture_file(Image.new("1", (20000, 20000)))
    with pytest.raises(ValueError, match="picture.png: more than 89 million pixels"):
        load_image(path)
    monkeypatch.setattr(pictures, "MOST_PIXELS", 300 * 10**6)
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


# ---------------------------------------------------------------- 16 bits, and printing


@pytest.mark.parametrize(("name", "depth", "bits"), [("a.tiff", None, 16), ("a.tif", 8, 8), ("a.png", 16, 16)])
def test_each_number_of_the_picture_is_in_the_file_with_all_its_bits(tmp_path, name, depth, bits, rng):
    image = rng.random((40, 50, 3)).astype(np.float32)
    image[:20] = np.linspace(0.4, 0.41, 20 * 50).reshape(20, 50, 1)  # a soft shade, which 8 bits show as bands
    image[0, 0] = -0.1, 0, 1.1
    save_image(image, tmp_path / name, depth=depth)
    pixels, about = (read_png if name.endswith("png") else read_tiff)(tmp_path / name)
    assert pixels.dtype.itemsize == bits // 8
    np.testing.assert_allclose(pixels, np.float64(image).clip(0, 1) * (2**bits - 1), atol=0.51, rtol=0)
    assert len(np.unique(pixels[:20])) > 600 if bits == 16 else len(np.unique(pixels[1:20])) < 5
    np.testing.assert_allclose(read_image(tmp_path / name)[0], image.clip(0, 1), atol=1 / 255)
    with Image.open(tmp_path / name) as file:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(file.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)
    assert (b"iCCP" if name.endswith("png") else 34675) in about


def test_a_png_has_8_bits_unless_it_is_asked_for_16_and_other_kinds_refuse_that(tmp_path):
    save_image(PIXELS / 255, tmp_path / "a.png")
    np.testing.assert_array_equal(read_png(tmp_path / "a.png")[0], PIXELS)
    for name, depth, words in (
        ("b.jpg", 16, "b.jpg: depth 16: end the name in .png, .tif or .tiff, or leave the depth out"),
        ("b.webp", 16, "b.webp: depth 16: end"),
        ("b.png", 12, "b.png: depth 12: give 8 or 16"),
    ):
        with pytest.raises(ValueError, match=words):
            save_image(PIXELS / 255, tmp_path / name, depth=depth)
    assert os.listdir(tmp_path) == ["a.png"]


def test_the_resolution_for_printing_stands_where_each_format_has_it(tmp_path):
    for name, depth in (("8.png", 8), ("16.png", 16), ("16.tif", 16), ("8.jpg", None), ("8.webp", None)):
        save_image(PIXELS / 255, tmp_path / name, depth=depth, dpi=(300, 150))
    for name in ("8.png", "16.png"):
        assert struct.unpack(">IIB", read_png(tmp_path / name)[1][b"pHYs"]) == (11811, 5906, 1)  # dots per metre
    tags = read_tiff(tmp_path / "16.tif")[1]
    assert (tags[282], tags[283], tags[296]) == ((300, 1), (150, 1), (2,))
    jpeg = (tmp_path / "8.jpg").read_bytes()
    assert jpeg[6:11] == b"JFIF\0" and struct.unpack(">BHH", jpeg[13:18]) == (1, 300, 150)
    exif = (tmp_path / "8.webp").read_bytes().split(b"EXIF")[1]
    assert struct.pack("<II", 300, 1) in exif or struct.pack(">II", 300, 1) in exif


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.bmp", "a.webp", "a.avif"])
def test_the_resolution_for_printing_is_read_from_what_is_written(tmp_path, name):
    save_image(PIXELS / 255, tmp_path / name, dpi=(300, 150))
    assert read_dpi(tmp_path / name) == pytest.approx((300, 150), rel=1e-4)
    save_image(PIXELS / 255, tmp_path / name)
    assert read_dpi(tmp_path / name) is None or name == "a.bmp", "a BMP always says something"


def test_the_resolution_turns_with_the_photo_and_what_makes_no_sense_is_none(picture_file, tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    assert read_dpi(picture_file(PIXELS, "turned.jpg", exif=exif, dpi=(300, 150))) == (150, 300)
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[282], info[283], info[296] = 118.11, 118.11, 3  # dots per centimetre
    assert read_dpi(picture_file(PIXELS, "metric.tif", tiffinfo=info)) == pytest.approx((300, 300), rel=1e-4)
    assert read_dpi(picture_file(PIXELS, "tiny.tif", dpi=(0.01, 0.01))) is None
    (tmp_path / "letter.jpg").write_text("Dear Theo,")
    assert read_dpi(tmp_path / "letter.jpg") is None and read_dpi(tmp_path / "nowhere.jpg") is None


# ---------------------------------------------------------------- colour profiles

SRGB_TO_XYZ = np.array([[0.4360, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])  # at D50
WIDE_TO_XYZ = {  # red, green, blue -> XYZ at D50, from the primaries of each space
    "Display P3": np.array([[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]]),
    "Adobe RGB": np.array([[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]]),
}


def icc(space, colorants=(), gamma=2.2):
    """A profile as programs write it: a matrix and a gamma (RGB), or a gamma alone (GRAY)."""

    def fixed(*numbers):
        return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)

    text = b"test\0"
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(79),
        b"cprt": b"text" + bytes(4) + text,
    }
    tags[b"wtpt"] = b"XYZ " + bytes(4) + fixed(0.9642, 1, 0.8249)
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    for letter, column in zip((b"r", b"g", b"b"), np.transpose(colorants)):
        tags[letter + b"XYZ"], tags[letter + b"TRC"] = b"XYZ " + bytes(4) + fixed(*column), curve
    table, data, place = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", place + len(data), len(content))
        data += content
    head = struct.pack(">I4sI4s4s4s", place + len(data), b"lcms", 0x02400000, b"mntr", space, b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + fixed(0.9642, 1, 0.8249)
    return head + bytes(128 - len(head)) + table + data


def srgb_encoded(linear):
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear.clip(1e-9) ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("space", WIDE_TO_XYZ)
@pytest.mark.parametrize("name", ["p.png", "p.tif", "p.webp"])
def test_colours_are_converted_by_the_pictures_own_profile(picture_file, space, name, rng):
    own = rng.integers(90, 160, (40, 50, 3)).astype(np.uint8)  # so grey that sRGB has all of it
    path = picture_file(
        own, name, icc_profile=icc(b"RGB ", WIDE_TO_XYZ[space]), **({"lossless": True} if "webp" in name else {})
    )
    linear = (own / 255.0) ** 2.2 @ WIDE_TO_XYZ[space].T @ np.linalg.inv(SRGB_TO_XYZ).T
    np.testing.assert_allclose(read_image(path)[0], srgb_encoded(linear), atol=2.5 / 255)
    assert np.abs(read_image(path)[0] - own / 255).max() > 8 / 255, "it is another colour"


def test_a_grey_profile_counts_and_transparency_stays(picture_file):
    grey = np.full((40, 50), 128, np.uint8)
    path = picture_file(Image.fromarray(grey), "grey.png", icc_profile=icc(b"GRAY", gamma=1.0))
    np.testing.assert_allclose(read_image(path), srgb_encoded(np.array(128 / 255)), atol=2 / 255)
    pixels = np.zeros((40, 50, 4), np.uint8) + np.array([120, 100, 90, 0], np.uint8)
    path = picture_file(
        Image.fromarray(pixels, "RGBA"), "clear.png", icc_profile=icc(b"RGB ", WIDE_TO_XYZ["Adobe RGB"])
    )
    np.testing.assert_array_equal(read_image(path), 1)


@pytest.mark.parametrize("profile", [b"no profile", icc(b"RGB ", WIDE_TO_XYZ["Adobe RGB"])[:200], icc(b"GRAY")])
def test_a_broken_profile_is_ignored_quietly(picture_file, profile, capfd):
    path = picture_file(PIXELS, "broken.png", icc_profile=profile)
    np.testing.assert_allclose(read_image(path)[0] * 255, PIXELS, atol=1)
    assert capfd.readouterr() == ("", "")


def test_a_cmyk_picture_with_an_rgb_profile_is_read_without_it(picture_file):
    image = Image.fromarray(PIXELS).convert("CMYK")
    plain, tagged = (
        read_image(picture_file(image, f"{name}.tif", **options))
        for name, options in (("plain", {}), ("tagged", {"icc_profile": icc(b"RGB ", WIDE_TO_XYZ["Adobe RGB"])}))
    )
    np.testing.assert_array_equal(plain, tagged)


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif", "avif"])
def test_what_is_written_says_that_it_is_srgb_and_is_the_same_file_each_time(tmp_path, ending):
    for name in ("one", "two"):
        save_image(PIXELS / 255, tmp_path / f"{name}.{ending}")
    with Image.open(tmp_path / f"one.{ending}") as file:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(file.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)
    assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes()
    np.testing.assert_allclose(read_image(tmp_path / f"one.{ending}")[0].mean(), PIXELS.mean() / 255, atol=0.01)


# ---------------------------------------------------------------- formats


LOOP = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n{} loop\n"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("loop.eps", LOOP, "PostScript; export it as PNG or JPEG first"),
        ("loop.jpg", LOOP, "PostScript; export it as PNG or JPEG first"),
        ("loop.png", b"\xc5\xd0\xd3\xc6" + LOOP, "PostScript; export it as PNG or JPEG first"),
        ("a.pdf", b"%PDF-1.7\n", "a PDF document; export it"),
        ("a.svg", b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "a drawing .SVG.; export it"),
        ("a.jxl", b"\xff\x0a\x00\x00", "JPEG XL; export it"),
        ("a.bin", b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL; export it"),
        ("a.cr3", b"\0\0\0\x18ftypcrx \0\0\0\1", "a camera's RAW file; export it"),
        ("a.nef", b"MM\0*\0\0\0\x08", "a camera's RAW file; export it"),
        ("a.png", b"", "an empty file"),
        ("a.png", b"<html>", "not a picture that can be read, or a damaged one; these can: JPEG, PNG, WebP, HEIC"),
        ("a.fits", b"SIMPLE  =                    T", "not a picture that can be read"),
    ],
)
def test_what_is_no_picture_for_us_is_named(tmp_path, name, content, words, capfd):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name}: {words}") as caught:
        read_image(tmp_path / name)
    assert "\n" not in str(caught.value) and capfd.readouterr() == ("", "")


def test_a_cameras_raw_file_is_not_read_as_its_preview(picture_file):
    for tags in ({254: 1}, {50706: b"\1\4\0\0"}):
        info = TiffImagePlugin.ImageFileDirectory_v2()
        for tag, value in tags.items():
            info[tag] = value
            if tag == 50706:
                info.tagtype[tag] = 1
        path = picture_file(PIXELS, "photo.tif", tiffinfo=info)
        with pytest.raises(ValueError, match="photo.tif: a camera's RAW file; export it as JPEG or TIFF first"):
            read_image(path)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG", "GIF", "WEBP", "BMP", "JPEG2000", "HEIF", "AVIF"])
def test_damaged_files_of_each_kind_raise_one_error_and_print_nothing(tmp_path, kind, rng, capfd):
    pictures._learn_heif()
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).save(buffer, kind)
    whole = np.frombuffer(buffer.getvalue(), np.uint8)
    for number in range(25):
        broken = whole.copy()
        broken[rng.integers(8, len(whole), 12)] = rng.integers(0, 256, 12)
        path = tmp_path / f"{number}.bin"
        path.write_bytes(broken[: rng.integers(40, len(whole))].tobytes())
        try:
            assert read_image(path).shape[3] == 3
        except ValueError as error:
            assert str(error).startswith(str(path)) and "\n" not in str(error)
    assert capfd.readouterr() == ("", "")


def test_heic_and_avif_are_read(picture_file):
    pictures._learn_heif()
    for name in ("photo.heic", "photo.avif"):
        smooth = Image.fromarray(PIXELS).resize((64, 48)).resize((320, 240))
        path = picture_file(smooth, name, quality=95)
        brightness = read_image(path, 320)[0].mean(-1) * 255
        assert np.abs(brightness - np.asarray(smooth).mean(-1)).mean() < 4


def test_12_bits_are_stretched_to_white(tmp_path):
    """As a microscope writes it: 12 bits a pixel, packed."""
    values = np.arange(64 * 64).reshape(64, 64) % 4096
    packed = bytearray()
    for first, second in values.reshape(-1, 2):
        packed += bytes([first >> 4, (first & 15) << 4 | second >> 8, second & 255])
    entries = [(256, 64), (257, 64), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 64), (279, len(packed))]
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries
    )
    (tmp_path / "grey.tif").write_bytes(b"II*\0" + struct.pack("<I", 8 + len(packed)) + packed + directory + bytes(4))
    np.testing.assert_allclose(read_image(tmp_path / "grey.tif")[0, ..., 0], values / 4095, atol=1 / 255)


def test_a_transparent_value_of_16_bits_is_laid_over_white(picture_file):
    pixels = np.full((40, 50), 30000, np.uint16)
    pixels[:20] = 1234
    path = picture_file(Image.fromarray(pixels), "grey.png", transparency=1234)
    found = read_image(path)[0, ..., 0]
    np.testing.assert_array_equal(found[:19], 1)
    np.testing.assert_allclose(found[21:], 30000 / 65535, atol=1 / 255)


def test_what_is_no_file_is_said_as_what_it_is(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for name, error, words in (
        (tmp_path / "pipe.png", ValueError, "no file, but a pipe or a device"),
        ("/dev/zero", ValueError, "no file, but a pipe or a device"),
        ("https://example.org/cat.png", ValueError, "an address on the web; download the picture first"),
        (tmp_path / ("x" * 300), OSError, "File name too long"),
        (tmp_path, IsADirectoryError, "a folder"),
    ):
        with pytest.raises(error, match=words) as caught:
            read_image(name)
        assert str(caught.value).startswith(str(name)) and "Errno" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(picture_file):
    path = picture_file(PIXELS)
    path.chmod(0)
    with pytest.raises(PermissionError, match="picture.png: Permission denied"):
        read_image(path)


def test_a_telephones_hundred_megapixels_come_small_out_of_the_decoder(tmp_path):
    Image.new("RGB", (12000, 9000), "teal").save(tmp_path / "huge.jpg")
    program = "import re, sys\nfrom nst.pictures import read_image\nprint(read_image(sys.argv[1], 512).shape)\n"
    program += "print(re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())[1])"
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "huge.jpg"], capture_output=True, text=True, check=True
    )
    shape, kilobytes = done.stdout.splitlines()
    assert shape == "(1, 384, 512, 3)" and int(kilobytes) < 1e6


def test_the_shorter_side_can_be_kept_from_getting_too_small(picture_file):
    path = picture_file(np.zeros((60, 360, 3), np.uint8))
    with pytest.raises(TooSmall):
        read_image(path, 128, enlarge=True)
    assert read_image(path, 128, enlarge=True, min_size=32).shape == (1, 32, 192, 3)
    assert read_image(path, 300, min_size=32).shape == (1, 50, 300, 3)


def test_an_ending_that_cannot_be_written_is_refused_with_those_that_can(tmp_path):
    for name in ("a.gif", "a.heic", "a.xyz", "a"):
        with pytest.raises(
            ValueError, match=f"{name}: unknown kind of picture; end the name in .png, .jpg, .jpeg, .webp"
        ):
            save_image(PIXELS / 255, tmp_path / name)
    assert os.listdir(tmp_path) == []
