"""The page of one estimate in a real browser: nothing fetched, all of it to be seen.

Chromium runs without a window and prints the document as it stands after a script has
measured it. The page is shown in two frames, wide and narrow. ``make browser`` fails
where there is no Chromium; elsewhere these tests are then skipped.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest

from costmodel import api, data

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync "
    "--window-size=1300,900"
).split()
if os.geteuid() == 0:  # Chromium refuses to run as root otherwise
    FLAGS.append("--no-sandbox")
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND"  # what asks by name gets no answer
OWN = re.compile(r"https?://([\w-]+\.)*(google|googleapis|gvt1)\.com/")  # of Chromium
WIDTHS = (1200, 380)
MEASURE = """
const boxes = (doc, what) => [...doc.querySelectorAll(what)].map(node => {
  const box = node.getBoundingClientRect();
  return {text: node.textContent, width: box.width, height: box.height};
});
addEventListener("load", () => {
  const found = [...document.querySelectorAll("iframe")].map(frame => {
    const doc = frame.contentDocument;
    return {
      titles: boxes(doc, "h2"), answer: boxes(doc, ".big"),
      bars: boxes(doc, "svg > rect"), timeline: boxes(doc, "svg[role=img]"),
      tables: boxes(doc, "table"),
      spill: doc.documentElement.scrollWidth - frame.clientWidth,
      fetched: frame.contentWindow.performance.getEntriesByType("resource").length,
    };
  });
  console.log("the console is heard");
  const kept = document.createElement("pre");
  kept.id = "measured";
  kept.textContent = JSON.stringify(found);
  document.body.replaceChildren(kept);
});
"""
pytestmark = pytest.mark.skipif(
    BROWSER is None and "COSTMODEL_BROWSER" not in os.environ,
    reason="no chromium: apt-get install chromium",
)


def shown(page: str, folder: Path) -> tuple[list[dict[str, Any]], str, list[str]]:
    """What each frame measured, what the console heard, hosts that were asked."""
    assert BROWSER is not None, "no chromium: apt-get install chromium"
    frames = "".join(
        f'<iframe width="{width}" height="800" srcdoc="{escape(page)}"></iframe>'
        for width in WIDTHS
    )
    both = folder / "both.html"
    both.write_text(
        f"<!DOCTYPE html><meta charset=utf-8>{frames}<script>{MEASURE}</script>"
    )
    log = folder / "net.json"
    done = subprocess.run(
        [BROWSER, *FLAGS, NOWHERE, f"--user-data-dir={folder / 'profile'}",
         f"--log-net-log={log}", "--enable-logging=stderr", "--dump-dom",
         both.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    kept = re.search(r'<pre id="measured">(.*)</pre>', done.stdout, re.S)
    assert kept, done.stdout[-2000:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    # A log of the network may be cut short when the browser ends: read as text.
    asked = re.findall(r'"url":\s*"((?:https?|wss?):[^"]*)"', log.read_text())
    return (
        json.loads(unescape(kept[1])),
        "\n".join(console),
        [url for url in asked if not OWN.match(url)],
    )


@pytest.fixture(scope="module")
def page() -> str:
    stub = data.stubs_dir() / "top-of-stack" / "v3.16-fast.S"
    return api.estimate(str(stub), "skylake").render("html")


def test_the_page_of_the_fast_path_in_a_browser(page: str, tmp_path: Path) -> None:
    assert len(page.encode()) < 200_000
    frames, console, asked = shown(page, tmp_path)
    assert asked == []
    lines = [
        line for line in console.splitlines() if "the console is heard" not in line
    ]
    assert lines == []
    assert "the console is heard" in console  # so that silence means something
    assert len(frames) == len(WIDTHS)
    for frame in frames:
        titles = [box["text"] for box in frame["titles"]]
        assert titles[:4] == [
            "Where the cycles go", "Uops by port, a copy", "Timeline",
            "Cycles by instruction",
        ]  # fmt: skip
        assert {"Lines touched", "pt_regs"} <= set(titles)
        assert re.fullmatch(r"[\d.]+[?]{0,2}", frame["answer"][0]["text"])
        for kind in ("titles", "answer", "timeline", "tables", "bars"):
            assert frame[kind]
            assert all(box["width"] > 0 and box["height"] > 0 for box in frame[kind])
        assert len(frame["bars"]) > 100
        assert frame["fetched"] == 0
        assert frame["spill"] <= 0, "the page itself scrolls sideways"


def test_a_page_that_fetches_or_fails_is_caught(tmp_path: Path) -> None:
    bad = (
        "<h2>x</h2><img src='http://127.0.0.1:9/x.png'>"
        "<script>undefinedName()</script><p style='width:2000px'>wide</p>"
    )
    frames, console, asked = shown(bad, tmp_path)
    assert any("127.0.0.1:9" in url for url in asked)
    assert "undefinedName" in console
    assert all(frame["spill"] > 0 for frame in frames)
