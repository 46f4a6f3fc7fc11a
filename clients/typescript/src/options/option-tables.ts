/** The rules of every options object of the public API. */
import type { ReconnectOptions } from "../connection/backoff.js";
import type { ConnectionOptions } from "../connection/connection.js";
import type { ListOptions, LookupOptions, RequestListOptions } from "../introspection/introspection.js";
import type { WatchOptions } from "../introspection/introspection-watch.js";
import type { ListenerOptions } from "../listener/listener-options.js";
import type { CloseOptions, ProducerOptions } from "../producer/producer-options.js";
import type { CompletionOptions, GatherOptions, SelectorOptions } from "../request/request-options.js";
import { type OptionTable, type Rule, tableOf } from "./option-check.js";
import {
  ANY_OBJECT,
  BYTES,
  CALLBACK,
  FLAG,
  JSON_ARRAY,
  JSON_OBJECT,
  listOf,
  MILLISECONDS,
  mapOf,
  numberFrom,
  oneOf,
  optionsOf,
  POSITIVE_WAIT,
  SIGNAL,
  shortText,
  TEXT,
  WAIT,
  wholeNumber,
} from "./rules.js";

/** The limits of the contract that keep every message of a session below the limit of any server. */
const MAX_TOPIC_BYTES = 255;
const MAX_ID_BYTES = 128;
const MAX_LABELS = 32;
const MAX_LABEL_BYTES = 128;
const MAX_DISPLAY_NAME_BYTES = 256;

const ID = shortText(MAX_ID_BYTES);
/** A topic or pattern whose form the server checks. */
export const TOPIC: Rule = shortText(MAX_TOPIC_BYTES);

const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

const ADDRESS: Rule = {
  use: 'host:port, such as "127.0.0.1:50051", or another gRPC target, such as "dns:///host:port" or "unix:/path", and credentials for TLS',
  isValid(value) {
    if (typeof value !== "string" || value === "" || /\s/.test(value)) return false;
    return !HAS_SCHEME.test(value) || /^(dns|ipv4|ipv6|unix|unix-abstract|xds):/i.test(value);
  },
};

const CREDENTIALS: Rule = {
  use: "ChannelCredentials, such as credentials.createSsl()",
  isValid: (value) => typeof value === "object" && value !== null && "_isSecure" in value,
};

export const REGISTER_TABLE = tableOf<{ readonly group?: string }>({ group: ID });

const GROUPED_TOPIC = tableOf<{ readonly topic: string; readonly group?: string }>({
  topic: TOPIC,
  group: ID,
});

const PRODUCER_TOPIC: Rule = {
  use: `a topic of at most ${MAX_TOPIC_BYTES} bytes, or an object of topic and group`,
  isValid(value, path) {
    if (typeof value === "string") return TOPIC.isValid(value, path);
    optionsOf(GROUPED_TOPIC, "options of a topic").isValid(value, path);
    return typeof (value as { readonly topic?: unknown }).topic === "string";
  },
};

const RECONNECT = tableOf<ReconnectOptions>({
  initialDelayMs: POSITIVE_WAIT,
  maxDelayMs: POSITIVE_WAIT,
  multiplier: numberFrom(1, Number.POSITIVE_INFINITY),
  jitter: numberFrom(0, 1),
});

export const CONNECTION_TABLE: OptionTable = tableOf<ConnectionOptions>({
  address: ADDRESS,
  credentials: CREDENTIALS,
  metadata: mapOf(TEXT),
  channelOptions: ANY_OBJECT,
  reconnect: optionsOf(RECONNECT, "options of reconnect"),
});

export const CONCURRENCY: Rule = wholeNumber(1);

export const PRODUCER_TABLE: OptionTable = tableOf<ProducerOptions>({
  topics: listOf(PRODUCER_TOPIC),
  handler: CALLBACK,
  concurrency: CONCURRENCY,
  maxBacklog: wholeNumber(0),
  id: ID,
  displayName: shortText(MAX_DISPLAY_NAME_BYTES),
  labels: mapOf(shortText(MAX_LABEL_BYTES), { maxEntries: MAX_LABELS, maxKeyBytes: MAX_LABEL_BYTES }),
  onDisposition: CALLBACK,
  onStatus: CALLBACK,
});

export const LISTENER_TABLE: OptionTable = tableOf<ListenerOptions>({
  topics: listOf(TEXT),
  onResult: CALLBACK,
  onSummary: CALLBACK,
  onGap: CALLBACK,
  onStatus: CALLBACK,
  id: ID,
  group: ID,
  includeLate: FLAG,
  overflowAction: oneOf("DROP_OLDEST", "DISCONNECT"),
  bufferBytes: wholeNumber(0),
});

const COMPLETION = tableOf<CompletionOptions>({
  resultCount: wholeNumber(0),
  quorumPercent: wholeNumber(0),
  firstSuccess: FLAG,
  stallTimeoutMs: MILLISECONDS,
  minResults: wholeNumber(0),
  countErrors: FLAG,
  loserAction: oneOf("CANCEL", "LET_RUN"),
});

const SELECTOR = tableOf<SelectorOptions>({
  producerIds: listOf(TEXT),
  matchLabels: mapOf(TEXT),
  maxTargets: wholeNumber(0),
});

export const GATHER_TABLE: OptionTable = tableOf<GatherOptions>({
  args: JSON_ARRAY,
  kwargs: JSON_OBJECT,
  data: BYTES,
  contentType: TEXT,
  attributes: mapOf(TEXT),
  ttlMs: MILLISECONDS,
  requestId: TEXT,
  completion: optionsOf(COMPLETION, "options of completion"),
  selector: optionsOf(SELECTOR, "options of selector"),
  noProducersAction: oneOf("COMPLETE", "FAIL", "WAIT"),
  context: mapOf(TEXT),
  signal: SIGNAL,
  unary: FLAG,
  excludeListeners: FLAG,
});

/** As {@link GATHER_TABLE}: programs use the same options for both. `excludeListeners` has no effect on a dispatch. */
export const REQUEST_TABLE = GATHER_TABLE;

export const CLOSE_TABLE: OptionTable = tableOf<CloseOptions>({ graceMs: WAIT });

export const TOPICS_UPDATE_TABLE: OptionTable = tableOf<{ readonly add: unknown; readonly remove: unknown }>({
  add: listOf(TEXT),
  remove: listOf(TEXT),
});

export const LOOKUP_TABLE: OptionTable = tableOf<LookupOptions>({ signal: SIGNAL });

const LIST_RULES = { topic: TEXT, pageSize: wholeNumber(1, 1_000), signal: SIGNAL };

export const LIST_TABLE: OptionTable = tableOf<ListOptions>(LIST_RULES);

export const REQUEST_LIST_TABLE: OptionTable = tableOf<RequestListOptions>({
  ...LIST_RULES,
  pendingOnly: FLAG,
});

export const WATCH_TABLE: OptionTable = tableOf<WatchOptions>({ topic: TEXT, signal: SIGNAL });
