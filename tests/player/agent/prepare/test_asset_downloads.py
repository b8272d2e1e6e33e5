"""Files: several at a time, no faster than allowed, at the hours that are wanted, and kept as long as there is room."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.player_harness import PlayerHarness
from tests.support.signing_town import TOKEN, SigningTown, jpeg, picture_slide, slide

from beffroi_content.model import DownloadSettings, Playlist, TimeWindow
from beffroi_content.timeline import ClockState, Moment
from beffroi_player.agent.prepare.asset_downloads import AssetStore
from beffroi_player.agent.prepare.download_window import is_download_due, postponed_downloads
from beffroi_player.agent.transport.http_client import ServerClient
from beffroi_player.agent.transport.peer_sharing import PeerSharing
from beffroi_player.agent.transport.rate_limit import RateLimit

CONTENT = bytes(range(256)) * 4_000
HOUR = 3_600_000
NIGHT = DownloadSettings(window=TimeWindow(start=dt.time(1), end=dt.time(5)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "assets"
    folder.mkdir()
    return folder


@dataclass
class Disk:
    """What a disk of a gigabyte has free."""

    free: int

    def __call__(self, _folder: Path) -> os.statvfs_result:
        return os.statvfs_result((1000, 1000, 1_000_000, self.free // 1000, self.free // 1000, 0, 0, 0, 0, 255))


class TestRateLimit:
    def test_over_time_no_more_comes_than_is_allowed(self):
        now = [0.0]
        pace = RateLimit(lambda: now[0])
        pace.bytes_per_second = 10_000
        taken = 0
        while now[0] < 60:
            taken += 4_096
            now[0] += pace.consume_bytes(4_096)
        assert taken <= 10_000 * 61
        assert taken >= 10_000 * 58

    def test_two_downloads_share_it(self):
        now = [0.0]
        pace = RateLimit(lambda: now[0])
        pace.bytes_per_second = 1_000
        pace.consume_bytes(500)
        first, second = pace.consume_bytes(1_000), pace.consume_bytes(1_000)
        assert second - first == pytest.approx(1.0)

    def test_without_a_limit_nobody_waits(self):
        assert RateLimit(lambda: 0.0).consume_bytes(10**9) == 0.0

    def test_a_long_pause_is_not_caught_up(self):
        now = [0.0]
        pace = RateLimit(lambda: now[0])
        pace.bytes_per_second = 1_000
        pace.consume_bytes(1)
        now[0] = 3_600.0
        assert pace.consume_bytes(2_000) == pytest.approx(1.5)


class TestParallelDownloads:
    def test_a_programme_with_many_files_is_ready(self, fetching_player: PlayerHarness, hall: SigningTown):
        slides = [
            picture_slide(f"photo-{n}", hall.add_file(jpeg("red", (320 + n, 180)))) for n in range(8)
        ]  # fmt: skip
        fetching_player.receive(
            hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(*slides))
        )
        assert fetching_player.held.pending is None
        assert len(list(fetching_player.state.assets.iterdir())) == 8

    def test_one_missing_file_is_named_and_the_others_are_there(
        self, fetching_player: PlayerHarness, hall: SigningTown
    ):
        slides = [picture_slide(f"photo-{n}", hall.add_file(jpeg("red", (320 + n, 180)))) for n in range(5)]
        gone = slides[2].assets[0].sha256
        del hall.files[gone]
        fetching_player.receive(
            hall.publish_keys(), hall.publish_beat(), hall.publish_programme(hall.manifest(*slides))
        )
        assert f"waits for 1 of 5 files; {gone[:12]}" in fetching_player.preparer.status
        assert len(list(fetching_player.state.assets.iterdir())) == 4


class TestFreeSpace:
    def test_what_is_not_needed_stays_while_there_is_room(self, hall: SigningTown, folder: Path):
        assets = AssetStore(folder, ServerClient("http://127.0.0.1:9"), disk=Disk(free=900_000_000))
        (folder / ("0" * 64)).write_bytes(b"of last winter")
        assets.remove_unneeded([])
        assert [path.name for path in folder.iterdir()] == ["0" * 64]

    def test_without_room_all_goes_that_is_not_needed(self, hall: SigningTown, folder: Path):
        asset = hall.add_file(CONTENT)
        for name in (asset.sha256, "0" * 64, "1" * 64):
            (folder / name).write_bytes(b"x")
        AssetStore(folder, ServerClient("http://127.0.0.1:9"), disk=Disk(free=100_000_000)).remove_unneeded([asset])
        assert [path.name for path in folder.iterdir()] == [asset.sha256]

    def test_what_was_used_longest_ago_goes_first(self, folder: Path):
        for age, name in enumerate("abc"):
            (folder / (name * 64)).write_bytes(b"x")
            os.utime(folder / (name * 64), (10**9 - age, 10**9 - age))

        def disk(_: Path) -> os.statvfs_result:
            return Disk(free=900_000_000 if len(list(folder.iterdir())) <= 2 else 1)(folder)

        AssetStore(folder, ServerClient("http://127.0.0.1:9"), disk=disk).remove_unneeded([])
        assert sorted(path.name[0] for path in folder.iterdir()) == ["a", "b"]

    def test_a_use_makes_a_file_young(self, hall: SigningTown, folder: Path):
        asset = hall.add_file(CONTENT)
        path = folder / asset.sha256
        path.write_bytes(CONTENT)
        os.utime(path, (10**9, 10**9))
        AssetStore(folder, ServerClient("http://127.0.0.1:9")).ensure_downloaded(asset)
        assert path.stat().st_mtime > 1.5e9

    def test_half_a_file_goes_in_any_case(self, folder: Path):
        (folder / ("0" * 64 + ".part")).write_bytes(b"half")
        AssetStore(folder, ServerClient("http://127.0.0.1:9"), disk=Disk(free=900_000_000)).remove_unneeded([])
        assert list(folder.iterdir()) == []


class TestDownloadWindow:
    def at(self, hour: int) -> Moment:
        return Moment(round(dt.datetime(2026, 6, 1, hour, tzinfo=dt.UTC).timestamp() * 1000) - 2 * HOUR, 0)

    def manifest(self, hall: SigningTown, later_hours: int, downloads: DownloadSettings = NIGHT):
        noon = self.at(12).unix_ms
        later = picture_slide("later", hall.add_file(jpeg("blue"))).replace(valid_from_ms=noon + later_hours * HOUR)
        return hall.manifest(picture_slide("now", hall.add_file(jpeg("red"))), later, downloads=downloads)

    def test_what_is_shown_in_days_waits_for_the_night(self, hall: SigningTown):
        manifest = self.manifest(hall, 72)
        found = postponed_downloads(manifest, self.at(12))
        assert found.slides == {"later"}
        assert found.assets == set(manifest.slides[1].assets)
        assert postponed_downloads(manifest, self.at(2)).slides == set()
        assert not is_download_due(manifest, frozenset({"later"}), self.at(12))
        assert is_download_due(manifest, frozenset({"later"}), self.at(2))

    def test_what_is_shown_soon_does_not(self, hall: SigningTown):
        assert postponed_downloads(self.manifest(hall, 30), self.at(12)).slides == set()

    def test_what_only_a_rule_of_another_season_shows_waits(self, hall: SigningTown):
        photo = picture_slide("summer", hall.add_file(jpeg("yellow")))
        manifest = hall.manifest(slide("a"), photo, downloads=NIGHT)
        (always,) = manifest.rules
        today = dt.datetime.fromtimestamp(self.at(12).unix_ms / 1000, dt.UTC).date()
        playlists = tuple(Playlist(id=f"of-{name}", name=name, slides=(name,)) for name in ("a", "summer"))
        season = always.replace(id="season", playlist="of-summer", first_date=today + dt.timedelta(days=90))
        manifest = manifest.replace(playlists=playlists, rules=(always.replace(playlist="of-a"), season))
        assert postponed_downloads(manifest, self.at(12)).slides == {"summer"}
        soon = Moment(self.at(12).unix_ms + 89 * 24 * HOUR, 0)
        assert postponed_downloads(manifest, soon).slides == set()

    def test_a_file_that_is_needed_before_does_not_wait(self, hall: SigningTown):
        same = hall.add_file(jpeg("red"))
        later = picture_slide("later", same).replace(valid_from_ms=self.at(12).unix_ms + 72 * HOUR)
        manifest = hall.manifest(picture_slide("now", same), later, downloads=NIGHT)
        assert postponed_downloads(manifest, self.at(12)).assets == set()

    @pytest.mark.parametrize("downloads", [DownloadSettings(), DownloadSettings(kilobytes_per_second=100)])
    def test_without_hours_nothing_waits(self, hall: SigningTown, downloads: DownloadSettings):
        assert postponed_downloads(self.manifest(hall, 72, downloads), self.at(12)).slides == set()

    @pytest.mark.parametrize("clock", [ClockState.UNKNOWN, ClockState.CARRIED])
    def test_while_nobody_is_certain_of_the_time_nothing_waits(self, hall: SigningTown, clock: ClockState):
        moment = Moment(self.at(12).unix_ms, 0, clock)
        assert postponed_downloads(self.manifest(hall, 72), moment).slides == set()

    def test_a_programme_is_on_without_them_and_whole_when_they_are_due(
        self, fetching_player: PlayerHarness, hall: SigningTown
    ):
        player, noon = fetching_player, self.at(12).unix_ms
        player.time.system_ms = hall.now_ms = noon
        player.start()
        later = picture_slide("later", hall.add_file(jpeg("blue"))).replace(valid_from_ms=noon + 48 * HOUR)
        manifest = hall.manifest(slide("a"), later, downloads=NIGHT)
        player.receive(hall.publish_keys(), hall.publish_beat(), hall.publish_programme(manifest))
        assert player.slides == ["a"]
        assert not hall.requests
        assert player.run_iteration().faults == ()

        player.wait(14 * HOUR)
        player.prepare(player.held.active)
        assert len(hall.requests) == 1
        player.wait(34 * HOUR + 10_000)
        assert player.held.active.slides_with_frames == {"a", "later", "idle"}


class TestPeerSharing:
    @pytest.fixture
    def port(self) -> int:
        import socket

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            return int(probe.getsockname()[1])

    @pytest.fixture
    def two(self, tmp_path: Path, port: int):
        """Two players of a town on the loopback interface: the first has files, the second asks."""
        made = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            made.append(PeerSharing(tmp_path / name, "saint-aubin", "127.0.0.1", port))
            made[-1].start_sharing()
        if not all(each.is_sharing for each in made):
            pytest.skip("this machine has no multicast on its loopback interface")
        yield tmp_path / "one", AssetStore(tmp_path / "two", ServerClient("http://127.0.0.1:9"), made[1]), made
        for each in made:
            each.stop_sharing()

    def test_a_file_comes_from_a_peer_without_a_server(self, two, hall: SigningTown):
        folder, assets, _ = two
        asset = hall.add_file(CONTENT)
        (folder / asset.sha256).write_bytes(CONTENT)
        assets.ensure_downloaded(asset)
        assert assets.asset_path(asset).read_bytes() == CONTENT

    def test_half_a_file_goes_on_from_a_peer(self, two, hall: SigningTown):
        folder, assets, _ = two
        asset = hall.add_file(CONTENT)
        (folder / asset.sha256).write_bytes(CONTENT)
        Path(f"{assets.asset_path(asset)}.part").write_bytes(CONTENT[:500_000])
        assets.ensure_downloaded(asset)
        assert assets.asset_path(asset).read_bytes() == CONTENT

    def test_what_is_wrong_is_refused_and_its_giver_is_not_asked_again(self, two, hall: SigningTown):
        folder, assets, (_, asker) = two
        asset = hall.add_file(CONTENT)
        (folder / asset.sha256).write_bytes(CONTENT[::-1])
        assert asker.find_peers(asset.sha256)
        with hall.serve() as url:
            assets._server = ServerClient(url, TOKEN)
            assets.ensure_downloaded(asset)
        assert assets.asset_path(asset).read_bytes() == CONTENT
        assert hall.requests
        assert asker.find_peers(asset.sha256) == []

    def test_another_town_gets_no_answer(self, two, tmp_path: Path, port: int, hall: SigningTown):
        folder, _, _ = two
        asset = hall.add_file(CONTENT)
        (folder / asset.sha256).write_bytes(CONTENT)
        stranger = PeerSharing(tmp_path / "two", "saint-malo", "127.0.0.1", port)
        stranger.start_sharing()
        assert stranger.find_peers(asset.sha256) == []
        stranger.stop_sharing()

    @pytest.mark.parametrize("path", ["/", "/../programme.json", "/%2e%2e/enrolment.json", "/" + "0" * 64])
    def test_nothing_but_whole_files_is_given(self, two, path: str):
        import requests

        folder, _, (first, _) = two
        (folder / ("0" * 64 + ".part")).write_bytes(b"half")
        (folder.parent / "enrolment.json").write_text("secret")
        assert first._file_server is not None
        answer = requests.get(f"http://127.0.0.1:{first._file_server.server_port}{path}", timeout=5)
        assert answer.status_code == 404
        assert "secret" not in answer.text

    def test_who_is_closed_neither_asks_nor_answers(self, two, hall: SigningTown):
        folder, _, (first, second) = two
        asset = hall.add_file(CONTENT)
        (folder / asset.sha256).write_bytes(CONTENT)
        first.stop_sharing()
        assert second.find_peers(asset.sha256) == []
        second.stop_sharing()
        assert second.find_peers(asset.sha256) == []
