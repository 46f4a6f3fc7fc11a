/**
 * From the copy of grpc-js that this library uses: `credentials` for the client, `status` for the `code` of an error.
 */
export { credentials, status } from "@grpc/grpc-js";
export { createClient, type DispatcherClient, type TopicsUpdate } from "./client.js";
export type { ReconnectOptions } from "./connection/backoff.js";
export type { ConnectionOptions } from "./connection/connection.js";
export type { SessionStatus } from "./connection/session-status.js";
export type { TlsOptions } from "./connection/tls-options.js";
export type { Token } from "./connection/token-source.js";
export { DispatcherError, type DispatcherErrorInit, type FieldViolation } from "./errors.js";
export type {
  Introspection,
  ListOptions,
  LookupOptions,
  RequestListOptions,
  RequestLookupOptions,
} from "./introspection/introspection.js";
export type {
  ListenerInfo,
  ProducerInfo,
  RequestDetails,
  RequestInfo,
  RequestSummary,
  ServerCounts,
  ServerInfo,
  ServerTotals,
  TimelineEvent,
  TimelineKindName,
  TopicInfo,
} from "./introspection/introspection-info.js";
export type { WatchEvent, WatchOptions } from "./introspection/introspection-watch.js";
export type { Json, JsonObject } from "./json/json.js";
export type { Gap, Listener, ListenerOptions } from "./listener/listener-options.js";
export type { AssignmentContext } from "./producer/assignment.js";
export { type HandlerResult, ResultInit, type ResultParts } from "./producer/handler-result.js";
export type { Handler } from "./producer/handler-scope.js";
export type {
  CloseOptions,
  DispositionName,
  Producer,
  ProducerOptions,
  ProducerTopic,
} from "./producer/producer-options.js";
export type { Gather } from "./request/gather.js";
export type {
  CancelOptions,
  CompletionOptions,
  GatherOptions,
  RequestOptions,
  SelectorOptions,
} from "./request/request-options.js";
export type { ResultDelivery } from "./result/result-delivery.js";
export type { Acceptance, Target } from "./values/acceptance.js";
export type { OutcomeStateName, ProducerOutcome, Summary, SummaryReasonName } from "./values/summary.js";
