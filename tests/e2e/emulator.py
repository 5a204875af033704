"""MiniStack, the local AWS, in a process that ends with the one that started it, however that ends."""

from __future__ import annotations

import contextlib
import os
import runpy
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

REGION = "us-east-1"
ACCOUNT = "000000000000"
STARTS_WITHIN_S = 60
ASK_EVERY_S = 0.1


def environment(endpoint: str, hardware_endpoint: str) -> dict[str, str]:
    """What the emulator, its functions, the CDK CLI and the test share: no way to a real AWS account.

    ``hardware_endpoint`` is where EC2 and Elastic Load Balancing answer.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_") and key != "PYTHONPATH"}
    return {
        **kept,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ENDPOINT_URL_EC2": hardware_endpoint,
        "AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2": hardware_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def running(port: int, scratch: Path, shared: Mapping[str, str]) -> Iterator[None]:
    """MiniStack, serving on ``port``. Every Lambda inherits ``shared``, its environment."""
    places = {name: str(_made(scratch / name.lower())) for name in ("TMPDIR", "S3_DATA_DIR", "STATE_DIR")}
    settings = {
        **shared,
        **places,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        # It would listen on a fixed port.
        "IOT_MTLS_ENABLED": "0",
    }
    log = scratch / "ministack.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", __file__],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=settings,
            # So that an interrupt from the keyboard reaches the test only, which still has questions to ask.
            start_new_session=True,
        )
        try:
            _await(process, port, log)
            yield
        finally:
            # Its functions end with it.
            process.kill()
            process.communicate()


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True)
    return directory


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_ministack/health", timeout=5).close()
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(ASK_EVERY_S)
    said = log.read_text(errors="replace")
    raise RuntimeError(f"MiniStack did not start within {STARTS_WITHIN_S} s; it said:\n{said}")


def _end_with_parent() -> None:
    # Whoever started this process holds the other end, and lets go of it even when killed.
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    runpy.run_module("ministack", run_name="__main__")
