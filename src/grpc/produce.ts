/**
 * Handles Produce: the first message opens the session, the others are what the producer says.
 */
import type { Input } from "../core/input.js";
import type { SessionKey } from "../core/model.js";
import { type Refusal, refusal } from "../core/reason.js";
import type { Hello, ProducerMessage } from "../gen/ate/dispatcher/v1/producer.js";
import { type BidiCall, sinkOf, subscribe } from "./call.js";
import { decodeProduce } from "./decode-produce.js";
import type { Edge } from "./edge.js";
import { opaqueId } from "./ids.js";

/** Handles Produce. */
export function produce(edge: Edge, call: BidiCall): void {
  const { runtime, logger, options } = edge;
  const bound = {
    maxBytes: options.producerBufferBytes,
    overflow: "SLOW_PRODUCER",
    endsOnReject: false,
  } as const;
  const session = runtime.openStream(sinkOf(call, edge), bound);
  let hasHello = false;
  let isOver = false;
  const violated = (refused: Refusal): void => {
    isOver = true;
    runtime.end(session, refused);
  };
  const say = (said: NonNullable<ProducerMessage["message"]>): void => {
    if (said.$case === "hello") {
      if (hasHello) violated(refusal("PROTOCOL_VIOLATION", "Hello came twice; send it once, first"));
      else open(edge, session, said.value, call.getPeer());
      hasHello = true;
    } else if (hasHello) {
      tell(edge, session, said);
    } else {
      const message = `the first message is ${said.$case}; send hello first`;
      violated(refusal("PROTOCOL_VIOLATION", message, { got: said.$case }));
    }
  };
  function* inputsOf(message: Buffer): Generator<Input> {
    for (const said of decodeProduce(message, session)) {
      if (isOver) return;
      if (said === undefined) fault(edge, session, hasHello, violated);
      else if ("$case" in said) say(said);
      else if (hasHello) yield said;
      else
        violated(
          refusal("PROTOCOL_VIOLATION", "the first message is reply; send hello first", { got: "reply" }),
        );
    }
  }
  subscribe(call, logger, {
    message: (message) => runtime.submitAll(inputsOf(message)),
    refused: violated,
    // A peer that is killed looks the same as one that ends its side, so ending without Drain is departing.
    halfClosed: () => runtime.end(session, undefined),
    closed: () => runtime.close(session),
  });
}

function open({ runtime }: Edge, session: SessionKey, hello: Hello, peer: string): void {
  runtime.submit({
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
  });
}

function tell({ runtime }: Edge, session: SessionKey, said: NonNullable<ProducerMessage["message"]>): void {
  switch (said.$case) {
    case "register": {
      const { registrations, correlationId } = said.value;
      runtime.submit({ kind: "topicsRegistered", session, registrations, correlationId });
      break;
    }
    case "deregister": {
      const { topics, correlationId } = said.value;
      runtime.submit({ kind: "topicsDeregistered", session, topics, correlationId });
      break;
    }
    case "updateCredit": {
      const { maxOutstanding } = said.value;
      runtime.submit({ kind: "creditUpdated", session, maxOutstanding });
      break;
    }
    case "drain":
      runtime.submit({ kind: "producerDraining", session });
      break;
    case "hello":
    case "reply":
      break;
  }
}

/** A message that says nothing, or nothing that this version knows. */
function fault(
  { runtime }: Edge,
  session: SessionKey,
  hasHello: boolean,
  violated: (refused: Refusal) => void,
): void {
  if (hasHello) runtime.submit({ kind: "messageMisunderstood", session });
  else violated(refusal("PROTOCOL_VIOLATION", "the first message is empty; send hello first"));
}
