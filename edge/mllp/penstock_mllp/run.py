"""Wires the gateway's parts together and runs them until told to stop."""

import asyncio
import logging
import random
import signal
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from penstock_mllp.api import PlatformApi
from penstock_mllp.cloud import HttpCloud
from penstock_mllp.delivery import Backoff, Delivery
from penstock_mllp.gateway import Gateway
from penstock_mllp.health import answering, told
from penstock_mllp.outbound import sending_out
from penstock_mllp.outbox import Outbox
from penstock_mllp.server import Server
from penstock_mllp.settings import Settings

logger = logging.getLogger("penstock_mllp")


async def run(settings: Settings, *, restore_refused: bool = False) -> None:
    """Serve until SIGINT or SIGTERM. Raises `OutboxLocked`, `BadSetting`, OSError when the address is taken."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with serving(settings, restore_refused=restore_refused):
        await stop.wait()
        logger.info("stopping")


@asynccontextmanager
async def serving(settings: Settings, *, restore_refused: bool = False) -> AsyncIterator[tuple[str, int]]:
    """A running gateway and the address it listens on; on leaving it answers what is in flight and stops.

    It listens where the settings say so, and sends where they name destinations; without ``listen`` the address is
    ("", 0).
    """
    counters: Counter[str] = Counter()
    backoff = Backoff(settings.retry_base, settings.retry_cap, random.SystemRandom().random)
    api = PlatformApi(
        settings.url,
        lambda: settings.api_key_file.read_text(encoding="utf-8").strip(),
        timeout=settings.request_timeout,
    )
    async with AsyncExitStack() as stack:
        stack.push_async_callback(api.close)
        delivery = await _delivery(settings, api, backoff, counters, restore_refused)
        stack.push_async_callback(delivery.stop)
        out = None
        if settings.destinations:
            sending = sending_out(settings, api, backoff, _now, counters, restore_refused=restore_refused)
            out = await stack.enter_async_context(sending)
        server = Server(_gateway(settings, delivery, counters), settings)
        stack.push_async_callback(server.stop)

        def standing() -> dict[str, Any]:
            return told(counters, server.connections, delivery.standing(), out.standing() if out else None)

        healthy = await stack.enter_async_context(answering(settings.health_listen, standing))
        if healthy:
            logger.info("health at http://%s:%d/health", *healthy)
        yield await _listening(server, settings)


async def _delivery(
    settings: Settings, api: PlatformApi, backoff: Backoff, counters: Counter[str], restore_refused: bool
) -> Delivery:
    outbox = Outbox(settings.outbox, max_bytes=settings.outbox_max_bytes, max_messages=settings.outbox_max_messages)
    if restore_refused:
        logger.info("%d refused messages are pending again", outbox.restore_refused())
    delivery = Delivery(
        "inbound", outbox, HttpCloud(api), backoff, max_requests=settings.max_requests, counters=counters
    )
    logger.info("%d messages resumed from the outbox", await delivery.start())
    return delivery


async def _listening(server: Server, settings: Settings) -> tuple[str, int]:
    if not settings.listen:
        return "", 0
    host, port = await server.start()
    logger.info("listening on %s:%d", host, port)
    return host, port


def _gateway(settings: Settings, delivery: Delivery, counters: Counter[str]) -> Gateway:
    return Gateway(
        delivery=delivery,
        listener=settings.name,
        ack_on=settings.ack_on,
        ack_timeout=settings.ack_timeout,
        max_frame_bytes=settings.max_frame_bytes,
        clock=_now,
        new_id=lambda: uuid.uuid4().hex[:20],
        counters=counters,
    )


def _now() -> datetime:
    return datetime.now(UTC)
