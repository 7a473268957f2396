"""Opens the built site from a file in Chromium, searches for a word, and takes pictures of a page in light
and dark, for a desktop and a phone. Fails if the search does not find the page.

usage: browse.py SITE PICTURES [PAGE]
"""

from __future__ import annotations

import pathlib
import sys

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

SOUGHT, PAGE = "quarantine", "concepts.html"
SHOWN = "docs/tutorial/2-loss.html"
DEADLINE = 60  # seconds
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


def browser() -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    # No network at all: what the page does not bring along is not there.
    for each in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--host-resolver-rules=MAP * ~NOTFOUND"):
        options.add_argument(each)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def search(driver: webdriver.Chrome, site: pathlib.Path) -> list[str]:
    """The pages that the search finds, in its order."""
    driver.get((site / "index.html").as_uri())
    driver.execute_script("document.querySelector('#__search').click()")
    box = driver.find_element(By.CSS_SELECTOR, "input.md-search__input")
    WebDriverWait(driver, DEADLINE).until(lambda _: box.is_displayed())
    box.send_keys(SOUGHT)
    links = WebDriverWait(driver, DEADLINE).until(
        lambda it: it.find_elements(By.CSS_SELECTOR, "a.md-search-result__link"))
    return [link.get_attribute("href") or "" for link in links]


def photograph(driver: webdriver.Chrome, page: str, scheme: str, folder: pathlib.Path) -> None:
    wanted = "slate" if scheme == "dark" else "default"
    for size, (width, height) in SIZES.items():
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"})
        driver.get(page)
        WebDriverWait(driver, DEADLINE).until(lambda it: it.find_element(
            By.TAG_NAME, "body").get_attribute("data-md-color-scheme") == wanted)
        driver.save_screenshot(str(folder / f"{size}-{scheme}.png"))


def visit(site: pathlib.Path, page: str, scheme: str, pictures: pathlib.Path) -> None:
    """One browser for each scheme, since the theme keeps the one of the first visit."""
    driver = browser()
    try:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        found = search(driver, site)
        if not any(PAGE in each for each in found):
            sys.exit(f"browse: the search for {SOUGHT!r} finds no {PAGE}, but {found}")
        print(f"browse: {scheme}: the search for {SOUGHT!r} finds {len(found)} places, with {PAGE}")
        photograph(driver, (site / page).as_uri(), scheme, pictures)
        bad = [each["message"] for each in driver.get_log("browser") if each["level"] == "SEVERE"]
        if bad:
            sys.exit("browse: the browser reports errors:\n" + "\n".join(bad))
    finally:
        driver.quit()


def main() -> None:
    site, pictures = (pathlib.Path(each).resolve() for each in sys.argv[1:3])
    pictures.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        visit(site, sys.argv[3] if len(sys.argv) > 3 else SHOWN, scheme, pictures)
    print(f"browse: pictures in {pictures}")


if __name__ == "__main__":
    main()
