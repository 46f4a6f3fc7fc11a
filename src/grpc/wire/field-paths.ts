/**
 * Where the fields of the core's inputs stand in the messages that bring them.
 */
import { type CheckedInput, invalid, type Refusal } from "../../core/vocabulary/reason.js";

/** What goes before a field's path: empty, or ending in a dot. */
export type FieldPaths = Readonly<Record<CheckedInput, string>>;

/** The paths of every RPC but Subscribe. */
export const FIELD_PATHS: FieldPaths = {
  producerOpened: "messages.hello.",
  topicsRegistered: "messages.register.",
  creditUpdated: "messages.update_credit.",
  messageMisunderstood: "messages.",
  listenerOpened: "",
  topicsUpdated: "update.",
  listenerUpdated: "",
  requestSubmitted: "",
  cancelRequested: "",
};

/** On Subscribe a ListenRequest comes as the member `listen`. */
export const SUBSCRIBE_PATHS: FieldPaths = { ...FIELD_PATHS, listenerOpened: "listen." };

/** The refusal with the paths of its fields from the RPC's request message. */
export function withFieldPaths(refusal: Refusal, paths: FieldPaths): Refusal {
  const prefix = refusal.input === undefined ? "" : paths[refusal.input];
  if (prefix === "") return refusal;
  return invalid(
    refusal.violations.map(({ field, description }) => ({ field: `${prefix}${field}`, description })),
  );
}
