"""The HTTP interface of players: enrolment, signed documents, assets, reports and captures."""
