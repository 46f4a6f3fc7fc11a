/**
 * Says in the log which sessions open and end, and what is refused on their streams. It sees each step of the core, but
 * only while the log wants it.
 */
import type { Effect, Fault, Reject } from "../core/vocabulary/effect.js";
import type { Input } from "../core/vocabulary/input.js";
import type { SessionKey } from "../core/vocabulary/model.js";
import { REASONS } from "../core/vocabulary/reason.js";
import type { ActivityLog } from "../ports/activity.js";

interface LoggedSession {
  readonly kind: "producer" | "listener" | "caller";
  readonly id: string | undefined;
  readonly sessionId: string | undefined;
  readonly peer: string | undefined;
  /** Why it ends: the name of a reason, or one of the words of docs/operations.md. */
  why: string | undefined;
}

/** Reasons by the kind of a session whose peer reads too slowly. */
const SLOW = { producer: "SLOW_PRODUCER", listener: "SLOW_LISTENER", caller: "SLOW_CALLER" } as const;

/** Logs the steps of the core. */
export class StepLog {
  /** The open sessions; an entry is removed when its stream closes. */
  private readonly sessions = new Map<SessionKey, LoggedSession>();

  constructor(private readonly log: ActivityLog) {}

  get isEnabled(): boolean {
    return this.log.isEnabled;
  }

  /** Logs one step: what came in, and the effects that it had. */
  stepped(input: Input, effects: readonly Effect[]): void {
    if (input.kind === "sessionEnded") this.noteWhy(input.session, input.refusal?.reason ?? "LEFT");
    for (const effect of effects) this.performed(input, effect);
    if (input.kind === "callerOpened") this.callerOpened(input.session, effects);
    else if (input.kind === "sessionClosed") this.closed(input.session);
  }

  /** Notes that the stream of a session is closed because its peer reads too slowly. */
  overflowed(session: SessionKey): void {
    const logged = this.sessions.get(session);
    if (logged) this.noteWhy(session, SLOW[logged.kind]);
  }

  private performed(input: Input, effect: Effect): void {
    switch (effect.kind) {
      case "welcome": {
        const { sessionId, producerId: id } = effect;
        const peer = input.kind === "producerOpened" ? input.peer : undefined;
        this.opened(effect.to, { kind: "producer", id, sessionId, peer, why: undefined });
        break;
      }
      case "ready": {
        const { sessionId, listenerId: id } = effect;
        const peer = input.kind === "listenerOpened" ? input.peer : undefined;
        this.opened(effect.to, { kind: "listener", id, sessionId, peer, why: undefined });
        break;
      }
      case "drained":
        this.noteWhy(effect.to, "DRAINED");
        break;
      case "close":
        this.noteWhy(effect.to, effect.refusal?.reason ?? "FINISHED");
        break;
      case "fault":
        this.refused("message refused", effect, {});
        break;
      case "reject":
        // A request without a correlation id is a call of its own. The edge logs its status.
        if (input.kind === "requestSubmitted" && input.correlationId !== undefined) {
          this.refused("request refused", effect, {
            topic: input.spec.topic,
            requestId: input.spec.requestId,
          });
        }
        break;
    }
  }

  private callerOpened(session: SessionKey, effects: readonly Effect[]): void {
    if (effects.some((effect) => effect.kind === "close" && effect.to === session)) return;
    this.opened(session, {
      kind: "caller",
      id: undefined,
      sessionId: undefined,
      peer: undefined,
      why: undefined,
    });
  }

  private opened(session: SessionKey, logged: LoggedSession): void {
    this.sessions.set(session, logged);
    const { kind, id, sessionId, peer } = logged;
    this.log.write("session opened", { session, kind, id, sessionId, peer });
  }

  private closed(session: SessionKey): void {
    const logged = this.sessions.get(session);
    if (!logged) return;
    this.sessions.delete(session);
    const { kind, id, sessionId, peer, why = "DISCONNECTED" } = logged;
    this.log.write("session ended", { session, kind, id, sessionId, peer, why });
  }

  /** The first cause counts: what follows it is its consequence. */
  private noteWhy(session: SessionKey, why: string): void {
    const logged = this.sessions.get(session);
    if (logged) logged.why ??= why;
  }

  private refused(
    message: "message refused" | "request refused",
    { to: session, correlationId, refusal }: Fault | Reject,
    request: { readonly topic?: string; readonly requestId?: string },
  ): void {
    const { kind, id, peer } = this.sessions.get(session) ?? {};
    const { reason, message: text, violations } = refusal;
    const fields = violations.length > 0 ? violations.map(({ field }) => field) : undefined;
    const { code } = REASONS[reason];
    const where = { session, kind, id, peer, correlationId, ...request };
    this.log.write(message, { ...where, reason, code, fields, text });
  }
}
