"""What the hosted page looks like, against pictures that were looked at.

They are compared small, so that the edges of letters do not matter; a machine with other fonts has no say.
`SCREENSHOTS=write` writes them anew: look at each of them before it is kept.
"""

import io
import os
import subprocess
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Browser, Page
from tests.support.browser_world import HostedServer
from tests.support.page_states import STATES, PageState

FOLDER = Path(__file__).parent / "screenshots"
_SMALLER = 4
_MOST_DIFFERENCE = 2.0
"""Mean difference of a pixel's channels, of 255."""
_MOST_HEIGHT = 0.02
# State, width, language, colours: one of each language, all widths, both schemes.
_PICTURES = (
    ("card", 1280, "en", "light"),
    ("choice", 390, "de", "light"),
    ("choice", 320, "ar", "light"),
    ("card-wrong", 390, "fr", "dark"),
    ("conditional", 1280, "pt-BR", "dark"),
    ("differs", 390, "es-MX", "light"),
    ("no-offers", 320, "ar", "dark"),
)


def list_names() -> list[str]:
    """The pictures' names."""
    return ["-".join(map(str, picture)) for picture in _PICTURES]


@pytest.mark.parametrize(("state", "width", "language", "scheme"), _PICTURES, ids=list_names())
def test_the_page_looks_as_it_did(
    hosted: HostedServer, chromium: Browser, state: str, width: int, language: str, scheme: str
) -> None:
    wanted = next(one for one in STATES if one.name == state)
    with chromium.new_context(viewport={"width": width, "height": 844}) as context:
        context.add_cookies([{"name": "checkout-language", "value": language, "url": hosted.root_url}])
        page = context.new_page()
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        seen = take_picture(hosted, page, wanted)
    file = FOLDER / f"{state}-{width}-{language}-{scheme}.png"
    if os.environ.get("SCREENSHOTS") == "write":
        file.parent.mkdir(exist_ok=True)
        seen.quantize(32).save(file, optimize=True)
    if find_font() != "DejaVu Sans":
        pytest.skip("the pictures were taken with DejaVu Sans as the system's font")
    with Image.open(file) as kept:
        assert abs(kept.height - seen.height) <= kept.height * _MOST_HEIGHT
        assert measure_difference(kept.convert("RGB"), seen) <= _MOST_DIFFERENCE


def take_picture(hosted: HostedServer, page: Page, state: PageState) -> Image.Image:
    """The whole page; times of day on it are blacked out."""
    state.reach(hosted, page)
    page.goto(page.url)
    state.repeat(hosted, page)
    raw = page.screenshot(full_page=True, animations="disabled", mask=[page.locator("p.hint")])
    return Image.open(io.BytesIO(raw)).convert("RGB")


def measure_difference(kept: Image.Image, seen: Image.Image) -> float:
    """Mean difference of the channels of both, made smaller, where both have something."""
    size = (kept.width // _SMALLER, min(kept.height, seen.height) // _SMALLER)
    small = [
        picture.crop((0, 0, kept.width, size[1] * _SMALLER)).resize(size, Image.Resampling.BOX)
        for picture in (kept, seen)
    ]
    means = ImageStat.Stat(ImageChops.difference(*small)).mean
    return sum(means) / len(means)


def find_font() -> str:
    """The font that stands for the system's own."""
    found = subprocess.run(
        ["fc-match", "-f", "%{family}", "system-ui"], capture_output=True, text=True, check=False
    )
    return found.stdout.partition(",")[0]
