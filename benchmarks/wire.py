"""Requests that are ready for the wire, so that sending one costs the load as little as it can."""

from __future__ import annotations

import json
import urllib.request
from typing import Any
from urllib.parse import urlsplit


def post(url: str, body: Any) -> bytes:
    """A POST with a JSON body."""
    data = json.dumps(body).encode()
    head = f"POST {urlsplit(url).path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


def get(url: str) -> bytes:
    """A GET."""
    parts = urlsplit(url)
    return f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def call(url: str, body: Any) -> Any:
    """What a POST is answered."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.load(answer)


def read(url: str) -> Any:
    """What a GET is answered."""
    with urllib.request.urlopen(url, timeout=300) as answer:
        return json.load(answer)
