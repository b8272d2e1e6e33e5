"""The town hall's side: what to show is written here, signed here and sent from here."""
