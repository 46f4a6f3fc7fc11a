import type { Connection } from "../connection/connection.js";
import { alreadyClosed } from "../errors.js";
import {
  RequestInfo as RequestMessage,
  ServerInfo as ServerMessage,
} from "../gen/ate/dispatcher/v1/introspection.js";
import {
  GetRequestRequest,
  GetRequestResponse,
  GetServerInfoRequest,
  GetServerInfoResponse,
  IntrospectionServiceService,
  ListListenersRequest,
  ListListenersResponse,
  ListProducersRequest,
  ListProducersResponse,
  ListRequestsRequest,
  ListRequestsResponse,
  ListTopicsRequest,
  ListTopicsResponse,
} from "../gen/ate/dispatcher/v1/introspection_service.js";
import { checkOptions, checkValue } from "../options/option-check.js";
import { TEXT } from "../options/rules.js";
import type {
  ListenerInfo,
  ProducerInfo,
  RequestDetails,
  RequestInfo,
  ServerInfo,
  TopicInfo,
} from "./introspection-info.js";
import {
  listenerInfoOf,
  producerInfoOf,
  requestDetailsOf,
  requestInfoOf,
  serverInfoOf,
  topicInfoOf,
} from "./introspection-read.js";
import {
  LIST_TABLE,
  LOOKUP_TABLE,
  REQUEST_LIST_TABLE,
  REQUEST_LOOKUP_TABLE,
  WATCH_TABLE,
} from "./introspection-rules.js";
import { type OpenWatch, openWatch, type WatchEvent, type WatchOptions } from "./introspection-watch.js";

/** Options of a lookup. */
export interface LookupOptions {
  /** Aborts the lookup when it fires; a pending call then rejects with CANCELLED. Default: none. */
  readonly signal?: AbortSignal;
}

/** Options of the lookup of a request. */
export interface RequestLookupOptions extends LookupOptions {
  /** The principal whose request it is: the `requester` of its summary. Default: that of this client. */
  readonly principal?: string;
}

/** Options of a list. */
export interface ListOptions extends LookupOptions {
  /** Restricts the list to the entries that have a topic in common with this topic or pattern. Default: all. */
  readonly topic?: string;
  /** Maximum number of entries per page, 1 to 1,000. Default: the server's, 100. */
  readonly pageSize?: number;
}

/** Options of a list of requests. */
export interface RequestListOptions extends ListOptions {
  /** Whether to list only pending requests. Default false: recently ended requests too. */
  readonly pendingOnly?: boolean;
}

/**
 * Read-only view of what a dispatcher holds and does. Payloads are never shown.
 *
 * A list fetches its pages while a loop consumes it. Each loop starts with the first page; leaving the loop stops the
 * fetching. The server changes between two pages: an entry that exists the whole time appears exactly once, an entry
 * that comes or goes may appear or not. A server with many entries may answer with short or empty pages; the loop goes on
 * until the list has ended.
 */
export interface Introspection {
  /** Describes the dispatcher process. */
  serverInfo(options?: LookupOptions): Promise<ServerInfo>;
  /** Lists topics, ordered by name. */
  topics(options?: ListOptions): AsyncIterable<TopicInfo, undefined>;
  /** Lists the connected producers, ordered by id. */
  producers(options?: ListOptions): AsyncIterable<ProducerInfo, undefined>;
  /** Lists the connected listeners, ordered by id. */
  listeners(options?: ListOptions): AsyncIterable<ListenerInfo, undefined>;
  /** Lists pending and recently ended requests, the newest first. */
  requests(options?: RequestListOptions): AsyncIterable<RequestInfo, undefined>;
  /** Describes one request with its timeline. Rejects with NOT_FOUND if it is neither pending nor remembered. */
  request(requestId: string, options?: RequestLookupOptions): Promise<RequestDetails>;
  /**
   * Streams the events from now on. Each loop opens a stream of its own, and leaving the loop ends it. If the loop is
   * too slow, the server drops events and counts them in a `lost` event. The loop throws when the connection breaks.
   * It does not reconnect, because the events in between would be missing without a trace.
   */
  watch(options?: WatchOptions): AsyncIterable<WatchEvent, undefined>;
}

/** One page of a list. */
interface Page<T> {
  readonly items: readonly T[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
  readonly topic: string;
}

const METHODS = IntrospectionServiceService;

/** {@link Introspection} over a connection. */
export class Introspector implements Introspection {
  readonly #connection: Connection;
  readonly #watches = new Set<OpenWatch>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async serverInfo(options: LookupOptions = {}): Promise<ServerInfo> {
    checkOptions(options, LOOKUP_TABLE, "options of a lookup");
    const request = GetServerInfoRequest.encode({}).finish();
    const decode = (response: Uint8Array) =>
      serverInfoOf(GetServerInfoResponse.decode(response).server ?? ServerMessage.create());
    return await this.#connection.call(METHODS.getServerInfo.path, request, decode, options);
  }

  topics(options: ListOptions = {}): AsyncIterable<TopicInfo, undefined> {
    return this.#list(METHODS.listTopics.path, options, ListTopicsRequest, (response) => {
      const { topics, nextPageToken } = ListTopicsResponse.decode(response);
      return { items: topics.map(topicInfoOf), nextPageToken };
    });
  }

  producers(options: ListOptions = {}): AsyncIterable<ProducerInfo, undefined> {
    return this.#list(METHODS.listProducers.path, options, ListProducersRequest, (response) => {
      const { producers, nextPageToken } = ListProducersResponse.decode(response);
      return { items: producers.map(producerInfoOf), nextPageToken };
    });
  }

  listeners(options: ListOptions = {}): AsyncIterable<ListenerInfo, undefined> {
    return this.#list(METHODS.listListeners.path, options, ListListenersRequest, (response) => {
      const { listeners, nextPageToken } = ListListenersResponse.decode(response);
      return { items: listeners.map(listenerInfoOf), nextPageToken };
    });
  }

  requests(options: RequestListOptions = {}): AsyncIterable<RequestInfo, undefined> {
    const { pendingOnly = false } = options;
    const message = {
      encode: (one: PageRequest) => ListRequestsRequest.encode({ ...one, pendingOnly }),
    };
    return this.#list(METHODS.listRequests.path, options, message, (response) => {
      const { requests, nextPageToken } = ListRequestsResponse.decode(response);
      return { items: requests.map(requestInfoOf), nextPageToken };
    });
  }

  async request(requestId: string, options: RequestLookupOptions = {}): Promise<RequestDetails> {
    checkValue(requestId, TEXT, "requestId");
    checkOptions(options, REQUEST_LOOKUP_TABLE, "options of a lookup");
    const { principal = "" } = options;
    const request = GetRequestRequest.encode({ requestId, principal }).finish();
    const decode = (response: Uint8Array) =>
      requestDetailsOf(GetRequestResponse.decode(response).request ?? RequestMessage.create());
    return await this.#connection.call(METHODS.getRequest.path, request, decode, options);
  }

  watch(options: WatchOptions = {}): AsyncIterable<WatchEvent, undefined> {
    return { [Symbol.asyncIterator]: () => this.#watch(options) };
  }

  /** Aborts the open watches. Resolves when they have ended. */
  async close(): Promise<void> {
    const watches = [...this.#watches];
    for (const watch of watches) watch.abort(alreadyClosed("client"));
    await Promise.all(watches.map(({ ended }) => ended));
  }

  #watch(options: WatchOptions): OpenWatch {
    checkOptions(options, WATCH_TABLE, "options of a watch");
    const watch = openWatch(this.#connection, options);
    this.#watches.add(watch);
    void watch.ended.then(() => this.#watches.delete(watch));
    return watch;
  }

  #list<T>(
    path: string,
    options: ListOptions,
    request: { encode(page: PageRequest): { finish(): Uint8Array } },
    decode: (response: Uint8Array) => Page<T>,
  ): AsyncIterable<T, undefined> {
    const connection = this.#connection;
    const table = path === METHODS.listRequests.path ? REQUEST_LIST_TABLE : LIST_TABLE;
    async function* items(): AsyncGenerator<T, undefined> {
      checkOptions(options, table, "options of a list");
      const { topic = "", pageSize = 0, signal } = options;
      let pageToken = "";
      do {
        const encoded = request.encode({ pageSize, pageToken, topic }).finish();
        const page = await connection.call(path, encoded, decode, { signal });
        yield* page.items;
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      return undefined;
    }
    return { [Symbol.asyncIterator]: items };
  }
}
