import { type OptionTable, tableOf } from "../options/option-check.js";
import {
  BYTES,
  FLAG,
  JSON_ARRAY,
  JSON_OBJECT,
  listOf,
  MILLISECONDS,
  mapOf,
  oneOf,
  optionsOf,
  SIGNAL,
  TEXT,
  wholeNumber,
} from "../options/rules.js";
import type { CancelOptions, CompletionOptions, GatherOptions, SelectorOptions } from "./request-options.js";

const COMPLETION = tableOf<CompletionOptions>({
  resultCount: wholeNumber(0),
  quorumPercent: wholeNumber(0),
  firstSuccess: FLAG,
  stallTimeoutMs: MILLISECONDS,
  minResults: wholeNumber(0),
  countErrors: FLAG,
  loserAction: oneOf("CANCEL", "LET_RUN"),
});

const SELECTOR = tableOf<SelectorOptions>({
  producerIds: listOf(TEXT),
  principals: listOf(TEXT),
  matchLabels: mapOf(TEXT),
  maxTargets: wholeNumber(0),
});

export const GATHER_TABLE: OptionTable = tableOf<GatherOptions>({
  args: JSON_ARRAY,
  kwargs: JSON_OBJECT,
  data: BYTES,
  contentType: TEXT,
  attributes: mapOf(TEXT),
  ttlMs: MILLISECONDS,
  requestId: TEXT,
  completion: optionsOf(COMPLETION, "options of completion"),
  selector: optionsOf(SELECTOR, "options of selector"),
  noProducersAction: oneOf("COMPLETE", "FAIL", "WAIT"),
  context: mapOf(TEXT),
  signal: SIGNAL,
  unary: FLAG,
  excludeListeners: FLAG,
});

/** As {@link GATHER_TABLE}: programs use the same options for both. `excludeListeners` has no effect on a dispatch. */
export const REQUEST_TABLE = GATHER_TABLE;

export const CANCEL_TABLE: OptionTable = tableOf<CancelOptions>({ principal: TEXT });
