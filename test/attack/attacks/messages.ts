/** Messages that attacks send: bytes by hand, so that they may be what no generated code would write. */
import { bytesField, concat, numberField } from "../../support/wire-bytes.js";

const SERVICE = "/ate.dispatcher.v1.DispatcherService/";
const INTROSPECTION = "/ate.dispatcher.v1.IntrospectionService/";

/** The paths of the methods. */
export const METHOD = {
  dispatch: `${SERVICE}Dispatch`,
  gather: `${SERVICE}Gather`,
  submit: `${SERVICE}Submit`,
  cancelRequest: `${SERVICE}CancelRequest`,
  produce: `${SERVICE}Produce`,
  listen: `${SERVICE}Listen`,
  updateListener: `${SERVICE}UpdateListener`,
  subscribe: `${SERVICE}Subscribe`,
  getServerInfo: `${INTROSPECTION}GetServerInfo`,
  listTopics: `${INTROSPECTION}ListTopics`,
  listProducers: `${INTROSPECTION}ListProducers`,
  listListeners: `${INTROSPECTION}ListListeners`,
  listRequests: `${INTROSPECTION}ListRequests`,
  watch: `${INTROSPECTION}Watch`,
  healthWatch: "/grpc.health.v1.Health/Watch",
  reflection: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
} as const;

/** The fields of a Request. */
export interface RequestFields {
  readonly topic: string;
  readonly data?: Uint8Array;
  readonly ttlSeconds?: number;
  readonly requestId?: string;
  readonly selector?: Uint8Array;
  /** Whether the request waits for a producer. */
  readonly waits?: boolean;
}

/** A Request. */
export function request(fields: RequestFields): Buffer {
  const { topic, data, ttlSeconds, requestId, selector, waits } = fields;
  return concat(
    bytesField(1, topic),
    ...(data ? [bytesField(4, data)] : []),
    ...(ttlSeconds === undefined ? [] : [bytesField(7, numberField(1, ttlSeconds))]),
    ...(requestId === undefined ? [] : [bytesField(8, requestId)]),
    ...(selector ? [bytesField(10, selector)] : []),
    ...(waits ? [numberField(11, 3)] : []),
  );
}

/** A DispatchRequest or GatherRequest. */
export function call(fields: RequestFields): Buffer {
  return bytesField(1, request(fields));
}

/** One Submission, as a field of a SubmitRequest. */
export function submission(
  correlationId: string,
  fields: RequestFields,
  { gather = false, context = {} }: { gather?: boolean; context?: Readonly<Record<string, string>> } = {},
): Buffer {
  return bytesField(
    1,
    concat(
      bytesField(1, correlationId),
      bytesField(2, request(fields)),
      ...(gather ? [numberField(3, 1)] : []),
      ...Object.entries(context).map(([key, value]) => bytesField(5, entry(key, value))),
    ),
  );
}

/** An entry of a map of strings. */
export function entry(key: string, value: string): Buffer {
  return concat(bytesField(1, key), bytesField(2, value));
}

/** A registration. */
export function registration(topic: string, group = ""): Buffer {
  return concat(bytesField(1, topic), ...(group === "" ? [] : [bytesField(2, group)]));
}

/** The options of a Hello. */
export interface HelloFields {
  readonly producerId?: string;
  readonly registrations?: readonly Uint8Array[];
  readonly maxOutstanding?: number;
  readonly maxBacklog?: number;
  readonly reportsDispositions?: boolean;
}

/** A ProduceRequest with a Hello. */
export function hello(fields: HelloFields = {}): Buffer {
  const { producerId = "", registrations = [], maxOutstanding = 0, maxBacklog = 0 } = fields;
  return producerMessage(
    2,
    concat(
      bytesField(1, producerId),
      ...registrations.map((one) => bytesField(4, one)),
      numberField(5, maxOutstanding),
      numberField(6, maxBacklog),
      numberField(7, fields.reportsDispositions ? 1 : 0),
    ),
  );
}

/** A ProduceRequest with a Register. */
export function register(registrations: readonly Uint8Array[]): Buffer {
  return producerMessage(3, concat(...registrations.map((one) => bytesField(1, one))));
}

/** One message of a producer, as a ProduceRequest. @param field - its number in ProducerMessage. */
export function producerMessage(field: number, message: Uint8Array): Buffer {
  return bytesField(1, bytesField(field, message));
}

/** A Reply with data, as a ProduceRequest. @param more - whether others follow. */
export function reply(assignmentId: string, data: Uint8Array, more = false): Buffer {
  const result = bytesField(3, bytesField(2, data));
  return producerMessage(1, concat(bytesField(1, assignmentId), numberField(2, more ? 1 : 0), result));
}

/** A ListenRequest. */
export function listen(
  listenerId: string,
  topics: readonly string[],
  { bufferBytes = 0, includeSummaries = false }: { bufferBytes?: number; includeSummaries?: boolean } = {},
): Buffer {
  return concat(
    bytesField(1, listenerId),
    ...topics.map((topic) => bytesField(2, topic)),
    numberField(5, includeSummaries ? 1 : 0),
    numberField(7, bufferBytes),
  );
}

/** An UpdateListenerRequest. */
export function updateListener(
  listenerId: string,
  { add = [], remove = [] }: { add?: readonly string[]; remove?: readonly string[] },
): Buffer {
  return concat(
    bytesField(1, listenerId),
    ...add.map((topic) => bytesField(2, topic)),
    ...remove.map((topic) => bytesField(3, topic)),
  );
}

/** A list request. */
export function page(pageSize: number, pageToken = "", topic = ""): Buffer {
  return concat(numberField(1, pageSize), bytesField(2, pageToken), bytesField(3, topic));
}

/** The same bytes, many times. */
export function times(count: number, bytes: Uint8Array): Buffer {
  return Buffer.alloc(count * bytes.byteLength, bytes);
}
