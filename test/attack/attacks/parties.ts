/** Peers that many attacks need: producers and listeners in numbers, requests in bulk. */
import { ProduceResponse, SubmitResponse } from "ate-dispatcher-client/internal";
import { readStatus } from "../../support/wire-status.js";
import type { Attacker } from "../attacker/attacker.js";
import type { Connection, ConnectionOptions } from "../attacker/connection.js";
import { RawCalls } from "../attacker/raw-calls.js";
import { type PreparedMessage, prepared, type Stream } from "../attacker/stream.js";
import { type HelloFields, hello, METHOD, registration, submission } from "./messages.js";

/** Streams of one connection: as many as a server admits by default, less some for calls. */
const STREAMS_PER_CONNECTION = 250;
const OPEN_AT_ONCE = 100;
const ANSWERS_POLL_MS = 20;

/** Opens enough connections for a number of streams. @returns the connection of each stream. */
export function connectionsFor(
  attacker: Attacker,
  streams: number,
  options?: ConnectionOptions,
): (index: number) => Connection {
  const count = Math.ceil(streams / STREAMS_PER_CONNECTION);
  const connections = Array.from({ length: count }, () => attacker.connect(options));
  return (index) => connections[index % count] as Connection;
}

/** How streams are opened in numbers. */
export interface RawStreamOptions {
  /** The first message; undefined for none. */
  readonly message?: Buffer;
  /** Whether each stream is half-closed after its message. */
  readonly isEnded?: boolean;
  readonly readsNothing?: boolean;
}

/** Opens streams that are never closed, as frames on as many connections as it takes. */
export async function openRawStreams(
  attacker: Attacker,
  count: number,
  method: string,
  { message, isEnded = false, readsNothing = false }: RawStreamOptions = {},
): Promise<void> {
  for (let first = 0; first < count && attacker.goesOn; first += STREAMS_PER_CONNECTION) {
    const connection = attacker.connectRaw();
    await connection.connected();
    const calls = new RawCalls(connection, method, { readsNothing });
    const length = Math.min(STREAMS_PER_CONNECTION, count - first);
    for (let i = 0; i < length; i++) calls.call(message, isEnded);
    await attacker.wait(2);
  }
}

/** A producer of an attack. */
export interface ProducerOptions extends ConnectionOptions {
  /** The Hello of each producer; one that many producers share is best prepared once. */
  readonly hello: (index: number) => HelloFields | PreparedMessage;
  /** Called with the id of each assignment. */
  readonly onAssignment?: (assignmentId: string, stream: Stream) => void;
}

/** Opens producers, and gives the server the time to register them. Rejects at the end of the attack. */
export async function openProducers(
  attacker: Attacker,
  count: number,
  options: ProducerOptions,
): Promise<readonly Stream[]> {
  const connectionOf = connectionsFor(attacker, count, options);
  const streams: Stream[] = [];
  for (let i = 0; i < count && attacker.goesOn; i++) {
    const stream: Stream = connectionOf(i).open(METHOD.produce, {
      gzip: true,
      isUnread: options.readsNothing ?? false,
      ...(options.onAssignment && {
        onMessage: (message: Buffer) => {
          for (const id of assignmentsIn(message)) options.onAssignment?.(id, stream);
        },
      }),
    });
    const first = options.hello(i);
    stream.send("frame" in first ? first : hello(first));
    streams.push(stream);
    if (i % OPEN_AT_ONCE === OPEN_AT_ONCE - 1) await attacker.wait(20);
  }
  if (streams.length < count) throw new Error(`only ${streams.length} of ${count} producers came in time`);
  await attacker.wait(300);
  return streams;
}

/** The Hello of producers on one topic. */
export function onTopic(topic: string, more: Omit<HelloFields, "registrations"> = {}): () => PreparedMessage {
  const message = prepared(hello({ ...more, registrations: [registration(topic)] }), true);
  return () => message;
}

/** Exact topics, each registered by name. */
export function registrations(count: number, prefix: string): readonly Buffer[] {
  return Array.from({ length: count }, (_, i) => registration(`${prefix}${i}`));
}

/** The ids of the assignments in a ProduceResponse. */
export function assignmentsIn(message: Buffer): readonly string[] {
  return ProduceResponse.decode(message).messages.flatMap(({ message }) =>
    message?.$case === "assignment" ? [message.value.assignmentId] : [],
  );
}

/** The reasons of the rejections among the events of a Submit stream. */
function rejectionsIn(events: SubmitResponse["events"]): readonly string[] {
  return events.flatMap(({ event }) =>
    event?.$case === "rejection" && event.value.status ? [readStatus(event.value.status).reason] : [],
  );
}

/** How requests are submitted in bulk. */
export interface BulkOptions {
  readonly count: number;
  /** The Submissions of one message. */
  readonly perMessage: number;
  /** One Submission. */
  readonly submission: (index: number) => Buffer;
}

/** Submits many requests on one Submit stream, compressed, and waits for the answers. */
export async function submitInBulk(attacker: Attacker, options: BulkOptions): Promise<Stream> {
  const { count, perMessage } = options;
  let answers = 0;
  const onMessage = (message: Buffer): void => {
    const { events } = SubmitResponse.decode(message);
    answers += events.length;
    for (const reason of rejectionsIn(events)) attacker.tally.tell(`rejection ${reason}`);
  };
  const stream = attacker.connect().open(METHOD.submit, { gzip: true, onMessage });
  for (let first = 0; first < count && attacker.goesOn && stream.isOpen; first += perMessage) {
    const length = Math.min(perMessage, count - first);
    const submissions = Array.from({ length }, (_, i) => options.submission(first + i));
    await stream.sendInTurn(Buffer.concat(submissions));
    await attacker.wait(1);
  }
  while (answers < count && stream.isOpen && attacker.goesOn) await attacker.wait(ANSWERS_POLL_MS);
  return stream;
}

/** Submits many requests that wait for a producer that never comes, for an hour. */
export function submitWaiting(attacker: Attacker, count: number): Promise<Stream> {
  const one = submission("c", { topic: "w", ttlSeconds: 3_600, waits: true });
  return submitInBulk(attacker, { count, perMessage: 10_000, submission: () => one });
}
