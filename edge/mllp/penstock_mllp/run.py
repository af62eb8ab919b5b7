"""Wires the gateway's parts together and runs them until told to stop."""

import asyncio
import logging
import random
import signal
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from penstock_mllp.cloud import HttpCloud
from penstock_mllp.delivery import Backoff, Delivery
from penstock_mllp.gateway import Gateway
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
    """A running gateway and the address it listens on; on leaving it answers what is in flight and stops."""
    outbox = Outbox(settings.outbox, max_bytes=settings.outbox_max_bytes, max_messages=settings.outbox_max_messages)
    if restore_refused:
        logger.info("%d refused messages are pending again", outbox.restore_refused())
    cloud = HttpCloud(
        settings.url,
        lambda: settings.api_key_file.read_text(encoding="utf-8").strip(),
        timeout=settings.request_timeout,
        connections=settings.max_requests,
    )
    backoff = Backoff(settings.retry_base, settings.retry_cap, random.SystemRandom().random)
    delivery = Delivery(outbox, cloud, backoff, max_requests=settings.max_requests)
    server = Server(_gateway(settings, delivery), settings)
    try:
        resumed = await delivery.start()
        host, port = await server.start()
        logger.info("listening on %s:%d, %d messages resumed from the outbox", host, port, resumed)
        yield host, port
    finally:
        await server.stop()
        await delivery.stop()
        await cloud.close()


def _gateway(settings: Settings, delivery: Delivery) -> Gateway:
    return Gateway(
        delivery=delivery,
        listener=settings.name,
        ack_on=settings.ack_on,
        ack_timeout=settings.ack_timeout,
        max_frame_bytes=settings.max_frame_bytes,
        clock=lambda: datetime.now(UTC),
        new_id=lambda: uuid.uuid4().hex[:20],
    )
