/**
 * Maps the fields of the core's inputs to field paths in the request messages of the RPCs.
 */
import { type CheckedInput, invalid, type Refusal } from "../../core/vocabulary/reason.js";

/** The prefix of the field paths of each input: empty, or with a dot at the end. */
export type FieldPaths = Readonly<Record<CheckedInput, string>>;

/** The paths of every RPC but Subscribe. */
export const FIELD_PATHS: FieldPaths = {
  producerOpened: "messages.hello.",
  topicsRegistered: "messages.register.",
  topicsDeregistered: "messages.deregister.",
  creditUpdated: "messages.update_credit.",
  messageMisunderstood: "messages.",
  listenerOpened: "",
  topicsUpdated: "update.",
  listenerUpdated: "",
  requestSubmitted: "",
  cancelRequested: "",
};

/** On Subscribe, the ListenRequest is the member `listen`. */
export const SUBSCRIBE_PATHS: FieldPaths = { ...FIELD_PATHS, listenerOpened: "listen." };

/** Returns the refusal with complete field paths, counted from the RPC's request message. */
export function withFieldPaths(refusal: Refusal, paths: FieldPaths): Refusal {
  const prefix = refusal.input === undefined ? "" : paths[refusal.input];
  if (prefix === "") return refusal;
  return invalid(
    refusal.violations.map(({ field, description }) => ({ field: `${prefix}${field}`, description })),
  );
}
