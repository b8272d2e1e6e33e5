"""The wire: topics, messages, signed envelopes, and the access rules and limits that follow from them."""
