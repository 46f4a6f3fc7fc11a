/**
 * Handles the unary calls of IntrospectionService, which never change state. Lists come from the inspector, in pages.
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
import { topicFilterRefusal } from "./topic-filter.js";

type Answer = Uint8Array | { readonly refusal: Refusal };
type Handler = (call: UnaryCall, callback: sendUnaryData<Uint8Array>) => void;

/** Creates the handlers of the unary calls, by method name. */
export function introspection(edge: Edge, facts: ProcessFacts): Readonly<Record<string, Handler>> {
  const { runtime, clock } = edge;
  const { inspector } = runtime;
  return {
    getServerInfo: handlerOf(edge, () => {
      const server = serverInfo(runtime.snapshot(), runtime.droppedCount, facts, clock);
      return GetServerInfoResponse.encode({ server }).finish();
    }),
    listTopics: handlerOf(edge, (bytes) => {
      const request = decodeCold(ListTopicsRequest, bytes);
      const refused = topicFilterRefusal(request.topic);
      if (refused) return { refusal: refused };
      const listed = pageOf(
        "topics",
        request,
        (after = "") => inspector.topics(after, request.topic),
        byTopic,
      );
      return encodePage(listed, (items, nextPageToken) =>
        ListTopicsResponse.encode({ topics: items.map(topicInfo), nextPageToken }).finish(),
      );
    }),
    listProducers: handlerOf(edge, (bytes) => {
      const request = decodeCold(ListProducersRequest, bytes);
      const refused = topicFilterRefusal(request.topic);
      if (refused) return { refusal: refused };
      const list = (after = "") => inspector.producers(after, request.topic);
      return encodePage(pageOf("producers", request, list, byProducer), (items, nextPageToken) => {
        const producers = items.map((view) => producerInfo(view, clock));
        return ListProducersResponse.encode({ producers, nextPageToken }).finish();
      });
    }),
    listListeners: handlerOf(edge, (bytes) => {
      const request = decodeCold(ListListenersRequest, bytes);
      const refused = topicFilterRefusal(request.topic);
      if (refused) return { refusal: refused };
      const list = (after = "") => inspector.listeners(after, request.topic);
      return encodePage(pageOf("listeners", request, list, byListener), (items, nextPageToken) => {
        const listeners = items.map((view) => listenerInfo(view, runtime.queueOf(view.key), clock));
        return ListListenersResponse.encode({ listeners, nextPageToken }).finish();
      });
    }),
    listRequests: handlerOf(edge, (bytes) => {
      const request = decodeCold(ListRequestsRequest, bytes);
      const refused = topicFilterRefusal(request.topic);
      if (refused) return { refusal: refused };
      const list = (before = "Infinity") =>
        inspector.requests(Number(before), request.topic, request.pendingOnly);
      return encodePage(pageOf("requests", request, list, bySerial), (items, nextPageToken) => {
        const requests = items.map((view) => requestInfo(view, [], clock));
        return ListRequestsResponse.encode({ requests, nextPageToken }).finish();
      });
    }),
    getRequest: handlerOf(edge, (bytes) => {
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

const byTopic = ({ topic }: { readonly topic: string }): string => topic;
const byProducer = ({ producerId }: { readonly producerId: string }): string => producerId;
const byListener = ({ listenerId }: { readonly listenerId: string }): string => listenerId;
const bySerial = ({ serial }: { readonly serial: number }): string => String(serial);

function unknownRequest(requestId: string): Refusal {
  const message = `no request ${requestId} is pending or retained`;
  return refusal("REQUEST_NOT_FOUND", message, { request_id: requestId });
}

function handlerOf({ logger }: Edge, answer: (request: Buffer) => Answer): Handler {
  return (call, callback) => {
    guard(logger, callback, () => {
      const response = answer(call.request);
      if (response instanceof Uint8Array) callback(null, response);
      else callback(grpcStatus(response.refusal));
    });
  };
}

function encodePage<T>(
  listed: PageOrRefusal<T>,
  encode: (items: readonly T[], nextPageToken: string) => Uint8Array,
): Answer {
  return "page" in listed ? encode(listed.page.items, listed.page.nextPageToken) : listed;
}
