import { type OptionTable, type Rule, tableOf } from "../options/option-check.js";
import {
  CALLBACK,
  ID,
  listOf,
  MAX_TOPIC_BYTES,
  mapOf,
  optionsOf,
  shortText,
  TOPIC,
  WAIT,
  wholeNumber,
} from "../options/rules.js";
import type { CloseOptions, ProducerOptions } from "./producer-options.js";

/** The limits of the contract that keep every message of a session below the limit of any server. */
const MAX_LABELS = 32;
const MAX_LABEL_BYTES = 128;
const MAX_DISPLAY_NAME_BYTES = 256;

export const REGISTER_TABLE = tableOf<{ readonly group?: string }>({ group: ID });

const GROUPED_TOPIC = tableOf<{ readonly topic: string; readonly group?: string }>({
  topic: TOPIC,
  group: ID,
});

const PRODUCER_TOPIC: Rule = {
  use: `a topic of at most ${MAX_TOPIC_BYTES} bytes, or an object of topic and group`,
  isValid(value, path) {
    if (typeof value === "string") return TOPIC.isValid(value, path);
    optionsOf(GROUPED_TOPIC, "options of a topic").isValid(value, path);
    return typeof (value as { readonly topic?: unknown }).topic === "string";
  },
};

export const CONCURRENCY: Rule = wholeNumber(1);

export const PRODUCER_TABLE: OptionTable = tableOf<ProducerOptions>({
  topics: listOf(PRODUCER_TOPIC),
  handler: CALLBACK,
  concurrency: CONCURRENCY,
  maxBacklog: wholeNumber(0),
  id: ID,
  displayName: shortText(MAX_DISPLAY_NAME_BYTES),
  labels: mapOf(shortText(MAX_LABEL_BYTES), { maxEntries: MAX_LABELS, maxKeyBytes: MAX_LABEL_BYTES }),
  onDisposition: CALLBACK,
  onStatus: CALLBACK,
});

export const CLOSE_TABLE: OptionTable = tableOf<CloseOptions>({ graceMs: WAIT });
