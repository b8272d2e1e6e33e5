"""Publication of programmes: which are sent, and which stay."""

from __future__ import annotations

from django.utils import timezone

from beffroi_content.wire.messages import PROGRAMME
from beffroi_content.wire.scopes import TopicScope
from beffroi_server.delivery import signing
from beffroi_server.delivery.models import OutboxDocument
from beffroi_server.fleet.models import Screen
from beffroi_server.schedule import jobs, publication, services
from beffroi_server.schedule import manifest_compiler as compiling


def fresh(screen: Screen) -> Screen:
    return Screen.objects.get(pk=screen.pk)


def is_due(screen: Screen) -> bool:
    return fresh(screen).programme_due_at is not None


class TestPublication:
    def test_of_what_cannot_be_compiled_leaves_what_was_there(self, keyring, playlist, hall, quay, monkeypatch):
        publication.publish_due_programmes()
        before = signing.published_document(PROGRAMME, TopicScope.of_screen("hall"))
        services.rename_playlist(playlist, "Other", user=None)
        real = compiling.compile_manifest

        def refuse(inputs):
            if inputs.screen == "hall":
                raise compiling.CompileError("too-large", "x")
            return real(inputs)

        monkeypatch.setattr(compiling, "compile_manifest", refuse)

        assert publication.publish_due_programmes() == 1
        assert signing.published_document(PROGRAMME, TopicScope.of_screen("hall")) == before
        assert not is_due(hall)

    def test_is_not_lost_when_something_changes_meanwhile(self, keyring, playlist, hall, monkeypatch):
        real = compiling.compile_manifest
        screen = fresh(hall)
        monkeypatch.setattr(
            compiling, "compile_manifest", lambda inputs: (publication.mark_screen(hall), real(inputs))[1]
        )

        assert not publication.publish_programme(screen)
        assert is_due(hall)
        assert not OutboxDocument.objects.filter(topic__endswith="programme").exists()

    def test_once_is_enough(self, keyring, playlist, hall):
        assert publication.publish_due_programmes() == 1
        assert publication.publish_due_programmes() == 0


class TestTwoWorkers:
    def test_never_compile_a_screen_at_the_same_time(self, keyring, playlist, hall, monkeypatch):
        compiled = []
        real = compiling.compile_manifest

        def compile_and_publish(inputs):
            compiled.append(inputs.screen)
            if len(compiled) == 1:
                # Another worker, or a job, looks for what is due while this one compiles.
                assert publication.publish_due_programmes() == 0
            return real(inputs)

        monkeypatch.setattr(compiling, "compile_manifest", compile_and_publish)

        assert publication.publish_due_programmes() == 1
        assert compiled == ["hall"]

    def test_do_not_compile_again_what_the_other_has_just_published(self, keyring, playlist, hall, monkeypatch):
        read_before = fresh(hall)
        assert publication.publish_due_programmes() == 1
        monkeypatch.setattr(compiling, "compile_manifest", None)

        assert not publication.publish_programme(read_before)

    def test_a_job_wakes_the_worker_and_compiles_nothing_itself(self, keyring, playlist, hall, monkeypatch):
        monkeypatch.setattr(compiling, "compile_manifest", None)
        publication._worker_runs.set()
        try:
            publication.publication_due.clear()
            jobs.reconcile_programmes()
            assert publication.publication_due.is_set()
        finally:
            publication._worker_runs.clear()
            publication.publication_due.clear()
        assert is_due(hall)


class TestMovedServer:
    def test_every_programme_tells_of_the_new_address(self, keyring, playlist, hall, quay, settings):
        Screen.objects.filter(pk=hall.pk).update(token_sha256="0" * 64, enrolled_at=timezone.now())
        publication.publish_due_programmes()
        assert not publication.mark_after_move()

        settings.PUBLIC_URL = "https://elsewhere.example"

        assert publication.mark_after_move()
        assert publication.publish_due_programmes() == 2
        assert publication.published_manifest(quay).settings.server == "https://elsewhere.example"
        assert not publication.mark_after_move()
