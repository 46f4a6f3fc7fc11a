"""A drop-in for ate-dispatcher 0.1.0 on top of a dispatcher service.

Import ATEDispatcher, Producer and ResultListener from `ate_dispatcher_grpc.compat` instead of `ate_dispatcher`. Where
the dispatcher is, `ATEDispatcher(address)` or ATE_DISPATCHER_ADDRESS says; without either, one is started for the life
of the ATEDispatcher.
"""

from ate_dispatcher_grpc.compat.codec import CONTENT_TYPE, register_type
from ate_dispatcher_grpc.compat.dispatcher import ATEDispatcher
from ate_dispatcher_grpc.compat.peers import Producer, ResultListener

__all__ = ["CONTENT_TYPE", "ATEDispatcher", "Producer", "ResultListener", "register_type"]
