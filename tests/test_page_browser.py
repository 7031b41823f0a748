"""The page in a real browser: no error, every picture there, and a viewer that zooms and moves all its pictures."""

import base64
import io
import shutil

import numpy as np
import pytest
from PIL import Image

from ptychopinn.data.reconstruction import Reconstruction
from ptychopinn.evaluation.against_truth import score
from ptychopinn.report.page import render
from ptychopinn.report.run import Run, page_of_run

webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install selenium")
ScrollOrigin = pytest.importorskip("selenium.webdriver.common.actions.wheel_input").ScrollOrigin
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--force-device-scale-factor=1",
)  # fmt: skip
TRANSFORM = "return getComputedStyle(document.querySelectorAll('.viewer')[{}].querySelector('.window img')).transform"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """A headless Chromium that keeps the messages of its console."""
    program, driver = next(filter(None, map(shutil.which, BROWSERS)), None), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("needs chromium and chromedriver: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in (*QUIET, f"--user-data-dir={tmp_path_factory.mktemp('browser')}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield browser
    browser.quit()


@pytest.fixture(scope="module")
def file(scan, tmp_path_factory):
    """The page of a reconstruction that is almost the truth."""
    noise = 0.02 * np.random.default_rng(0).standard_normal(scan.object.shape)
    reconstruction = Reconstruction((scan.object + noise).astype(np.complex64), origin=(0, 0), probe=scan.probe,
                      positions=scan.positions, pixel_size_m=1e-8)  # fmt: skip
    found = score(reconstruction, Reconstruction(scan.object, origin=(0, 0), positions=scan.positions))
    history = [{"epoch": i, "loss": 1 / i, "r_factor": 0.2 / i, "learning_rate": 1e-3, "seconds": 1.0} for i in (1, 2)]
    run = Run("A page", "of a test", reconstruction, scan, history, {"Data": {"name": "scan.npz"}}, score=found)
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render(page_of_run(run)), encoding="utf-8")
    return path


@pytest.fixture
def page(browser, file):
    """The page, freshly opened on a laptop."""
    resize(browser, 1280, 800)
    browser.get(file.as_uri())
    yield browser
    assert [entry for entry in browser.get_log("browser") if entry["level"] != "INFO"] == []


def resize(browser, width, height):
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def transform(page, viewer=0):
    """Return `(scale, x, y)` of a viewer's picture, in pixels of the screen."""
    words = page.execute_script(TRANSFORM.format(viewer))
    if words == "none":
        return 1, 0, 0
    scale, _, _, _, x, y = map(float, words.removeprefix("matrix(").rstrip(")").split(","))
    return scale, x, y


def window(page, viewer=0):
    return page.find_elements("css selector", ".viewer")[viewer].find_element("css selector", ".window")


def wheel(page, steps, x=0, y=0):
    origin = ScrollOrigin.from_element(window(page), x, y)
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", window(page))
    webdriver.ActionChains(page).scroll_from_origin(origin, 0, steps).perform()


def shown(page):
    """Return the layers of the first viewer that are seen."""
    layers = page.find_element("css selector", ".viewer").find_elements("css selector", ".layer")
    return [layer.get_attribute("data-layer") for layer in layers if layer.is_displayed()]


def test_every_picture_is_there(page):
    widths = page.execute_script("return [...document.images].map((image) => image.naturalWidth)")
    assert len(widths) > 25 and min(widths) > 0


def test_it_asks_the_network_for_nothing(page):
    asked = page.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert all(name.startswith("data:") for name in asked)


@pytest.mark.parametrize("size", [(1280, 800), (600, 900)])
def test_it_fits_the_screen_and_is_not_blank(page, size):
    resize(page, *size)
    page.refresh()
    assert page.execute_script("return document.documentElement.scrollWidth") <= size[0]
    screen = np.asarray(Image.open(io.BytesIO(page.get_screenshot_as_png())).convert("L"), float)
    assert screen.shape == size[::-1] and screen.std() > 20


def test_the_wheel_zooms_where_the_pointer_is(page):
    before = transform(page)
    wheel(page, -300, x=40, y=-30)
    scale, x, y = transform(page)
    assert before == (1, 0, 0) and scale > 1.5
    width, height = window(page).size["width"], window(page).size["height"]
    u, v = width / 2 + 40, height / 2 - 30
    assert scale * u + x == pytest.approx(u, abs=2) and scale * v + y == pytest.approx(v, abs=2)
    wheel(page, 5000)
    assert transform(page) == (1, 0, 0)


def test_dragging_moves_the_picture_and_stops_at_its_edge(page):
    wheel(page, -400)
    before = transform(page)
    webdriver.ActionChains(page).click_and_hold(window(page)).move_by_offset(30, 20).release().perform()
    after = transform(page)
    assert np.subtract(after, before) == pytest.approx((0, 30, 20), abs=1.5)
    for _ in range(4):
        webdriver.ActionChains(page).drag_and_drop_by_offset(window(page), 100, 100).perform()
    assert transform(page)[1:] == (0, 0)


def test_two_fingers_pinch(page):
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", window(page))
    box = page.execute_script("return arguments[0].getBoundingClientRect().toJSON()", window(page))
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, apart in (("touchStart", 20), ("touchMove", 40), ("touchMove", 60)):
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        page.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert transform(page)[0] == pytest.approx(3, rel=0.05)


def test_keys_and_buttons_zoom_and_move(page):
    keys = webdriver.Keys
    window(page).send_keys("+", "+")
    scale, x, _ = transform(page)
    window(page).send_keys(keys.ARROW_RIGHT)
    assert scale == pytest.approx(1.4**2) and transform(page)[1] < x
    window(page).send_keys("-")
    assert transform(page)[0] == pytest.approx(1.4)
    window(page).send_keys("0")
    assert transform(page) == (1, 0, 0)
    page.find_element("css selector", "[data-zoom=in]").click()
    assert transform(page)[0] == pytest.approx(1.4)
    page.find_element("css selector", "[data-zoom=fit]").click()
    assert transform(page)[0] == 1


def test_layers_are_chosen_and_keep_the_zoom(page):
    assert shown(page) == ["amplitude", "phase", "complex"]
    window(page).send_keys("+")
    page.find_element("css selector", "[data-choose=phase]").click()
    assert shown(page) == ["phase"]
    page.find_element("css selector", "[data-choose=all]").click()
    images = page.find_element("css selector", ".viewer").find_elements("css selector", ".window img")
    assert {image.value_of_css_property("transform").split(",")[0] for image in images} == {"matrix(1.4"}
    assert transform(page, viewer=1)[0] == 1  # the other viewer stays


def test_panes_move_together(page):
    window(page, 1).send_keys("+", "+", webdriver.Keys.ARROW_UP)
    panes = page.find_elements("css selector", ".viewer")[1].find_elements("css selector", ".layer")[0]
    images = panes.find_elements("css selector", ".window img")
    assert len(images) == 3 and len({image.value_of_css_property("transform") for image in images}) == 1


def test_the_scale_bar_is_as_long_as_it_says(page):
    """At any zoom: its length on the screen is its text, in pixels of 10 nm."""
    for zoom in ("", "+", "++++"):
        window(page).send_keys(zoom) if zoom else None
        bar = window(page).find_element("css selector", ".live")
        value, unit = bar.text.split()
        metres = float(value) * {"µm": 1e-6, "nm": 1e-9}[unit]
        columns = float(page.find_element("css selector", ".viewer").get_attribute("data-width"))
        pixel = window(page).size["width"] / columns * transform(page)[0]
        assert bar.size["width"] == pytest.approx(metres / 1e-8 * pixel, rel=0.03)
        assert 0.1 * window(page).size["width"] < bar.size["width"] < 0.31 * window(page).size["width"]


def test_the_pixel_under_the_pointer_is_told(page, scan):
    window(page).send_keys("0")
    webdriver.ActionChains(page).move_to_element(window(page)).perform()
    told = page.find_element("css selector", ".coordinates").text.replace(",", "").split()
    middle = np.array(scan.object.shape) / 2
    assert [float(told[1]), float(told[3])] == pytest.approx(middle, abs=1.5)


def test_enlarged_pixels_stay_sharp(page):
    window(page).send_keys("+" * 8)
    assert window(page).find_element("css selector", "img").value_of_css_property("image-rendering") == "pixelated"


def test_paper_shows_all_layers_and_no_buttons(page):
    page.find_element("css selector", "[data-choose=phase]").click()
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert shown(page) == ["amplitude", "phase", "complex"] and transform(page) == (1, 0, 0)
        assert not any(button.is_displayed() for button in page.find_elements("css selector", "button, nav"))
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert base64.b64decode(page.print_page()).startswith(b"%PDF")
