"""How it travels: topics, messages and the signed envelope."""
