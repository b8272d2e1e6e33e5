"""The section of keys on the page of the town: which keys, until when, where the root keys are, what next."""

from __future__ import annotations

import pytest
from django.utils import timezone

from beffroi_content.wire.documents import SigningRole
from beffroi_server.delivery import key_files, key_rotation, signing_keys
from beffroi_server.delivery.key_rotation import WantedKeys

pytestmark = pytest.mark.usefixtures("keyring", "english")


@pytest.fixture
def section(client, dora):
    client.force_login(dora)

    def section() -> str:
        page = client.get("/town", HTTP_ACCEPT_LANGUAGE="en", follow=True).content.decode()
        return " ".join(page.split('id="keys"')[1].split("</section>")[0].split())

    return section


def test_says_which_keys_count_and_that_root_keys_are_still_here(section):
    text = section()
    assert "3 root keys are still on the server" in text
    assert signing_keys.root_fingerprint() in text
    assert text.count("<code>") == 3 + 4 + 2
    for path in key_files.root_files():
        path.unlink()
    assert "still on the server" not in section()


def test_says_what_is_being_changed_and_what_is_lost(section):
    key_rotation.sign_key_list(WantedKeys(rotated=frozenset({SigningRole.ALERT})), now=timezone.now())
    assert section().count("being changed") == 1
    key_files.key_path(SigningRole.BEAT).unlink()
    assert "is missing, or is not the one that screens know" in section()
