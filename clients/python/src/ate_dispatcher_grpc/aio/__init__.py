"""The client for asyncio. Values, options and errors are those of ate_dispatcher_grpc."""

from ate_dispatcher_grpc.aio.assignment import Assignment, Handler
from ate_dispatcher_grpc.aio.client import Client
from ate_dispatcher_grpc.aio.gather import Gather
from ate_dispatcher_grpc.aio.listener import Listener
from ate_dispatcher_grpc.aio.producer import Producer

__all__ = ["Assignment", "Client", "Gather", "Handler", "Listener", "Producer"]
