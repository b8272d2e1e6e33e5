"""MQTT broker inside the server's process, for a demonstration and a handful of screens; beyond that, Mosquitto.

The only module that knows amqtt.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, BaseContext
from amqtt.errors import BrokerError
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from beffroi_content.wire import access
from beffroi_content.wire.broker_accounts import client_identifier
from beffroi_content.wire.limits import packet_limit
from beffroi_content.wire.messages import STATUS
from beffroi_content.wire.scopes import TopicScope, user_screen
from beffroi_server.core import database
from beffroi_server.delivery import broker_access, signing

logger = logging.getLogger(__name__)
QueryResult = TypeVar("QueryResult")
MAX_PACKET_BYTES = packet_limit()
"""Bytes of one packet: the largest message, its topic and header."""
MAX_CONNECTIONS = 500
START_TIMEOUT_S, STOP_TIMEOUT_S = 60, 10
"""A machine that boots is busy; one that stops may not wait."""


class BrokerNotStarted(Exception):
    """Reason why the broker does not start."""


class BrokerAccessPlugin(BaseAuthPlugin, BaseTopicPlugin):  # type: ignore[misc]
    """Plugin of amqtt that checks credentials, and each topic against the access rules."""

    @dataclass
    class Config:
        """The server's own credentials, and the site."""

        site: str
        username: str
        password: str

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        self._config: BrokerAccessPlugin.Config = context.config

    async def authenticate(self, *, session: Session) -> bool:
        """Check the credentials, and that client identifier and last will are those that belong to them."""
        username, password = session.username or "", session.password or ""
        if not username or not password:
            return False
        if username == self._config.username:
            return hmac.compare_digest(password.encode(), self._config.password.encode())
        screen = user_screen(username)
        if screen is None or session.client_id != client_identifier(password):
            return False
        own_will = str(STATUS.topic_for(self._config.site, TopicScope.of_screen(screen)))
        if session.will_flag and session.will_topic != own_will:
            return False
        account = await _query_in_thread(broker_access.registered_devices().account_of, username)
        return account is not None and hmac.compare_digest(password.encode(), account.password.encode())

    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        """Check a topic against the table of access rules."""
        username = (session.username if session is not None else None) or ""
        if username == self._config.username:
            return True
        screen = user_screen(username)
        if screen is None or not topic:
            return False
        if action == Action.PUBLISH:
            return access.may_write(self._config.site, screen, topic)
        if action == Action.RECEIVE:
            return True  # it was allowed to subscribe
        if access.may_read(self._config.site, screen, (), topic):
            return True
        # The database is asked only where the answer depends on the groups.
        groups = await _query_in_thread(broker_access.registered_devices().groups_of, screen)
        return access.may_read(self._config.site, screen, groups, topic)


class _LimitedReader(StreamReaderAdapter):  # type: ignore[misc]
    """Reader that ends the connection at a packet larger than any declared message."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__(reader)
        self._ended = False

    async def read(self, n: int = -1) -> bytes:
        self._ended = self._ended or n > MAX_PACKET_BYTES
        return b"" if self._ended else bytes(await super().read(n))


class _StrictBroker(Broker):  # type: ignore[misc]
    """Broker without three weaknesses of amqtt.

    amqtt reads a packet of whatever length is announced, leaves the sockets of failed connections open, and sends a
    client that subscribes the retained messages of other clients' subscriptions.
    """

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        try:
            await self.external_connected(_LimitedReader(reader), StreamWriterAdapter(writer), listener_name)
        finally:
            writer.close()

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        audience = self._subscriptions.get(subscription[0], ())
        if any(listener.client_id == session.client_id for listener, _quality in audience):
            await super()._publish_retained_messages_for_subscription(subscription, session)


class EmbeddedBroker:
    """The broker, in a thread with an event loop of its own.

    Args:
        address: To listen at, such as ``0.0.0.0``.
        port: To listen at.
        username: Of the server.
        password: Of the server.
    """

    def __init__(self, address: str, port: int, *, username: str, password: str) -> None:
        gate = f"{BrokerAccessPlugin.__module__}.{BrokerAccessPlugin.__qualname__}"
        self._config: dict[str, Any] = {
            "listeners": {"default": {"type": "tcp", "bind": f"{address}:{port}", "max_connections": MAX_CONNECTIONS}},
            "plugins": {gate: {"site": signing.current_site(), "username": username, "password": password}},
        }
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run_loop, name="broker", daemon=True)
        self._broker: Broker | None = None

    def start(self) -> None:
        """Start to listen.

        Raises:
            BrokerNotStarted: the port is taken, or something else is in the way.
        """
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._start_broker(), self._loop).result(START_TIMEOUT_S)
        except (BrokerError, OSError, TimeoutError) as error:
            self._stop_loop()
            raise BrokerNotStarted(str(error)) from error

    def end_former_connections(self, username: str) -> None:
        """End the connections of a player with an account that is no more. From any thread; waits for nothing."""
        asyncio.run_coroutine_threadsafe(self._end_former_connections(username), self._loop)

    def stop(self) -> None:
        """Close all connections and end the thread of the broker."""
        if self._broker is not None:
            try:
                asyncio.run_coroutine_threadsafe(self._broker.shutdown(), self._loop).result(STOP_TIMEOUT_S)
            except Exception:
                logger.exception("the broker did not stop cleanly")
        self._stop_loop()

    async def _end_former_connections(self, username: str) -> None:
        account = await _query_in_thread(broker_access.registered_devices().account_of, username)
        present = account.client_id if account is not None else None
        for session, handler in list(self._broker.sessions.values()) if self._broker is not None else ():
            if session.username == username and session.client_id != present:
                await handler.handle_connection_closed()
                await handler.stop()

    async def _start_broker(self) -> None:
        self._broker = _StrictBroker(self._config, self._loop)
        try:
            await self._broker.start()
        except BrokerError:
            self._broker = None
            raise

    def _run_loop(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _stop_loop(self) -> None:
        asyncio.run_coroutine_threadsafe(_cancel_other_tasks(), self._loop).result(STOP_TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_TIMEOUT_S)
        self._loop.close()


async def _cancel_other_tasks() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _query_in_thread(query: Callable[..., QueryResult], *arguments: str) -> QueryResult:
    """Ask the database from a thread: the event loop must not wait for it."""

    def run_query() -> QueryResult:
        # Whichever thread of the pool this is, it may not be asked again for long.
        with database.close_connection_after():
            return query(*arguments)

    return await asyncio.to_thread(run_query)
