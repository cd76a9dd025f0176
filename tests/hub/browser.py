"""A real Chromium by its own protocol over two pipes: pages at any width, in light and dark, as pictures and as what the layout came to.

https://chromedevtools.github.io/devtools-protocol/ with `--remote-debugging-pipe`. A window cannot be made narrower than 500 px, a page can.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROGRAM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb", "--remote-debugging-pipe"),
)
_PATIENCE = 90.0


@dataclass
class Page:
    _writes: int
    _reads: int
    _session: str = ""
    _last: int = 0
    _left: bytes = b""
    _events: list[str] = field(default_factory=list)

    def call(self, method: str, **parameters: Any) -> Any:
        self._last += 1
        asked = {"id": self._last, "method": method, "params": parameters} | ({"sessionId": self._session} if self._session else {})
        os.write(self._writes, json.dumps(asked).encode() + b"\0")
        while True:
            message = self._message()
            if message.get("id") == self._last:
                assert "error" not in message, f"{method}: {message['error']}"
                return message["result"]

    def show(self, url: str, *, width: int, height: int = 900, dark: bool = False) -> None:
        """The page with all that it loads, laid out for `width` pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self._events.clear()
        self.call("Page.navigate", url=url)
        while "Page.loadEventFired" not in self._events:
            self._message()

    def value(self, script: str) -> Any:
        """What an expression comes to in the page."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def press(self, selector: str) -> None:
        """What leads to another page: waits until that one is there."""
        self._events.clear()
        self.value(f"document.querySelector({selector!r}).click()")
        while "Page.loadEventFired" not in self._events:
            self._message()

    def picture(self, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True, optimizeForSpeed=True)["data"]))
        return path

    def _message(self) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._reads], [], [], max(0.0, until - time.monotonic()))
            part = os.read(self._reads, 1 << 20) if ready else b""
            assert part, "Chromium ended, or said nothing for too long"
            self._left += part
        whole, _, self._left = self._left.partition(b"\0")
        message: dict[str, Any] = json.loads(whole)
        self._events += [message["method"]] if "method" in message else []
        return message

    def begin(self) -> None:
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable")


@contextmanager
def browser(folder: Path) -> Iterator[Page]:
    """One page for all that is to be seen; `folder` is the browser's own."""
    folder.mkdir(parents=True, exist_ok=True)
    (their_in, our_out), (our_in, their_out) = os.pipe(), os.pipe()

    def place() -> None:
        """It reads its orders from 3 and answers on 4."""
        os.dup2(os.dup(their_in), 3)
        os.dup2(os.dup(their_out), 4)

    command = [str(PROGRAM), *_QUIET, f"--user-data-dir={folder}"]
    process = subprocess.Popen(
        command,
        preexec_fn=place,
        close_fds=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"HOME": str(folder)},
    )
    os.close(their_in)
    os.close(their_out)
    try:
        page = Page(our_out, our_in)
        page.begin()
        yield page
    finally:
        process.kill()
        process.wait(30)
        os.close(our_out)
        os.close(our_in)
