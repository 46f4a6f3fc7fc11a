/** All attacks, in the order in which they run. */
import type { Attack } from "../attack.js";
import { compressedHeaders } from "./compressed-headers.js";
import { deepPatterns } from "./deep-patterns.js";
import { deregisterWithWatcher } from "./deregister-with-watcher.js";
import { gathersUnread } from "./gathers-unread.js";
import { groupDeparts } from "./group-departs.js";
import { largeErrors, largeErrorsRemembered } from "./large-errors.js";
import { largeListenerBuffers } from "./large-listener-buffers.js";
import { largeSelectors, largeSelectorsRemembered } from "./large-selectors.js";
import {
  listProducersPages,
  listRequestsPages,
  listRequestsWithoutMatch,
  listTopicsWithoutMatch,
} from "./list-pages.js";
import { partialMessages } from "./partial-messages.js";
import { payloadToUnreadProducers } from "./payload-to-unread-producers.js";
import { produceEmptyMessages, produceEmptyMessagesGzip } from "./produce-empty-messages.js";
import { registerOneWildcard } from "./register-one-wildcard.js";
import { submitEmptySubmissions, submitUnknownCancels } from "./submit-empty-submissions.js";
import { tinyRequests1000Producers, tinyRequestsBacklogs } from "./tiny-requests.js";
import { traceContext } from "./trace-context.js";
import { listProducersUnread, serverInfoUnread, updateListenerUnread } from "./unread-answers.js";
import { unreadHealthWatches, unreadWatches } from "./unread-watches.js";
import { updateListenerPatterns } from "./update-listener-patterns.js";

/** They hold the event loop. */
const LOOP: readonly Attack[] = [
  produceEmptyMessagesGzip,
  produceEmptyMessages,
  submitEmptySubmissions,
  submitUnknownCancels,
  registerOneWildcard,
  updateListenerPatterns,
  deregisterWithWatcher,
  groupDeparts,
  listRequestsPages,
  listRequestsWithoutMatch,
  listProducersPages,
  listTopicsWithoutMatch,
];

/** They take the memory. */
const MEMORY: readonly Attack[] = [
  deepPatterns,
  gathersUnread,
  payloadToUnreadProducers,
  largeSelectors,
  largeSelectorsRemembered,
  largeErrors,
  largeErrorsRemembered,
  traceContext,
  largeListenerBuffers,
  partialMessages,
  unreadWatches,
  unreadHealthWatches,
  tinyRequests1000Producers,
  tinyRequestsBacklogs,
  listProducersUnread,
  updateListenerUnread,
  serverInfoUnread,
  compressedHeaders,
];

export const ATTACKS: readonly Attack[] = [...LOOP, ...MEMORY];

/** Finds an attack by its name. */
export function attackNamed(name: string): Attack {
  const found = ATTACKS.find((attack) => attack.name === name);
  if (!found) throw new Error(`there is no attack ${name}; --list names them`);
  return found;
}
