"""Process that reads one feed: ``python -m beffroi_server.feeds.readers``.

Standard input is a line of JSON with the arguments of ``read_feed`` (``kind``, ``zone``, and what else is given;
``now`` as ISO 8601), then the content of the feed. Standard output is what ``read_feed`` returns, as a line of JSON.
"""

from __future__ import annotations

import datetime as dt
import json
import sys

from beffroi_server.core import sandbox
from beffroi_server.feeds.readers import read_feed, reader_of

MEMORY_LIMIT = 768 * 1024 * 1024
"""Bytes of address space."""
PROCESSOR_S = {"calendar": 20}
"""Seconds of processor time, by kind: calendars have repetitions to write out."""
USUAL_PROCESSOR_S = 6

if __name__ == "__main__":
    options = json.loads(sys.stdin.buffer.readline())
    # Loaded before the process gives up reading files.
    reader_of(options["kind"])
    sandbox.confine_process(MEMORY_LIMIT, PROCESSOR_S.get(options["kind"], USUAL_PROCESSOR_S))
    if now := options.pop("now", None):
        options["now"] = dt.datetime.fromisoformat(now)
    print(json.dumps(read_feed(content=sys.stdin.buffer.read(), **options)))
