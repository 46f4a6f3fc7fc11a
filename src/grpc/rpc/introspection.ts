/**
 * Handles the unary calls of IntrospectionService, which never change state. Lists come from the inspector, in pages.
 */
import type { sendUnaryData } from "@grpc/grpc-js";
import {
  GetRequestRequest,
  GetRequestResponse,
  GetServerInfoResponse,
  ListenerInfo,
  ListListenersRequest,
  ListProducersRequest,
  ListRequestsRequest,
  ListTopicsRequest,
  ProducerInfo,
  RequestInfo,
  TopicInfo,
} from "ate-dispatcher-client/internal";
import type { Caller } from "../../core/vocabulary/principal.js";
import { invalid, type Refusal, refusal } from "../../core/vocabulary/reason.js";
import type { ListenerView, ProducerView, RequestView } from "../../core/vocabulary/views.js";
import { guard, takeTurn, type UnaryCall } from "../transport/call.js";
import { decodeCold } from "../wire/decode-cold.js";
import { encodePage } from "../wire/encode-page.js";
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
import { anyRefusal, lookRefusal, seenListener, seenProducer } from "./permissions.js";
import { topicFilterRefusal } from "./topic-filter.js";

type Answer = Uint8Array | { readonly refusal: Refusal };
type Handler = (call: UnaryCall, callback: sendUnaryData<Uint8Array>) => void;

/** Creates the handlers of the unary calls, by method name. */
export function introspection(edge: Edge, facts: ProcessFacts): Readonly<Record<string, Handler>> {
  const { runtime, clock } = edge;
  const { inspector } = runtime;
  return {
    getServerInfo: handlerOf(edge, (_bytes, { rights }) => {
      const refused = anyRefusal(rights, "introspect");
      if (refused) return { refusal: refused };
      const server = serverInfo(runtime.snapshot(), runtime.droppedCount, facts, clock);
      return GetServerInfoResponse.encode({ server }).finish();
    }),
    listTopics: handlerOf(edge, (bytes, { rights }) => {
      const request = decodeCold(ListTopicsRequest, bytes);
      const refused = topicFilterRefusal(request.topic) ?? lookRefusal(rights, request.topic);
      if (refused) return { refusal: refused };
      const list = (after = "") => inspector.topics(after, request.topic);
      return answerOf(pageOf("topics", request, list, (view) => TopicInfo.encode(topicInfo(view)).finish()));
    }),
    listProducers: handlerOf(edge, (bytes, { rights }) => {
      const request = decodeCold(ListProducersRequest, bytes);
      const refused = topicFilterRefusal(request.topic) ?? lookRefusal(rights, request.topic);
      if (refused) return { refusal: refused };
      const list = (after = "") => inspector.producers(after, request.topic);
      const encode = (view: ProducerView) =>
        ProducerInfo.encode(producerInfo(seenProducer(view, rights), clock)).finish();
      return answerOf(pageOf("producers", request, list, encode));
    }),
    listListeners: handlerOf(edge, (bytes, { rights }) => {
      const request = decodeCold(ListListenersRequest, bytes);
      const refused = topicFilterRefusal(request.topic) ?? lookRefusal(rights, request.topic);
      if (refused) return { refusal: refused };
      const list = (after = "") => inspector.listeners(after, request.topic);
      const encode = (view: ListenerView) =>
        ListenerInfo.encode(
          listenerInfo(seenListener(view, rights), runtime.queueOf(view.key), clock),
        ).finish();
      return answerOf(pageOf("listeners", request, list, encode));
    }),
    listRequests: handlerOf(edge, (bytes, { rights }) => {
      const request = decodeCold(ListRequestsRequest, bytes);
      const refused = topicFilterRefusal(request.topic) ?? lookRefusal(rights, request.topic);
      if (refused) return { refusal: refused };
      const list = (before = "Infinity") =>
        inspector.requests(Number(before), request.topic, request.pendingOnly);
      const encode = (view: RequestView) => RequestInfo.encode(requestInfo(view, [], clock)).finish();
      return answerOf(pageOf("requests", request, list, encode));
    }),
    getRequest: handlerOf(edge, (bytes, caller) => {
      const { requestId, principal } = decodeCold(GetRequestRequest, bytes);
      if (requestId === "")
        return { refusal: invalid([{ field: "request_id", description: "is required" }]) };
      const found = inspector.request(requestId, principal || caller.principal.id);
      // A request that the caller may not look at is unknown to the caller.
      if (!found || caller.rights.refusalOf("introspect", found.request.topic))
        return { refusal: unknownRequest(requestId) };
      const request = requestInfo(found.request, found.timeline, clock);
      return GetRequestResponse.encode({ request }).finish();
    }),
  };
}

function unknownRequest(requestId: string): Refusal {
  const message = `no request ${requestId} is pending or retained`;
  return refusal("REQUEST_NOT_FOUND", message, { request_id: requestId });
}

function handlerOf(
  { logger, runtime, unreadRefusalOf, callerOf }: Edge,
  answer: (request: Buffer, caller: Caller) => Answer,
): Handler {
  return (call, callback) => {
    takeTurn(runtime, call, () => {
      guard(logger, callback, () => {
        const unread = unreadRefusalOf(call);
        const response = unread ? { refusal: unread } : answer(call.request, callerOf(call));
        if (response instanceof Uint8Array) callback(null, response);
        else callback(grpcStatus(response.refusal));
      });
    });
  };
}

function answerOf(listed: PageOrRefusal): Answer {
  return "page" in listed ? encodePage(listed.page) : listed;
}
