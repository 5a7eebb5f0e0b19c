"""A logo is drawn anew, and what is no logo is refused."""

import io
import random
import warnings
import zlib
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import report_example as example
from PIL import Image, PngImagePlugin

from privsynth.errors import InputError
from privsynth.report import html, read_details
from privsynth.report.details import Stated
from privsynth.report.logo import MAX_BYTES, SIDE
from privsynth.report.pdf import pdf_bytes
from privsynth.report.report import Report


def stated(folder: Path, text: str) -> Stated:
    """Return what a details file with this text states."""
    (folder / "details.yaml").write_text(text, encoding="utf-8")
    return read_details(folder / "details.yaml")


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 20), **more: Any) -> bytes:
    """Return the bytes of a picture file."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (20, 54, 92)).save(buffer, kind, **more)
    return buffer.getvalue()


def report(found: Stated | None = None) -> Report:
    """Return a report with this logo, on evidence that has no figure to draw."""
    bare = example.bundle("pass").model_copy(update={"probes": (), "headline": {}})
    found = found or Stated()
    return Report(bare, None, example.CREATED, details=found.details, logo=found.logo)


def test_a_logo_is_drawn_anew_without_what_was_hidden_in_it(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken in the garden of R. Okafor"
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "R. Okafor of the garden")
    for name, data in (
        ("a.jpg", picture("JPEG", exif=exif, comment=b"the garden")),
        ("a.png", picture("PNG", pnginfo=notes, exif=exif)),
    ):
        (tmp_path / name).write_bytes(data)
        assert b"garden" in data
        logo = stated(tmp_path, f"logo: {name}").logo
        assert logo is not None and b"garden" not in logo
        with Image.open(io.BytesIO(logo)) as drawn:
            assert (drawn.format, drawn.mode, drawn.size) == ("PNG", "RGB", (40, 20))
            assert not drawn.getexif() and not drawn.info


def test_a_logo_is_made_small_and_is_printed_in_both_editions(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(picture(size=(3000, 1000)))
    found = stated(tmp_path, "logo: logo.png\norganisation: Alder")
    assert found.logo is not None
    with Image.open(io.BytesIO(found.logo)) as drawn:
        assert drawn.size == (SIDE, SIDE // 3)
    page = html.page(report(found), "html")
    assert page.count("<img") == 1 and 'alt="Logo of Alder"' in page
    assert 'src="data:image/png;base64,' in page
    assert page.count("<img") - html.page(report(), "html").count("<img") == 1
    data = pdf_bytes(
        html.page(report(found), "pdf"), attachments={}, created=example.CREATED, logo=found.logo
    )
    with pikepdf.open(io.BytesIO(data)) as document:
        assert len(document.pages[0].get_images()) == 1


def bomb() -> bytes:
    """Return a small PNG file that says it has 30,000 x 30,000 pixels."""
    data = bytearray(picture())
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "no PNG or JPEG"),
        (b"\x7fELF\x02\x01\x01" + bytes(200), "no PNG or JPEG"),
        (b"organisation: x", "no PNG or JPEG"),
        (b"", "no PNG or JPEG"),
        (picture("GIF"), "no PNG or JPEG"),
        (picture("TIFF"), "no PNG or JPEG"),
        (picture()[:60], "no PNG or JPEG"),
        (picture(size=(5001, 5000)), "more than 25,000,000 pixels"),
        (bomb(), "more than 25,000,000 pixels"),
        (picture() + bytes(MAX_BYTES), "larger than 2,000,000 bytes"),
    ],
    ids=["svg", "elf", "text", "empty", "gif", "tiff", "cut", "large", "bomb", "padded"],
)
def test_a_logo_that_is_none_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "logo.png").write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InputError, match=words):
            stated(tmp_path, "logo: logo.png")


@pytest.mark.parametrize(
    "name", ["../logo.png", "/etc/hostname", "link.png", "~/logo.png", "none.png", ".", "a\\0b"]
)
def test_a_logo_from_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    house = tmp_path / "house"
    house.mkdir()
    (tmp_path / "logo.png").write_bytes(picture())
    (house / "link.png").symlink_to(tmp_path / "logo.png")
    with pytest.raises(
        InputError, match=r"logo: .* (is not in the folder|does not exist|cannot be read)"
    ):
        stated(house, f'logo: "{name}"' if "\\" in name else f"logo: {name}")


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_logo_is_a_logo_or_an_input_error(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    data = bytearray(picture("PNG" if seed % 2 else "JPEG", size=(60, 60)))
    for _ in range(dice.randrange(1, 9)):
        data[dice.randrange(len(data))] = dice.randrange(256)
    (tmp_path / "logo.png").write_bytes(data)
    try:
        logo = stated(tmp_path, "logo: logo.png").logo
    except InputError as error:
        assert "logo.png" in str(error)
    else:
        assert logo is not None and logo.startswith(b"\x89PNG")
