/**
 * A dispatcher with peers at several addresses, as plain calls.
 */
import { Dispatcher } from "../../src/core/dispatcher.js";
import type { Effect } from "../../src/core/vocabulary/effect.js";
import type { Input, RequestSubmitted } from "../../src/core/vocabulary/input.js";
import type { Limits } from "../../src/core/vocabulary/limits.js";
import type { RequestSpec, SessionKey } from "../../src/core/vocabulary/model.js";
import type { Refusal } from "../../src/core/vocabulary/reason.js";
import { stepToEnd } from "../support/step-to-end.js";
import { submitted } from "../support/submitted.js";

/** Fields of a request beside its spec. */
type Fields = Partial<Omit<RequestSubmitted, "spec">>;

/** A dispatcher whose peers are named by the addresses of their connections. */
export class Peers {
  now = 0;
  readonly dispatcher: Dispatcher;
  private lastKey: SessionKey = 0;

  constructor(limits: Partial<Limits> = {}) {
    this.dispatcher = new Dispatcher("s", limits);
  }

  /** Applies an input, and then the rest of its work. */
  step(input: Input): readonly Effect[] {
    return stepToEnd(this.dispatcher, input, this.now);
  }

  /** Opens a producer's session. @returns its key, or why it was refused. */
  producer(peer: string, topics: readonly string[], id = "", group = ""): SessionKey | Refusal {
    const session = ++this.lastKey;
    const effects = this.step({
      ...{ kind: "producerOpened", session, sessionId: "", producerId: id, mintedId: `p${session}` },
      ...{ displayName: "", labels: [], maxOutstanding: 65_536, maxBacklog: 0, reportDispositions: false },
      registrations: topics.map((topic) => ({ topic, group })),
      peer: connectionOf(peer, session),
    });
    return refusalIn(effects) ?? session;
  }

  /** Opens a listener's session. @returns its key, or why it was refused. */
  listener(peer: string, topics: readonly string[], id = ""): SessionKey | Refusal {
    const session = ++this.lastKey;
    const effects = this.step({
      ...{ kind: "listenerOpened", session, sessionId: "", listenerId: id, mintedId: `l${session}` },
      ...{ topics, resumeFrom: [], includeLate: false, includeSummaries: false, bufferBytes: 0, group: "" },
      overflowAction: "DROP_OLDEST",
      peer: connectionOf(peer, session),
    });
    return refusalIn(effects) ?? session;
  }

  /** Opens a caller's session. @returns its key, or why it was refused. */
  caller(peer: string): SessionKey | Refusal {
    const session = ++this.lastKey;
    const effects = this.step({ kind: "callerOpened", session, peer: connectionOf(peer, session) });
    return refusalIn(effects) ?? session;
  }

  /** Submits a request by a call of its own. */
  ask(peer: string, spec: Partial<RequestSpec>, fields: Fields = {}): readonly Effect[] {
    const session = ++this.lastKey;
    const mintedId = `r${session}`;
    return this.step(submitted({ session, mintedId, peer: connectionOf(peer, session), spec, ...fields }));
  }

  /** Submits a request on the stream of a caller. */
  submit(session: SessionKey, spec: Partial<RequestSpec>, fields: Fields = {}): readonly Effect[] {
    const mintedId = `r${++this.lastKey}`;
    return this.step(submitted({ session, correlationId: "c", mintedId, spec, ...fields }));
  }

  close(session: SessionKey): void {
    this.step({ kind: "sessionClosed", session });
  }

  advance(ms: number): void {
    this.now += ms;
    this.step({ kind: "clockAdvanced" });
  }

  /** Answers all assignments of these effects. */
  answer(effects: readonly Effect[], failure?: { readonly code: number; readonly message: string }): void {
    for (const effect of effects) {
      if (effect.kind !== "assign") continue;
      this.step({
        ...{ kind: "resultReturned", session: effect.to, assignment: effect.assignment, more: false },
        ...{ assignmentText: undefined, failure, payload: new Uint8Array(10) },
      });
    }
  }

  get held() {
    return this.dispatcher.snapshot().held;
  }

  get counts() {
    return this.dispatcher.snapshot().counts;
  }
}

/** The key of a session that must be open. */
export function opened(session: SessionKey | Refusal): SessionKey {
  if (typeof session === "number") return session;
  throw new Error(`the session was refused: ${session.message}`);
}

/** Why a message was refused; undefined if it was not. */
export function refusalIn(effects: readonly Effect[]): Refusal | undefined {
  for (const effect of effects) {
    if (effect.kind === "reject" || effect.kind === "fault") return effect.refusal;
    if (effect.kind === "close" && effect.refusal?.reason !== "SESSION_REPLACED") return effect.refusal;
  }
  return undefined;
}

/** Repeats an action until it is refused. @returns the refusal, and how often the action was not refused. */
export function untilRefused(
  max: number,
  act: (i: number) => Refusal | undefined,
): [refused: Refusal | undefined, count: number] {
  for (let i = 0; i < max; i++) {
    const refused = act(i);
    if (refused) return [refused, i];
  }
  return [undefined, max];
}

/** Every session has a connection of its own. */
function connectionOf(peer: string, session: SessionKey): string {
  return `${peer}:${(session % 60_000) + 1}`;
}
