/**
 * From the copy of grpc-js that this library uses: `credentials` for the client, `status` for the `code` of an error.
 */
export { credentials, status } from "@grpc/grpc-js";
export type { Acceptance, Target } from "./acceptance.js";
export type { AssignmentContext } from "./assignment.js";
export type { ReconnectOptions } from "./backoff.js";
export { createClient, type DispatcherClient, type TopicsUpdate } from "./client.js";
export type { ConnectionOptions } from "./connection.js";
export { DispatcherError, type DispatcherErrorInit, type FieldViolation } from "./errors.js";
export type { Gather } from "./gather.js";
export { type HandlerResult, ResultInit, type ResultParts } from "./handler-result.js";
export type { Introspection, ListOptions, LookupOptions, RequestListOptions } from "./introspection.js";
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
} from "./introspection-info.js";
export type { WatchEvent, WatchOptions } from "./introspection-watch.js";
export type { Json, JsonObject } from "./json.js";
export type { Gap, Listener, ListenerOptions } from "./listener-options.js";
export type { Handler } from "./outstanding.js";
export type {
  CloseOptions,
  DispositionName,
  Producer,
  ProducerOptions,
  ProducerTopic,
} from "./producer-options.js";
export type { CompletionOptions, GatherOptions, RequestOptions, SelectorOptions } from "./request-options.js";
export type { ResultDelivery } from "./result-delivery.js";
export type { SessionStatus } from "./session-status.js";
export type { OutcomeStateName, ProducerOutcome, Summary, SummaryReasonName } from "./summary.js";
