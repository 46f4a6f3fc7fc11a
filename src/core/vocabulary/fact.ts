import type { Acceptance, Summary } from "./model.js";
import type { ListenerView, ProducerView } from "./views.js";

/** An event that is reported to watchers. */
export type Fact =
  | { readonly kind: "producerChanged"; readonly producer: ProducerView }
  | { readonly kind: "producerLeft"; readonly producerId: string; readonly topics: readonly string[] }
  | { readonly kind: "listenerChanged"; readonly listener: ListenerView }
  | { readonly kind: "listenerLeft"; readonly listenerId: string; readonly topics: readonly string[] }
  | { readonly kind: "requestAccepted"; readonly topic: string; readonly acceptance: Acceptance }
  | { readonly kind: "requestEnded"; readonly summary: Summary };
