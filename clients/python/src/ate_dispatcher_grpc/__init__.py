"""The Python client of ate-dispatcher, a scatter-gather dispatcher.

`Client` is for programs with threads, `ate_dispatcher_grpc.aio.Client` for asyncio, and `ate_dispatcher_grpc.compat`
for programs written for ate-dispatcher 0.1.0.
"""

from ate_dispatcher_grpc._backoff import Reconnect
from ate_dispatcher_grpc._json import Json, JsonLike
from ate_dispatcher_grpc._listener_core import ListenerItem, OverflowAction
from ate_dispatcher_grpc._producer_options import ProducerTopic
from ate_dispatcher_grpc._producer_port import Disposition
from ate_dispatcher_grpc._token import Token
from ate_dispatcher_grpc.assignment import Assignment, Handler
from ate_dispatcher_grpc.client import Client
from ate_dispatcher_grpc.delivery import ResultDelivery
from ate_dispatcher_grpc.errors import (
    ClosedError,
    DispatcherError,
    FieldViolation,
    InvalidArgumentError,
    LimitError,
    NoProducersError,
    NotFoundError,
    PermissionDeniedError,
    ProducerError,
    RevokedError,
    SessionReplacedError,
    UnauthenticatedError,
    UnavailableError,
)
from ate_dispatcher_grpc.gather import Gather
from ate_dispatcher_grpc.handler_result import HandlerResult, Result
from ate_dispatcher_grpc.listener import Listener
from ate_dispatcher_grpc.options import Completion, GatherOptions, RequestOptions, Selector
from ate_dispatcher_grpc.producer import Producer
from ate_dispatcher_grpc.results import (
    Acceptance,
    Gap,
    GapReason,
    OutcomeState,
    ProducerOutcome,
    Summary,
    SummaryReason,
    Target,
)
from ate_dispatcher_grpc.status import Closed, Disconnected, Fault, GoingAway, Ready, SessionStatus
from ate_dispatcher_grpc.tls import Tls

__version__ = "0.1.0"

__all__ = [
    "Acceptance",
    "Assignment",
    "Client",
    "Closed",
    "ClosedError",
    "Completion",
    "Disconnected",
    "DispatcherError",
    "Disposition",
    "Fault",
    "FieldViolation",
    "Gap",
    "GapReason",
    "Gather",
    "GatherOptions",
    "GoingAway",
    "Handler",
    "HandlerResult",
    "InvalidArgumentError",
    "Json",
    "JsonLike",
    "LimitError",
    "Listener",
    "ListenerItem",
    "NoProducersError",
    "NotFoundError",
    "OutcomeState",
    "OverflowAction",
    "PermissionDeniedError",
    "Producer",
    "ProducerError",
    "ProducerOutcome",
    "ProducerTopic",
    "Ready",
    "Reconnect",
    "RequestOptions",
    "Result",
    "ResultDelivery",
    "RevokedError",
    "Selector",
    "SessionReplacedError",
    "SessionStatus",
    "Summary",
    "SummaryReason",
    "Target",
    "Tls",
    "Token",
    "UnauthenticatedError",
    "UnavailableError",
    "__version__",
]
