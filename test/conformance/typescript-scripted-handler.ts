import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import {
  type AssignmentContext,
  DispatcherError,
  type HandlerResult,
  type Json,
  ResultInit,
} from "ate-dispatcher-client";
import type { Behaviour, Outcome, ProducerFields } from "./protocol.js";
import { base64 } from "./typescript-views.js";

/** An assignment that `producer.reply` may answer. */
interface Repliable {
  readonly assignment: AssignmentContext;
  readonly finish: (outcome: Outcome) => void;
  readonly giveUp: (reason: unknown) => void;
}

const NEVER = new AbortController().signal;

/** The handler of one producer: follows its behaviours, and reports assignments and revocations. */
export class ScriptedHandler {
  readonly #fields: ProducerFields;
  readonly #report: (event: object) => void;
  readonly #repliable = new Map<string, Repliable>();
  /** Closes the producer; set once it exists. */
  close: () => Promise<void> = async () => {};

  constructor(fields: ProducerFields, report: (event: object) => void) {
    this.#fields = fields;
    this.#report = report;
  }

  /** Handles an assignment. */
  async handle(assignment: AssignmentContext): Promise<HandlerResult> {
    const { producer, behaviour = {}, behaviours = {} } = this.#fields;
    const { requestId, topic, signal } = assignment;
    const how = behaviours[topic] ?? behaviour;
    this.#report({ event: "assignment", producer, ...assignmentView(assignment) });
    signal.addEventListener("abort", () => {
      if (how.stubborn !== true) this.#repliable.get(requestId)?.giveUp(signal.reason);
      this.#report({ event: "revoked", producer, request_id: requestId, reason: signal.reason.reason });
    });
    const outcome = await this.#outcome(assignment, how);
    if (how.closes === true) await this.close();
    return this.#result(assignment, outcome);
  }

  /** Executes `producer.reply`. */
  async reply(requestId: string, command: Outcome & { readonly more?: boolean }): Promise<void> {
    const repliable = this.#repliable.get(requestId);
    if (repliable === undefined) {
      throw new DispatcherError({ code: status.NOT_FOUND, details: `${requestId} is not outstanding` });
    }
    if (command.more === true) await repliable.assignment.send(this.#result(repliable.assignment, command));
    else repliable.finish(command);
  }

  async #outcome(assignment: AssignmentContext, behaviour: Behaviour): Promise<Outcome> {
    const signal = behaviour.stubborn === true ? NEVER : assignment.signal;
    if (behaviour.mute === true || behaviour.manual === true) return await this.#untilFinished(assignment);
    if (behaviour.delay_ms !== undefined) await sleep(behaviour.delay_ms, undefined, { signal });
    for (let part = 1; part <= (behaviour.partials ?? 0); part++) await assignment.send({ part });
    signal.throwIfAborted();
    return behaviour;
  }

  /** Waits for `producer.reply` or the revocation; a mute assignment gets only the latter. */
  async #untilFinished(assignment: AssignmentContext): Promise<Outcome> {
    try {
      return await new Promise<Outcome>((finish, giveUp) => {
        this.#repliable.set(assignment.requestId, { assignment, finish, giveUp });
      });
    } finally {
      this.#repliable.delete(assignment.requestId);
    }
  }

  #result({ topic, args, kwargs, data, contentType }: AssignmentContext, outcome: Outcome): HandlerResult {
    const { error, attributes } = outcome;
    if (outcome.throw !== undefined) throw new Error(outcome.throw);
    if (outcome.unprintable !== undefined) throw unprintable(outcome.unprintable);
    if (error) {
      const { code, message: details, metadata = {} } = error;
      throw new DispatcherError({ code: status[code as keyof typeof status], details, metadata });
    }
    const notes = attributes && { attributes };
    if (outcome.echo === true) {
      return { id: this.#fields.producer, some_key: topic, args, kwargs };
    }
    if (outcome.echo_data === true) return new ResultInit({ data, contentType, ...notes });
    if (outcome.data !== undefined) {
      const bytes = Buffer.from(outcome.data, "base64");
      const type = outcome.content_type;
      return new ResultInit({ data: bytes, ...(type !== undefined && { contentType: type }), ...notes });
    }
    return new ResultInit({ value: (outcome.value ?? null) as Json, ...notes });
  }
}

/** Something to throw that has no text, or an error whose text cannot be read. */
export function unprintable(kind: "no_text" | "text_fails"): unknown {
  return kind === "no_text"
    ? Object.create(null)
    : Object.assign(new Error(), { message: Object.create(null) });
}

function assignmentView(assignment: AssignmentContext): object {
  const { topic, attempt, args, kwargs, attributes, context } = assignment;
  return {
    ...{ request_id: assignment.requestId, topic, attempt, args, kwargs, attributes, context },
    ...{ data: base64(assignment.data), content_type: assignment.contentType },
    remaining_ms: assignment.remainingMs(),
  };
}
