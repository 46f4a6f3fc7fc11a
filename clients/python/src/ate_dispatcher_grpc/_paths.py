"""The gRPC paths of ate.dispatcher.v1.DispatcherService, and of the standard health check."""

_SERVICE = "/ate.dispatcher.v1.DispatcherService"

DISPATCH = f"{_SERVICE}/Dispatch"
GATHER = f"{_SERVICE}/Gather"
CANCEL_REQUEST = f"{_SERVICE}/CancelRequest"
PRODUCE = f"{_SERVICE}/Produce"
SUBSCRIBE = f"{_SERVICE}/Subscribe"
UPDATE_LISTENER = f"{_SERVICE}/UpdateListener"
HEALTH_CHECK = "/grpc.health.v1.Health/Check"
