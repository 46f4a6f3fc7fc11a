import type { Connection } from "./connection.js";
import { alreadyClosed, invalidArgument } from "./errors.js";
import {
  RequestInfo as RequestMessage,
  ServerInfo as ServerMessage,
} from "./gen/ate/dispatcher/v1/introspection.js";
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
} from "./gen/ate/dispatcher/v1/introspection_service.js";
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
import { type OpenWatch, openWatch, type WatchEvent, type WatchOptions } from "./introspection-watch.js";

/** How to look something up. */
export interface LookOptions {
  /** Gives up when it fires; what is pending then rejects with CANCELLED. */
  readonly signal?: AbortSignal;
}

/** What to list. */
export interface ListOptions extends LookOptions {
  /** Only what concerns this topic; a pattern for topics. Default: everything. */
  readonly topic?: string;
  /** How many entries to fetch at a time, 1 to 1,000. Default: the server's, 100. */
  readonly pageSize?: number;
}

/** {@link ListOptions} of requests. */
export interface RequestListOptions extends ListOptions {
  /** Only requests in flight; default false: the recent ones too. */
  readonly pendingOnly?: boolean;
}

/**
 * What a dispatcher holds and does. It only looks; no payload is ever shown.
 *
 * Lists fetch page after page while they are looped over, each loop anew. They are
 * read from a changing server: an entry that stays throughout comes once. Whoever
 * leaves the loop fetches no more.
 */
export interface Introspection {
  /** Describes the process. */
  serverInfo(options?: LookOptions): Promise<ServerInfo>;
  /** Topics by name. */
  topics(options?: ListOptions): AsyncIterable<TopicInfo, undefined>;
  /** Connected producers by id. */
  producers(options?: ListOptions): AsyncIterable<ProducerInfo, undefined>;
  /** Connected listeners by id. */
  listeners(options?: ListOptions): AsyncIterable<ListenerInfo, undefined>;
  /** Requests in flight and recent ones, the newest first. */
  requests(options?: RequestListOptions): AsyncIterable<RequestInfo, undefined>;
  /** One request with its timeline. Rejects with NOT_FOUND if it is neither in flight nor remembered. */
  request(requestId: string, options?: LookOptions): Promise<RequestDetails>;
  /**
   * What happens from now on, each loop a stream of its own; leaving the loop ends
   * it. Events that a slow loop holds up are counted in a `lost` event. The loop
   * throws when the link breaks, and does not connect again by itself: what
   * happened meanwhile is not known.
   */
  watch(options?: WatchOptions): AsyncIterable<WatchEvent, undefined>;
}

/** One page of a list. */
interface Page<T> {
  readonly items: readonly T[];
  /** Empty at the end. */
  readonly nextPageToken: string;
}

interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
  readonly topic: string;
}

const LARGEST_PAGE = 1_000;
const METHODS = IntrospectionServiceService;

/** {@link Introspection} over a connection. */
export class Introspector implements Introspection {
  readonly #connection: Connection;
  readonly #watches = new Set<OpenWatch>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  serverInfo({ signal }: LookOptions = {}): Promise<ServerInfo> {
    const request = GetServerInfoRequest.encode({}).finish();
    const decode = (response: Uint8Array) =>
      serverInfoOf(GetServerInfoResponse.decode(response).server ?? ServerMessage.create());
    return this.#connection.call(METHODS.getServerInfo.path, request, decode, { signal });
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
    const asked = {
      encode: (page: PageRequest) => ListRequestsRequest.encode({ ...page, pendingOnly }),
    };
    return this.#list(METHODS.listRequests.path, options, asked, (response) => {
      const { requests, nextPageToken } = ListRequestsResponse.decode(response);
      return { items: requests.map(requestInfoOf), nextPageToken };
    });
  }

  request(requestId: string, { signal }: LookOptions = {}): Promise<RequestDetails> {
    const request = GetRequestRequest.encode({ requestId }).finish();
    const decode = (response: Uint8Array) =>
      requestDetailsOf(GetRequestResponse.decode(response).request ?? RequestMessage.create());
    return this.#connection.call(METHODS.getRequest.path, request, decode, { signal });
  }

  watch(options: WatchOptions = {}): AsyncIterable<WatchEvent, undefined> {
    return { [Symbol.asyncIterator]: () => this.#watch(options) };
  }

  /** Ends the watches that are open; resolves when they have ended. */
  async close(): Promise<void> {
    const watches = [...this.#watches];
    for (const watch of watches) watch.abort(alreadyClosed("client"));
    await Promise.all(watches.map(({ ended }) => ended));
  }

  #watch(options: WatchOptions): OpenWatch {
    const watch = openWatch(this.#connection, options);
    this.#watches.add(watch);
    void watch.ended.then(() => this.#watches.delete(watch));
    return watch;
  }

  #list<T>(
    path: string,
    { topic = "", pageSize, signal }: ListOptions,
    request: { encode(page: PageRequest): { finish(): Uint8Array } },
    decode: (response: Uint8Array) => Page<T>,
  ): AsyncIterable<T, undefined> {
    const connection = this.#connection;
    async function* entries(): AsyncGenerator<T, undefined> {
      const size = validPageSize(pageSize);
      let pageToken = "";
      do {
        const encoded = request.encode({ pageSize: size, pageToken, topic }).finish();
        const page = await connection.call(path, encoded, decode, { signal });
        yield* page.items;
        pageToken = page.nextPageToken;
      } while (pageToken !== "");
      return undefined;
    }
    return { [Symbol.asyncIterator]: entries };
  }
}

/** The page size to ask for; 0 leaves it to the server. */
function validPageSize(pageSize: number | undefined): number {
  if (pageSize === undefined) return 0;
  if (Number.isInteger(pageSize) && pageSize >= 1 && pageSize <= LARGEST_PAGE) return pageSize;
  throw invalidArgument("pageSize", `is ${pageSize}; it is a whole number from 1 to ${LARGEST_PAGE}`);
}
