/**
 * The repeated fields of the messages that generated code decodes, and why a message with too many entries is refused.
 * The core checks the same limits for a session as a whole.
 */
import { FIELDS } from "ate-dispatcher-client/internal";
import { MAX_LABELS, maxCursors } from "../../core/vocabulary/limits.js";
import { type CheckedInput, invalid, type Refusal, refusal } from "../../core/vocabulary/reason.js";
import type { EntryLimit, Excess } from "./entry-counts.js";

/** The limits of one kind of message. */
export interface MessageLimits {
  readonly input: CheckedInput;
  readonly limits: readonly EntryLimit[];
}

/** The limits of each kind of message with repeated fields. */
export interface EntryLimits {
  readonly hello: MessageLimits;
  readonly register: MessageLimits;
  readonly deregister: MessageLimits;
  readonly listen: MessageLimits;
  readonly update: MessageLimits;
  readonly updateListener: MessageLimits;
}

/** Creates the limits from the setting `maxRegistrationsPerSession`. */
export function createEntryLimits(maxRegistrationsPerSession: number): EntryLimits {
  const { HELLO, REGISTER, DEREGISTER, LISTEN_REQUEST, TOPICS_UPDATE, UPDATE_LISTENER_REQUEST } = FIELDS;
  const topics = (field: number, name: string) => limit(field, name, maxRegistrationsPerSession, false);
  const registrations = (field: number) => limit(field, "registrations", maxRegistrationsPerSession, true);
  const cursors = (field: number) =>
    limit(field, "resume_from", maxCursors({ maxRegistrationsPerSession }), true);
  return {
    hello: {
      input: "producerOpened",
      limits: [limit(HELLO.labels, "labels", MAX_LABELS, true), registrations(HELLO.registrations)],
    },
    register: { input: "topicsRegistered", limits: [registrations(REGISTER.registrations)] },
    deregister: { input: "topicsDeregistered", limits: [topics(DEREGISTER.topics, "topics")] },
    listen: {
      input: "listenerOpened",
      limits: [topics(LISTEN_REQUEST.topics, "topics"), cursors(LISTEN_REQUEST.resumeFrom)],
    },
    update: {
      input: "topicsUpdated",
      limits: [
        topics(TOPICS_UPDATE.addTopics, "add_topics"),
        topics(TOPICS_UPDATE.removeTopics, "remove_topics"),
        cursors(TOPICS_UPDATE.resumeFrom),
      ],
    },
    updateListener: {
      input: "listenerUpdated",
      limits: [
        topics(UPDATE_LISTENER_REQUEST.addTopics, "add_topics"),
        topics(UPDATE_LISTENER_REQUEST.removeTopics, "remove_topics"),
      ],
    },
  };
}

/** Why a message with too many entries is refused. Topics that a session would hold have a reason of their own. */
export function excessRefusal({ name, count, max }: Excess, input: CheckedInput): Refusal {
  const isHeld = input === "topicsRegistered" || name === "add_topics";
  if (!isHeld) {
    return invalid([{ field: name, description: `has ${count} entries; at most ${max} are allowed` }], input);
  }
  const message = `${name} has ${count} entries, and a session holds at most ${max} topics; use wildcards or raise maxRegistrationsPerSession`;
  return refusal("REGISTRATION_LIMIT", message, { limit: String(max) });
}

function limit(field: number, name: string, max: number, isMessage: boolean): EntryLimit {
  return { field, name, max, isMessage };
}
