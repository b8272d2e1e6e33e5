#!/usr/bin/env bash
# In Atom, feedgen writes every link of an entry as its page: rel, type and language that the program gave are left out, and
# so the recording that enclosure() attached is a second address of the page, and no attachment. feedparser takes the last of
# several pages for entry.link: who follows it gets the sound file, and entry.enclosures is empty. So it is with valid Atom,
# too, where an entry names its page in two languages: entry.link is the last. The same feed as RSS is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check feedgen==1.0.0 feedparser==6.0.14
"$folder/venv/bin/python" - <<'PYTHON'
import sys

import feedgen.version
import feedparser
from feedgen.feed import FeedGenerator

print("feedgen", feedgen.version.version_str, "feedparser", feedparser.__version__)
PAGE, SOUND = "https://town.example/council", "https://town.example/council.mp3"
generator = FeedGenerator()
generator.id("https://town.example/")
generator.title("Town hall")
generator.link(href="https://town.example/")
generator.description("News")
entry = generator.add_entry()
entry.id(PAGE)
entry.title("Council")
entry.link(href=PAGE)
entry.enclosure(SOUND, "1000", "audio/mpeg")
LINKS = '<link href="{}" hreflang="fr"/><link href="{}" hreflang="en"/>'.format(PAGE, f"{PAGE}/en")
TWO = f'<feed xmlns="http://www.w3.org/2005/Atom"><id>a</id><title>a</title><entry><id>b</id>{LINKS}</entry></feed>'
seen = {}
for name, text in (("RSS", generator.rss_str()), ("Atom", generator.atom_str()), ("two languages", TWO)):
    found = feedparser.parse(text).entries[0]
    seen[name] = found.link, [each.href for each in found.enclosures]
    print(f"{name}: page {seen[name][0]}, attached {seen[name][1]}")
sys.exit(seen != {"RSS": (PAGE, [SOUND]), "Atom": (SOUND, []), "two languages": (f"{PAGE}/en", [])})
PYTHON
