/**
 * Internal: only for the ate-dispatcher server of the same version.
 *
 * The server and this client speak one protocol, so its generated messages and its wire format exist once, here. This
 * entry is not part of the public API and is not stable: a patch release may rename or remove anything in it. Programs
 * use the package's main entry.
 */

export { WireError } from "./codec/cursor.js";
export { WireReader } from "./codec/reader.js";
export { digitCount, fieldSize, textSize, varintSize, WireWriter } from "./codec/writer.js";
export {
  CancelRequestRequest,
  CancelRequestResponse,
  DispatcherServiceClient,
  DispatcherServiceService,
  DispatchRequest,
  DispatchResponse,
  GatherRequest,
  GatherResponse,
  ListenRequest,
  ListenResponse,
  ProduceRequest,
  ProduceResponse,
  SubmitRequest,
  SubmitResponse,
  SubscribeRequest,
  SubscribeResponse,
  UpdateListenerRequest,
  UpdateListenerResponse,
} from "./gen/ate/dispatcher/v1/dispatcher_service.js";
export { GatherEvent, Rejection } from "./gen/ate/dispatcher/v1/gather.js";
export {
  ListenerInfo,
  ProducerInfo,
  RequestInfo,
  ServerCounts,
  ServerInfo,
  ServerTotals,
  TimelineKind,
  TopicInfo,
  WatchEvent,
} from "./gen/ate/dispatcher/v1/introspection.js";
export {
  GetRequestRequest,
  GetRequestResponse,
  GetServerInfoResponse,
  IntrospectionServiceClient,
  IntrospectionServiceService,
  ListListenersRequest,
  ListListenersResponse,
  ListProducersRequest,
  ListProducersResponse,
  ListRequestsRequest,
  ListRequestsResponse,
  ListTopicsRequest,
  ListTopicsResponse,
  WatchRequest,
  WatchResponse,
} from "./gen/ate/dispatcher/v1/introspection_service.js";
export { Gap, GapReason, ListenerEvent, OverflowAction } from "./gen/ate/dispatcher/v1/listener.js";
export {
  Assignment,
  DispatcherMessage,
  DispositionState,
  Hello,
  ProducerMessage,
  Reply,
  RevocationReason,
  Welcome,
} from "./gen/ate/dispatcher/v1/producer.js";
export { Acceptance, LoserAction, NoProducersAction, Request } from "./gen/ate/dispatcher/v1/request.js";
export { Delivery, Result } from "./gen/ate/dispatcher/v1/result.js";
export { Cursor, GoAwayReason } from "./gen/ate/dispatcher/v1/session.js";
export { OutcomeState, Summary, SummaryReason } from "./gen/ate/dispatcher/v1/summary.js";
export { FIELDS, TAGS } from "./gen/field-numbers.js";
export { Duration } from "./gen/google/protobuf/duration.js";
export { Value } from "./gen/google/protobuf/struct.js";
export { Timestamp } from "./gen/google/protobuf/timestamp.js";
export { BadRequest, ErrorInfo, RetryInfo } from "./gen/google/rpc/error_details.js";
export { Status } from "./gen/google/rpc/status.js";
