"""Scopes of topics: written, read, compared, and the names that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beffroi_content.model.base_models import IDENTIFIER_PATTERN
from beffroi_content.wire.scopes import ScopeKind, TopicScope, screen_scopes, user_screen

identifiers = st.from_regex(IDENTIFIER_PATTERN, fullmatch=True)

WRITTEN = [
    (TopicScope.all_screens(), "all"),
    (TopicScope.of_group("river"), "g-river"),
    (TopicScope.of_group("all"), "g-all"),
    (TopicScope.of_screen("hall"), "s-hall"),
    (TopicScope.of_screen("s-hall"), "s-s-hall"),
    (TopicScope.of_screen("2"), "s-2"),
]


@pytest.mark.parametrize(("scope", "text"), WRITTEN, ids=[text for _, text in WRITTEN])
def test_a_scope_is_written_as_one_level_of_a_topic_and_read_again(scope, text):
    assert str(scope) == text
    assert TopicScope.parse(text) == scope


@given(identifiers)
def test_every_identifier_names_a_group_and_a_screen(name):
    for scope in (TopicScope.of_group(name), TopicScope.of_screen(name)):
        assert TopicScope.parse(str(scope)) == scope
        assert "/" not in str(scope)


@pytest.mark.parametrize(
    "text", ["", "ALL", "all-", "hall", "s-", "g-", "s-Hall", "s-a_b", "s-a/b", "x-hall", "+", "#"]
)
def test_a_text_that_is_no_scope_is_refused(text):
    with pytest.raises(ValueError, match=r"scope|identifier"):
        TopicScope.parse(text)


@pytest.mark.parametrize("name", ["", "Hall", "a b", "-hall", "a" * 64, "é", "a/b", "hall\n"])
@pytest.mark.parametrize("make", [TopicScope.of_group, TopicScope.of_screen])
def test_a_name_that_is_no_identifier_is_refused(make, name):
    with pytest.raises(ValueError, match="identifier"):
        make(name)


def test_the_scope_of_all_screens_has_no_name():
    with pytest.raises(ValueError, match="no name"):
        TopicScope(ScopeKind.ALL, "hall")


def test_only_the_scope_of_a_screen_names_one():
    assert [scope.screen for scope in screen_scopes("hall", ["river"])] == [None, None, "hall"]


def test_the_scopes_of_a_screen_go_from_the_widest_to_its_own():
    assert [str(scope) for scope in screen_scopes("hall", ["river", "hill"])] == ["all", "g-river", "g-hill", "s-hall"]
    assert [str(scope) for scope in screen_scopes("hall", ())] == ["all", "s-hall"]


def test_scopes_have_an_order_by_kind_and_then_by_name():
    scopes = [TopicScope.of_screen("a"), TopicScope.of_group("b"), TopicScope.all_screens(), TopicScope.of_group("a")]
    assert [str(scope) for scope in sorted(scopes)] == ["all", "g-a", "g-b", "s-a"]


def test_equal_scopes_are_one_key():
    assert {TopicScope.of_screen("hall"), TopicScope.parse("s-hall")} == {TopicScope(ScopeKind.SCREEN, "hall")}


@pytest.mark.parametrize(
    ("username", "screen"),
    [("s-hall", "hall"), ("server", None), ("all", None), ("g-river", None), ("hall", None), ("", None), ("s-", None)],
)
def test_the_user_name_of_a_player_is_the_scope_of_its_screen(username, screen):
    assert user_screen(username) == screen


@pytest.mark.parametrize("kind", ScopeKind)
def test_all_scopes_of_a_kind_share_a_prefix_and_no_other_has_it(kind):
    prefix = TopicScope.common_prefix(kind)
    for scope, text in WRITTEN:
        assert text.startswith(prefix) is (scope.kind is kind)
