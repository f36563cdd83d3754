"""The app behind nginx: with the settings of docs/sse.md, and with none, where the headers alone have to do it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.examples.flask_app.scene import Site
from tests.examples.stage.running import ROOT, serving
from tests.sse.endpoint import endpoint

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.examples]

(BLOCK,) = re.findall(r"^```nginx\n(.*?)^```$", (ROOT / "docs" / "sse.md").read_text(), re.MULTILINE | re.DOTALL)
BARE = "location / { proxy_pass http://127.0.0.1:5050; }\n"

SETTINGS = """
daemon off; pid nginx.pid; error_log stderr; events {}
http {
    access_log off; gzip on; gzip_types *; gzip_proxied any;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;
    server { listen 127.0.0.1:HERE; LOCATION }
}
"""


@pytest.mark.parametrize("location", [BLOCK, BARE], ids=["as the page says", "bare"])
async def test_words_pass_one_by_one_and_a_reader_who_leaves_is_noticed(
    site: Site, location: str, tmp_path: Path
) -> None:
    assert shutil.which("nginx"), "nginx is missing; install it (Debian and Ubuntu: apt-get install nginx-light)"
    behind = location.replace("127.0.0.1:5050", site.url.removeprefix("http://"))
    (tmp_path / "settings").write_text(SETTINGS.replace("LOCATION", behind))
    line = "sed s/HERE/$PORT/ settings > nginx.conf && exec nginx -e stderr -p . -c nginx.conf"
    async with serving(line, tmp_path) as url, endpoint(url) as app:
        question = f"Through {len(location)}?"
        async with app.asking(question) as reading:
            spoken = await site.asked(question)
            assert location is BARE or "Content-Encoding" not in reading.response.headers
            text = ""
            for word in ("One ", "日本語 ", "😀."):
                spoken.say(word)
                text += word
                await reading.until(text)
        await spoken.left()
