"""Proposals: what contributors write is on no screen before somebody who may publish there agrees."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from beffroi_server.accounts.errors import NotPermitted
from beffroi_server.accounts.models import AuditEvent
from beffroi_server.fleet.targets import EVERYWHERE, Targets
from beffroi_server.library import services as library
from beffroi_server.library.errors import EditConflict
from beffroi_server.library.models import Announcement
from beffroi_server.schedule import placements, proposals
from beffroi_server.schedule import services as schedule
from beffroi_server.schedule.compile_inputs import load_inputs
from beffroi_server.schedule.errors import ProposalDecided
from beffroi_server.schedule.manifest_compiler import compile_manifest
from beffroi_server.schedule.models import AnnouncementPlacement, Proposal, ScheduleRule

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def loto(carla) -> Announcement:
    return library.save_announcement(user=carla, title="Loto du club", label="Sports")


@pytest.fixture
def proposal(loto, carla, hall) -> Proposal:
    made = proposals.publish_or_propose(loto, Targets(screens=(hall,)), user=carla)
    assert isinstance(made, Proposal)
    return made


def shown_on(screen) -> str:
    return compile_manifest(load_inputs(screen)).manifest.model_dump_json()


def test_nothing_is_shown_before_it_is_approved(proposal, hall, paula):
    assert "Loto du club" not in shown_on(hall)
    placement = proposals.approve_proposal(proposal, user=paula)
    assert list(placement.screens.all()) == [hall]
    assert "Loto du club" in shown_on(hall)
    assert {"announcement-proposed", "proposal-approved"} <= set(AuditEvent.objects.values_list("action", flat=True))


def test_who_may_publish_needs_no_proposal(announcement, alice, hall):
    assert isinstance(proposals.publish_or_propose(announcement, EVERYWHERE, user=alice), AnnouncementPlacement)


def test_a_contributor_cannot_go_around_it(loto, carla, hall, playlist):
    for act in (
        lambda: placements.place_announcement(loto, everywhere=True, user=carla),
        lambda: schedule.add_entry(playlist, announcement=loto, user=carla),
        lambda: schedule.create_playlist("Own", user=carla),
    ):
        with pytest.raises(NotPermitted):
            act()


def test_a_category_that_fills_a_playlist_does_not_let_it_through(loto, carla, hall, paula, playlist):
    schedule.set_auto_fill(playlist, user=paula, category="Sports", order="newest")
    assert "Loto du club" not in shown_on(hall)
    made = proposals.propose_announcement(loto, everywhere=True, user=carla)
    proposals.approve_proposal(made, user=paula)
    placements.take_off_screens([loto], user=paula)
    placements.put_back_on_screens([loto], user=paula)
    assert "Loto du club" in shown_on(hall)


def test_an_approved_text_is_not_replaced_by_another(proposal, loto, carla, paula):
    proposals.approve_proposal(proposal, user=paula)
    with pytest.raises(NotPermitted, match="propose it again"):
        library.save_announcement(loto, user=carla, title="Something else")
    placements.take_off_screens([loto], user=carla)
    placements.put_back_on_screens([loto], user=carla)
    placements.take_off_screens([loto], user=carla)
    library.save_announcement(loto, user=carla, title="Something else")
    with pytest.raises(NotPermitted):
        placements.put_back_on_screens([Announcement.objects.get(pk=loto.pk)], user=carla)


def test_a_text_that_changed_since_it_was_looked_at_is_not_approved(proposal, loto, carla, paula):
    library.save_announcement(loto, user=carla, title="Changed meanwhile")
    with pytest.raises(EditConflict):
        proposals.approve_proposal(proposal, expected_version=1, user=paula)
    assert not AnnouncementPlacement.objects.exists()


def test_a_decision_is_made_once(proposal, paula, alice):
    proposals.decline_proposal(proposal, "The date is missing.", user=paula)
    assert (proposal.state, proposal.reason) == ("declined", "The date is missing.")
    with pytest.raises(ProposalDecided):
        proposals.approve_proposal(proposal, user=alice)
    assert not AnnouncementPlacement.objects.exists()


def test_it_is_declined_with_a_reason_only(proposal, paula):
    with pytest.raises(ValidationError):
        proposals.decline_proposal(proposal, "  ", user=paula)


def test_a_quota_counts_what_waits_and_what_is_on(carla, loto, proposal, paula, hall):
    carla.announcement_quota = 1
    second = library.save_announcement(user=carla, title="Second")
    with pytest.raises(ValidationError, match="1 announcements"):
        proposals.propose_announcement(second, screens=[hall], user=carla)
    proposals.approve_proposal(proposal, user=paula)
    with pytest.raises(ValidationError):
        proposals.propose_announcement(second, screens=[hall], user=carla)
    placements.take_off_screens([loto], user=carla)
    assert proposals.propose_announcement(second, screens=[hall], user=carla).pk


def test_the_queue_holds_what_somebody_may_decide(proposal, carla, alice, sam, paula, hall, quay, loto):
    assert list(proposals.proposals_to_decide(alice)) == [proposal]
    assert list(proposals.proposals_to_decide(sam)) == []
    assert list(proposals.proposals_to_decide(carla)) == []
    with pytest.raises(NotPermitted):
        proposals.approve_proposal(proposal, user=sam)


class TestGroupsThatNeedApproval:
    @pytest.fixture(autouse=True)
    def careful(self, district):
        district.needs_approval = True
        district.save()

    def test_have_editors_propose(self, announcement, alice, paula, quay, district):
        made = proposals.publish_or_propose(announcement, Targets(groups=(district,)), user=alice)
        assert isinstance(made, Proposal)
        assert list(proposals.proposals_to_decide(alice)) == []
        with pytest.raises(NotPermitted):
            proposals.approve_proposal(made, user=alice)
        assert proposals.approve_proposal(made, user=paula).pk

    def test_keep_an_approved_text(self, announcement, alice, paula, quay, district):
        placements.place_announcement(announcement, groups=[district], user=paula)
        with pytest.raises(NotPermitted):
            library.save_announcement(announcement, user=alice, title="Something else")
        assert library.save_announcement(announcement, user=paula, title="Corrected").title == "Corrected"


def test_an_editor_changes_nothing_that_is_on_beyond_the_scope(announcement, sam, paula, hall, quay, district):
    placements.place_announcement(announcement, groups=[district], user=paula)
    assert library.save_announcement(announcement, user=sam, title="In the harbour").pk
    placements.place_announcement(announcement, everywhere=True, user=paula)
    with pytest.raises(NotPermitted, match="outside your groups"):
        library.save_announcement(announcement, user=sam, title="Everywhere")
    with pytest.raises(NotPermitted):
        placements.take_off_screens([announcement], user=sam)


def test_a_playlist_reaches_as_far_as_the_one_that_contains_it(sam, announcement, playlist):
    inner = schedule.create_playlist("Inner", user=None)
    assert schedule.add_entry(inner, announcement=announcement, user=sam).pk
    schedule.add_entry(playlist, inner=inner, user=None)
    with pytest.raises(NotPermitted):
        schedule.rename_playlist(inner, "Renamed", user=sam)
    assert ScheduleRule.objects.filter(playlist=inner).count() == 0


def test_categories_limit_what_an_editor_writes(alice, announcement):
    from beffroi_server.library import library_scopes
    from beffroi_server.library.models import Category

    culture = Category.objects.create(name="Culture")
    library_scopes.set_scope(alice, groups=[], categories=[culture], actor=None)
    assert library.save_announcement(user=alice, title="Concert", label="CULTURE").pk
    with pytest.raises(NotPermitted, match="Culture"):
        library.save_announcement(user=alice, title="Match", label="Sports")
    with pytest.raises(NotPermitted):
        library.save_announcement(announcement, user=alice, title="Match")
    assert announcement not in library_scopes.announcements_in_scope(Announcement.objects.all(), alice)
