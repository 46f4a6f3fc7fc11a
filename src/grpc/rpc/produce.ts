/**
 * Handles Produce: the first message opens the session, the others are what the producer says.
 */
import type { Hello } from "ate-dispatcher-client/internal";
import type { Input } from "../../core/vocabulary/input.js";
import type { SessionKey } from "../../core/vocabulary/model.js";
import { refusal } from "../../core/vocabulary/reason.js";
import { type BidiCall, sinkOf, subscribe } from "../transport/call.js";
import { decodeProduce, type ProducerSaid } from "../wire/decode-produce.js";
import { opaqueId } from "../wire/ids.js";
import type { Edge } from "./edge.js";

/** Handles Produce. */
export function produce(edge: Edge, call: BidiCall): void {
  const { runtime, logger, options } = edge;
  const bound = {
    maxBytes: options.producerBufferBytes,
    overflow: "SLOW_PRODUCER",
    endsOnReject: false,
  } as const;
  const session = runtime.openStream(sinkOf(call, edge), bound);
  const conversation = new ProducerConversation(session, call.getPeer());
  subscribe(call, logger, {
    message: (message) => runtime.submitAll(conversation.inputsOf(message)),
    refused: (refused) => runtime.submit({ kind: "sessionEnded", session, refusal: refused }),
    // A peer that was killed looks the same as one that ends its side, so an end without Drain is a departure.
    halfClosed: () => runtime.submit({ kind: "sessionEnded", session, refusal: undefined }),
    closed: () => runtime.close(session),
  });
}

/** What a producer may say when, and the inputs that follow from it. */
class ProducerConversation {
  private hasHello = false;
  private isOver = false;

  constructor(
    private readonly session: SessionKey,
    private readonly peer: string,
  ) {}

  /** The inputs that one message brings, read as they are applied: those before a malformed part count. */
  *inputsOf(message: Buffer): Generator<Input> {
    for (const said of decodeProduce(message, this.session)) {
      if (this.isOver) return;
      yield this.hasHello ? this.laterInput(said) : this.firstInput(said);
    }
  }

  private firstInput(said: ProducerSaid | undefined): Input {
    if (said === undefined) return this.violation("the first message is empty; send hello first");
    const name = "$case" in said ? said.$case : "reply";
    if ("$case" in said && said.$case === "hello") {
      this.hasHello = true;
      return producerOpened(this.session, said.value, this.peer);
    }
    return this.violation(`the first message is ${name}; send hello first`, { got: name });
  }

  private laterInput(said: ProducerSaid | undefined): Input {
    const { session } = this;
    if (said === undefined) return { kind: "messageMisunderstood", session };
    if (!("$case" in said)) return said;
    switch (said.$case) {
      case "register": {
        const { registrations, correlationId } = said.value;
        return { kind: "topicsRegistered", session, registrations, correlationId };
      }
      case "deregister": {
        const { topics, correlationId } = said.value;
        return { kind: "topicsDeregistered", session, topics, correlationId };
      }
      case "updateCredit":
        return { kind: "creditUpdated", session, maxOutstanding: said.value.maxOutstanding };
      case "drain":
        return { kind: "producerDraining", session };
      case "hello":
        return this.violation("Hello came twice; send it once, first");
      case "reply":
        // Replies are decoded to inputs; this one was not, so it says nothing that this version knows.
        return { kind: "messageMisunderstood", session };
    }
  }

  private violation(message: string, metadata: Readonly<Record<string, string>> = {}): Input {
    this.isOver = true;
    const refused = refusal("PROTOCOL_VIOLATION", message, metadata);
    return { kind: "sessionEnded", session: this.session, refusal: refused };
  }
}

function producerOpened(session: SessionKey, hello: Hello, peer: string): Input {
  return {
    kind: "producerOpened",
    session,
    sessionId: opaqueId(),
    producerId: hello.producerId,
    mintedId: `producer-${opaqueId()}`,
    displayName: hello.displayName,
    labels: Object.entries(hello.labels),
    registrations: hello.registrations,
    maxOutstanding: hello.maxOutstanding,
    maxBacklog: hello.maxBacklog,
    reportDispositions: hello.reportDispositions,
    peer,
  };
}
