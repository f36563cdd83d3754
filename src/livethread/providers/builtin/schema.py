"""The scenario format as JSON Schema: ``python -m livethread.providers.builtin.schema > spec/script.schema.json``."""

from __future__ import annotations

import json
import sys

from livethread.providers.builtin.scenario import Scenario


def schema_text() -> str:
    """The content of ``spec/script.schema.json``."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario for builtin/script",
        **{key: value for key, value in Scenario.model_json_schema().items() if key != "title"},
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
