/** Indexes a history by request, session and stream. */
import type { EventOf, HistoryEvent, Kind } from "./history.js";
import { ofKind } from "./history.js";

/** All events of one request, session or stream, by kind and in order. */
export class Story {
  readonly events: HistoryEvent[] = [];
  readonly #byKind = new Map<Kind, readonly HistoryEvent[]>();

  /** The events of a kind. No event may be added after the first call. */
  all<K extends Kind>(kind: K): readonly EventOf<K>[] {
    let found = this.#byKind.get(kind) as readonly (EventOf<K> & HistoryEvent)[] | undefined;
    if (!found) {
      found = ofKind(this.events, kind) as readonly (EventOf<K> & HistoryEvent)[];
      this.#byKind.set(kind, found);
    }
    return found;
  }

  first<K extends Kind>(kind: K): EventOf<K> | undefined {
    return this.all(kind)[0];
  }

  has(kind: Kind): boolean {
    return this.all(kind).length > 0;
  }
}

/** An indexed history. */
export class Facts {
  readonly requests: ReadonlyMap<string, Story>;
  readonly sessions: ReadonlyMap<string, Story>;
  readonly streams: ReadonlyMap<string, Story>;
  readonly callers: ReadonlyMap<string, Story>;
  /** All events. */
  readonly whole: Story;
  /** Replies and their dispositions, by session and assignment. */
  readonly answers: ReadonlyMap<string, Story>;
  readonly #killedAt: readonly number[];

  constructor(readonly events: readonly HistoryEvent[]) {
    this.whole = new Story();
    this.whole.events.push(...events);
    this.requests = group(events, "requestId");
    this.sessions = group(events, "session", "delivered", "gathered");
    this.streams = group(events, "stream");
    this.callers = group(events, "caller");
    this.answers = answersOf(events);
    this.#killedAt = ofKind(events, "serverKilled").map(({ at }) => at);
  }

  /** Whether the server was killed between two instants. */
  isKilledWithin(from: number, to: number): boolean {
    return this.#killedAt.some((at) => at >= from && at <= to);
  }

  /** The server that ran at an instant. */
  serverAt(at: number): string {
    return this.whole.all("serverStarted").findLast((started) => started.at <= at)?.serverId ?? "";
  }

  /** The dispositions of the replies to an assignment. */
  dispositionsOf(session: string, assignmentId: string): readonly EventOf<"disposed">[] {
    return this.answers.get(`${session} ${assignmentId}`)?.all("disposed") ?? [];
  }

  /** The producer of a session. */
  producerOf(session: string): string {
    return this.sessions.get(session)?.first("producerOpened")?.producerId ?? "";
  }

  /** Streams of each listener, in order. */
  streamsByListener(): ReadonlyMap<string, readonly Story[]> {
    const found = new Map<string, Story[]>();
    for (const story of this.streams.values()) {
      const listener = story.first("listenerOpened")?.listener ?? "";
      found.set(listener, [...(found.get(listener) ?? []), story]);
    }
    return found;
  }
}

function answersOf(events: readonly HistoryEvent[]): ReadonlyMap<string, Story> {
  const found = new Map<string, Story>();
  for (const event of events) {
    if (event.kind !== "replied" && event.kind !== "disposed") continue;
    const key = `${event.session} ${event.assignmentId}`;
    const story = found.get(key) ?? new Story();
    found.set(key, story);
    story.events.push(event);
  }
  return found;
}

/** @param but - kinds that have the key for another reason. */
function group(events: readonly HistoryEvent[], key: string, ...but: readonly Kind[]): Map<string, Story> {
  const found = new Map<string, Story>();
  for (const event of events) {
    const name = (event as unknown as Readonly<Record<string, string>>)[key];
    if (typeof name !== "string" || but.includes(event.kind)) continue;
    let story = found.get(name);
    if (!story) {
      story = new Story();
      found.set(name, story);
    }
    story.events.push(event);
  }
  return found;
}
