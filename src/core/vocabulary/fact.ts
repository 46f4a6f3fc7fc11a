import type { Acceptance, Summary } from "./model.js";

/**
 * Maximum number of topics that a fact names. Each watcher compares them with its filter, and a message may name 10,000.
 */
export const MAX_FACT_TOPICS = 32;

/** The topics and patterns that a fact is about; MANY if they are more than {@link MAX_FACT_TOPICS}. */
export type FactTopics = readonly string[] | "MANY";

/**
 * An event that is reported to watchers. A change of a producer or listener carries its identity and the topics that
 * changed; the state is read when a watcher is told.
 */
export type Fact =
  | { readonly kind: "producerChanged"; readonly identity: string; readonly topics: FactTopics }
  | {
      readonly kind: "producerLeft";
      readonly identity: string;
      readonly producerId: string;
      readonly principal: string;
      readonly topics: FactTopics;
    }
  | { readonly kind: "listenerChanged"; readonly identity: string; readonly topics: FactTopics }
  | {
      readonly kind: "listenerLeft";
      readonly identity: string;
      readonly listenerId: string;
      readonly principal: string;
      readonly topics: FactTopics;
    }
  | {
      readonly kind: "requestAccepted";
      readonly topic: string;
      readonly requester: string;
      readonly acceptance: Acceptance;
    }
  /** The failures in the summary are cut. */
  | { readonly kind: "requestEnded"; readonly summary: Summary };
