"""What the settings of the newest programme say to the agent itself: where the server is, downloads, silence."""

from __future__ import annotations

from beffroi_content.model import ScreenSettings
from beffroi_player import system_clock
from beffroi_player.agent.held_state import HeldState
from beffroi_player.agent.host.agent_clock import AgentClock
from beffroi_player.agent.prepare.download_window import is_download_due
from beffroi_player.agent.prepare.preparation_queue import PreparationQueue
from beffroi_player.agent.prepare.programme_preparation import slide_sizes
from beffroi_player.agent.silence import TownSilence
from beffroi_player.agent.storage import PendingProgramme, PlayerEnrolment
from beffroi_player.agent.transport import trusted_authorities
from beffroi_player.agent.transport.authority_search import AuthoritySearch
from beffroi_player.agent.transport.broker_moves import BrokerMoves
from beffroi_player.agent.transport.http_client import ServerClient
from beffroi_player.agent.transport.peer_sharing import PeerSharing


class FollowedSettings:
    """Lets the parts of the agent follow the settings of the programme. In the reporting thread, where nothing is said.

    Args:
        enrolment: Says what holds until there is a programme.
        held: Knows the programmes.
        clock: The agent's.
        server: Told of the address of the server.
        broker_moves: Told of the place of the broker.
        peers: Shares files with screens on the same network, or not.
        preparation: Fetches what has waited for the download window.
        silence: Told for how many hours the town may be silent.
    """

    def __init__(
        self, enrolment: PlayerEnrolment, held: HeldState, clock: AgentClock, server: ServerClient,
        broker_moves: BrokerMoves, peers: PeerSharing, preparation: PreparationQueue, silence: TownSilence,
    ) -> None:  # fmt: skip
        self._enrolment = enrolment
        self._held, self._clock, self._server, self._broker_moves = held, clock, server, broker_moves
        self._peers, self._preparation, self._silence = peers, preparation, silence
        self._authorities = AuthoritySearch(server, lambda: held.admission.trust, clock.now, system_clock.uptime_ms)

    def of_screen(self) -> ScreenSettings | None:
        """Return the settings of the active programme; None where there is none. For any thread."""
        active = self._held.active
        return active.manifest.settings if active is not None else None

    def learn_places(self) -> None:
        """Learn from the newest programme where server and broker are by now, and who vouches for them.

        Before the first one, which has to be fetched from them, those vouch for them that the enrolment card has named.
        """
        # Also from one whose files are still at the new address.
        if newest := self._held.pending or self._held.active:
            where = newest.manifest.settings
            self._server.know_address(where.server)
            self._broker_moves.know_place(where.broker)
            trusted_authorities.believe(where.authorities)
        else:
            trusted_authorities.believe(self._enrolment.authorities)

    def find_authorities(self) -> bool:
        """Ask the server who vouches for it, where nobody does; return whether somebody does now. While it polls."""
        return self._authorities.find()

    def check_downloads(self) -> None:
        """Share files with peers or not, and fetch what has waited for the download window."""
        self.learn_places()
        active, pending = self._held.active, self._held.pending
        if active is None:
            return
        if active.manifest.settings.downloads.neighbours:
            self._peers.start_sharing()
        else:
            self._peers.stop_sharing()
        waiting = frozenset(slide.id for slide, _ in slide_sizes(active.manifest)) - active.slides_with_frames
        if pending is None and is_download_due(active.manifest, waiting, self._clock.now()):
            self._preparation.offer_programme(PendingProgramme(sequence=active.sequence, manifest=active.manifest))

    def check_silence(self) -> None:
        """Go dark where the town was silent for as long as it has set, or show the programme again."""
        server, settings = self._clock.server, self.of_screen()
        limit = settings.dark_after_hours if settings is not None else None
        self._silence.check(server.beat_uptime_ms if server is not None else None, limit)
