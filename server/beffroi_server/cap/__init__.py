"""Warnings of other authorities in the Common Alerting Protocol (CAP): read, followed, judged for a town.

Pure: no Django, no database, no network, and the instant is always handed in. What a program does with it::

    found = read_document(content)                    # reader: alerts, links to more of them, parts that were skipped
    for alert in found.alerts:
        store, outcome = receive(store, alert, now)   # lifecycle: updates, cancellations, all-clears, in any order
        verdict = judge(store.known(alert), place, policy, now)   # verdicts: ignore, propose or broadcast, and why
    outside_warnings(store, now)                      # lifecycle: what is in force, language versions put together

A poller fetches ``found.links`` (``reader.links_to_fetch`` says which), hands the identifiers that the feed lists to
``listings.note_listing``, and keeps the store. It reads files of strangers in a process of its own, as feeds are.

The standard is OASIS CAP 1.2 (2010); 1.0 and 1.1 are read too. Real messages keep to it about as often as not, so the
reader is lenient: a part that cannot be read is skipped and named, the rest counts.
"""
