"""The stewards' page in Chromium: milliseconds until the first contentful paint, as the browser tells it.

Pages come finished from the server, so what is painted first is the work list, the case or the person itself.
"""

import shutil

from benchmarks.api.client import Answered

_ROUNDS = 12


def paints(address: str, pages: dict[str, list[str]]) -> list[Answered]:
    """Open each page some times, in a fresh window each time (nothing is cached) after one to warm up.

    Args:
        address: Of the server.
        pages: Paths of pages by kind, taken in turn.
    """
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    answers = []
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for kind, paths in pages.items():
            for number in range(_ROUNDS + 1):
                page = browser.new_context(viewport={"width": 1366, "height": 768}, base_url=address).new_page()
                answer = page.goto(paths[number % len(paths)])
                assert answer is not None
                paint = page.evaluate(
                    "new Promise(done => new PerformanceObserver(seen => { for (const each of seen.getEntries())"
                    " if (each.name === 'first-contentful-paint') done(each.startTime) })"
                    ".observe({type: 'paint', buffered: true}))"
                )
                if number:
                    answers.append(Answered(f"first paint: {kind}", answer.status, paint))
                page.context.close()
        browser.close()
    return answers
