import { type OptionTable, tableOf } from "../options/option-check.js";
import { FLAG, SIGNAL, TEXT, wholeNumber } from "../options/rules.js";
import type {
  ListOptions,
  LookupOptions,
  RequestListOptions,
  RequestLookupOptions,
} from "./introspection.js";
import type { WatchOptions } from "./introspection-watch.js";

export const LOOKUP_TABLE: OptionTable = tableOf<LookupOptions>({ signal: SIGNAL });

export const REQUEST_LOOKUP_TABLE: OptionTable = tableOf<RequestLookupOptions>({
  principal: TEXT,
  signal: SIGNAL,
});

const LIST_RULES = { topic: TEXT, pageSize: wholeNumber(1, 1_000), signal: SIGNAL };

export const LIST_TABLE: OptionTable = tableOf<ListOptions>(LIST_RULES);

export const REQUEST_LIST_TABLE: OptionTable = tableOf<RequestListOptions>({
  ...LIST_RULES,
  pendingOnly: FLAG,
});

export const WATCH_TABLE: OptionTable = tableOf<WatchOptions>({ topic: TEXT, signal: SIGNAL });
