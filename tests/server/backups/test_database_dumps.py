"""Dumps of PostgreSQL, for backups."""

from __future__ import annotations

import pytest
from django.conf import settings

from beffroi_server.accounts import services as accounts
from beffroi_server.backups import database_copies


@pytest.mark.skipif(not settings.DATABASES["default"]["ENGINE"].endswith("postgresql"), reason="of PostgreSQL")
def test_a_dump_of_postgresql_loads_into_a_database_of_its_own(transactional_db, tmp_path):
    accounts.ensure_town("Saint-Aubin", site="saint-aubin", time_zone="Europe/Paris")
    dump = tmp_path / "database.dump"
    database_copies.copy_database(dump)
    name = f"{settings.DATABASES['default']['NAME']}_trial"
    try:
        database_copies.restore_into_scratch(dump, name)
    finally:
        database_copies.drop_scratch(name)
    assert dump.read_bytes().startswith(b"PGDMP")
