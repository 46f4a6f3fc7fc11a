/** All attacks, in the order in which they run. */
import type { Attack } from "../attack.js";
import { callerLeaves, expireTogether } from "./at-one-instant.js";
import { compressedHeaders } from "./compressed-headers.js";
import { connectionChurn, idleConnections, silentConnections } from "./connection-floods.js";
import { deepPatterns } from "./deep-patterns.js";
import { deregisterWithWatcher } from "./deregister-with-watcher.js";
import { continuationFlood, emptyDataFlood, pingFlood, resetFlood, settingsFlood } from "./frame-floods.js";
import { gathersUnread } from "./gathers-unread.js";
import { groupDeparts } from "./group-departs.js";
import { heldTopics, heldUnmatched } from "./held-requests.js";
import { callerIds, largeRequests } from "./honest-loads.js";
import { repeatedGathersUnread, validateOnlyUnread } from "./large-answers.js";
import { largeErrors, largeErrorsRemembered } from "./large-errors.js";
import { largeListenerBuffers } from "./large-listener-buffers.js";
import { largeSelectors, largeSelectorsRemembered } from "./large-selectors.js";
import {
  listProducersPages,
  listRequestsPages,
  listRequestsWithoutMatch,
  listTopicsWithoutMatch,
} from "./list-pages.js";
import { listenerBuffersApart } from "./listener-buffers-apart.js";
import { nestedValues } from "./nested-values.js";
import { requestsCancelled, sessionsReplaced, topicsRemoved } from "./others-ids.js";
import { partialMessages } from "./partial-messages.js";
import { payloadToUnreadProducers } from "./payload-to-unread-producers.js";
import { produceEmptyMessages, produceEmptyMessagesGzip } from "./produce-empty-messages.js";
import { reflectionUnread } from "./reflection-unread.js";
import { registerOneWildcard } from "./register-one-wildcard.js";
import { creditChanges, emptyRegistrations, unknownReplies } from "./rejected-batches.js";
import { resumeBesideListeners } from "./resume-beside-listeners.js";
import { selectorsOfIds } from "./selectors-of-ids.js";
import { slowLinkProducers } from "./slow-link-producers.js";
import { staleGroups, staleRoutes } from "./stale-routes.js";
import { submitEmptySubmissions, submitUnknownCancels } from "./submit-empty-submissions.js";
import { tinyRequests1000Producers, tinyRequestsBacklogs } from "./tiny-requests.js";
import { traceContext } from "./trace-context.js";
import { listProducersUnread, serverInfoUnread, updateListenerUnread } from "./unread-answers.js";
import { unreadHealthWatches, unreadWatches } from "./unread-watches.js";
import { updateListenerPatterns } from "./update-listener-patterns.js";
import { pendingUsedUp, sessionsUsedUp, topicsUsedUp } from "./used-up.js";
import { watchPatterns } from "./watch-patterns.js";
import { wildcardCursors } from "./wildcard-cursors.js";

/** They hold the event loop. */
export const LOOP: readonly Attack[] = [
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
  wildcardCursors,
  staleRoutes,
  staleGroups,
  heldTopics,
  heldUnmatched,
  selectorsOfIds,
  resumeBesideListeners,
  watchPatterns,
  nestedValues,
  unknownReplies,
  emptyRegistrations,
  creditChanges,
  expireTogether,
  callerLeaves,
];

/** They take the memory. */
export const MEMORY: readonly Attack[] = [
  deepPatterns,
  gathersUnread,
  payloadToUnreadProducers,
  largeSelectors,
  largeSelectorsRemembered,
  largeErrors,
  largeErrorsRemembered,
  traceContext,
  largeListenerBuffers,
  listenerBuffersApart,
  partialMessages,
  unreadWatches,
  unreadHealthWatches,
  tinyRequests1000Producers,
  tinyRequestsBacklogs,
  listProducersUnread,
  updateListenerUnread,
  serverInfoUnread,
  compressedHeaders,
  validateOnlyUnread,
  repeatedGathersUnread,
  reflectionUnread,
];

/** They are no attacks, and must be served. */
const LOADS: readonly Attack[] = [largeRequests, callerIds];

/** They cut or delay peers that do nothing wrong. */
export const CUT: readonly Attack[] = [
  slowLinkProducers,
  resetFlood,
  emptyDataFlood,
  pingFlood,
  settingsFlood,
  continuationFlood,
  silentConnections,
  idleConnections,
  connectionChurn,
];

/** They lock others out. */
export const LOCKED_OUT: readonly Attack[] = [
  pendingUsedUp,
  topicsUsedUp,
  sessionsUsedUp,
  sessionsReplaced,
  topicsRemoved,
  requestsCancelled,
];

export const ATTACKS: readonly Attack[] = [...LOOP, ...MEMORY, ...LOADS, ...CUT, ...LOCKED_OUT];

/** Finds an attack by its name. */
export function attackNamed(name: string): Attack {
  const found = ATTACKS.find((attack) => attack.name === name);
  if (!found) throw new Error(`there is no attack ${name}; --list names them`);
  return found;
}
