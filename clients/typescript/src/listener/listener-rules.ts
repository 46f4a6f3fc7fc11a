import { type OptionTable, tableOf } from "../options/option-check.js";
import { CALLBACK, FLAG, ID, listOf, oneOf, TEXT, wholeNumber } from "../options/rules.js";
import type { ListenerOptions } from "./listener-options.js";

export const LISTENER_TABLE: OptionTable = tableOf<ListenerOptions>({
  topics: listOf(TEXT),
  onResult: CALLBACK,
  onSummary: CALLBACK,
  onGap: CALLBACK,
  onStatus: CALLBACK,
  id: ID,
  group: ID,
  includeLate: FLAG,
  overflowAction: oneOf("DROP_OLDEST", "DISCONNECT"),
  bufferBytes: wholeNumber(0),
});

export const TOPICS_UPDATE_TABLE: OptionTable = tableOf<{ readonly add: unknown; readonly remove: unknown }>({
  add: listOf(TEXT),
  remove: listOf(TEXT),
});
