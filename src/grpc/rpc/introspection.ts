/**
 * Handles IntrospectionService: looks, never changes. The lists are the inspector's, in pages.
 */
import type { sendUnaryData } from "@grpc/grpc-js";
import {
  GetRequestRequest,
  GetRequestResponse,
  GetServerInfoResponse,
  ListListenersRequest,
  ListListenersResponse,
  ListProducersRequest,
  ListProducersResponse,
  ListRequestsRequest,
  ListRequestsResponse,
  ListTopicsRequest,
  ListTopicsResponse,
} from "ate-dispatcher-client/internal";
import { invalid, type Refusal, refusal } from "../../core/vocabulary/reason.js";
import { isPattern } from "../../core/vocabulary/topic.js";
import { guard, type UnaryCall } from "../transport/call.js";
import { decodeCold } from "../wire/decode-cold.js";
import {
  listenerInfo,
  type ProcessFacts,
  producerInfo,
  requestInfo,
  serverInfo,
  topicInfo,
} from "../wire/encode-view.js";
import { grpcStatus } from "../wire/status.js";
import type { Edge } from "./edge.js";
import { type PageOrRefusal, pageOf } from "./paging.js";

type Answer = Uint8Array | { readonly refusal: Refusal };
type Handler = (call: UnaryCall, callback: sendUnaryData<Uint8Array>) => void;

/** The unary calls of the service, by method name. */
export function introspection(edge: Edge, facts: ProcessFacts): Readonly<Record<string, Handler>> {
  const { runtime, clock } = edge;
  const { inspector } = runtime;
  return {
    getServerInfo: answering(edge, () => {
      const server = serverInfo(runtime.snapshot(), runtime.droppedCount, facts, clock);
      return GetServerInfoResponse.encode({ server }).finish();
    }),
    listTopics: answering(edge, (bytes) => {
      const asked = decodeCold(ListTopicsRequest, bytes);
      if (!isWanted(asked.topic)) return BAD_TOPIC;
      const listed = pageOf("topics", asked, (after = "") => inspector.topics(after, asked.topic), byTopic);
      return encodePage(listed, (items, nextPageToken) =>
        ListTopicsResponse.encode({ topics: items.map(topicInfo), nextPageToken }).finish(),
      );
    }),
    listProducers: answering(edge, (bytes) => {
      const asked = decodeCold(ListProducersRequest, bytes);
      if (!isWanted(asked.topic)) return BAD_TOPIC;
      const list = (after = "") => inspector.producers(after, asked.topic);
      return encodePage(pageOf("producers", asked, list, byProducer), (items, nextPageToken) => {
        const producers = items.map((view) => producerInfo(view, clock));
        return ListProducersResponse.encode({ producers, nextPageToken }).finish();
      });
    }),
    listListeners: answering(edge, (bytes) => {
      const asked = decodeCold(ListListenersRequest, bytes);
      if (!isWanted(asked.topic)) return BAD_TOPIC;
      const list = (after = "") => inspector.listeners(after, asked.topic);
      return encodePage(pageOf("listeners", asked, list, byListener), (items, nextPageToken) => {
        const listeners = items.map((view) => listenerInfo(view, runtime.queueOf(view.key), clock));
        return ListListenersResponse.encode({ listeners, nextPageToken }).finish();
      });
    }),
    listRequests: answering(edge, (bytes) => {
      const asked = decodeCold(ListRequestsRequest, bytes);
      if (!isWanted(asked.topic)) return BAD_TOPIC;
      const list = (before = "Infinity") =>
        inspector.requests(Number(before), asked.topic, asked.pendingOnly);
      return encodePage(pageOf("requests", asked, list, bySerial), (items, nextPageToken) => {
        const requests = items.map((view) => requestInfo(view, [], clock));
        return ListRequestsResponse.encode({ requests, nextPageToken }).finish();
      });
    }),
    getRequest: answering(edge, (bytes) => {
      const { requestId } = decodeCold(GetRequestRequest, bytes);
      if (requestId === "")
        return { refusal: invalid([{ field: "request_id", description: "is required" }]) };
      const found = inspector.request(requestId);
      if (!found) return { refusal: unknownRequest(requestId) };
      const request = requestInfo(found.request, found.timeline, clock);
      return GetRequestResponse.encode({ request }).finish();
    }),
  };
}

/** A list may be narrowed to a topic; the list of topics also to a pattern. */
function isWanted(topic: string): boolean {
  return topic === "" || isPattern(topic);
}

const BAD_TOPIC = {
  refusal: invalid([
    { field: "topic", description: "is not a topic; use dot-separated tokens of A-Z a-z 0-9 _ -" },
  ]),
};

const byTopic = ({ topic }: { readonly topic: string }): string => topic;
const byProducer = ({ producerId }: { readonly producerId: string }): string => producerId;
const byListener = ({ listenerId }: { readonly listenerId: string }): string => listenerId;
const bySerial = ({ serial }: { readonly serial: number }): string => String(serial);

function unknownRequest(requestId: string): Refusal {
  const message = `no request ${requestId} is in flight or remembered`;
  return refusal("REQUEST_NOT_FOUND", message, { request_id: requestId });
}

function answering({ logger }: Edge, answer: (request: Buffer) => Answer): Handler {
  return (call, callback) => {
    guard(logger, callback, () => {
      const answered = answer(call.request);
      if (answered instanceof Uint8Array) callback(null, answered);
      else callback(grpcStatus(answered.refusal));
    });
  };
}

function encodePage<T>(
  listed: PageOrRefusal<T>,
  encode: (items: readonly T[], nextPageToken: string) => Uint8Array,
): Answer {
  return "page" in listed ? encode(listed.page.items, listed.page.nextPageToken) : listed;
}
