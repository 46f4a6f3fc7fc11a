"""A drop-in replacement for ate-dispatcher 0.1.0 that uses a dispatcher service.

Import ATEDispatcher, Producer and ResultListener from `ate_dispatcher_grpc.compat` instead of `ate_dispatcher`. Pass
the address of the dispatcher to `ATEDispatcher`, or set ATE_DISPATCHER_ADDRESS. Without an address, the ATEDispatcher
starts a dispatcher process for its own lifetime.
"""

from ate_dispatcher_grpc.compat.codec import CONTENT_TYPE
from ate_dispatcher_grpc.compat.dispatcher import ATEDispatcher
from ate_dispatcher_grpc.compat.peers import Producer, ResultListener

__all__ = ["CONTENT_TYPE", "ATEDispatcher", "Producer", "ResultListener"]
