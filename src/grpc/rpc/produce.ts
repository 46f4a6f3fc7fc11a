/**
 * Handles Produce: the first message opens the session, and the later ones become its inputs.
 */
import type { Hello } from "ate-dispatcher-client/internal";
import type { Input } from "../../core/vocabulary/input.js";
import type { Registration, SessionKey } from "../../core/vocabulary/model.js";
import { ALL_RIGHTS, type Rights } from "../../core/vocabulary/principal.js";
import { type Refusal, refusal } from "../../core/vocabulary/reason.js";
import type { MessageInputs } from "../../ports/runtime.js";
import { type BidiCall, subscribeToMessages } from "../transport/call.js";
import { sinkOf } from "../transport/call-sink.js";
import {
  type DecodedProducerMessage,
  decodeProduce,
  type ProduceLimits,
  UNKNOWN_MESSAGE,
} from "../wire/decode-produce.js";
import { maxResultBytes } from "../wire/failed-result.js";
import { opaqueId } from "../wire/ids.js";
import type { Edge } from "./edge.js";
import { END, mapInputs } from "./map-inputs.js";
import type { Origin } from "./origin.js";
import { anyRefusal, firstRefusal } from "./permissions.js";

/** Maximum cost of an assignment beside the bytes that `maxMessageBytes` bounds. */
const MAX_ASSIGNMENT_FRAME_BYTES = 1_024;

/** Handles Produce. */
export function produce(edge: Edge, call: BidiCall): void {
  const { runtime, options } = edge;
  const bound = {
    maxBytes: options.producerBufferBytes,
    overflow: "SLOW_PRODUCER",
    endsOnReject: false,
    stall: { watchdog: edge.closing, timeoutMs: options.closeTimeoutMs },
    reportAtBytes: reportAtBytes(options.producerBufferBytes, options.maxMessageBytes),
  } as const;
  const address = call.getPeer();
  const session = runtime.openStream(sinkOf(call, edge), bound, address);
  const caller = edge.callerOf(call);
  const conversation = new ProducerConversation(
    { session, peer: address, caller },
    {
      maxResultBytes: maxResultBytes(options.maxMessageBytes, caller.principal.id),
      entries: edge.entryLimits,
    },
  );
  subscribeToMessages(call, edge, {
    session,
    message: (message) => conversation.inputsOf(message),
    rejected: (reason) => runtime.submit({ kind: "sessionEnded", session, refusal: reason }),
    // A killed peer looks the same as one that closes its side, so an end without Drain means that the producer has left.
    halfClosed: () => runtime.submit({ kind: "sessionEnded", session, refusal: undefined }),
    closed: () => runtime.close(session),
  });
}

/**
 * How many written bytes of assignments are reported at once. While fewer are unreported, and all are written, the
 * largest assignment fits into the window. So none waits for a report that never comes.
 */
export function reportAtBytes(windowBytes: number, maxMessageBytes: number): number {
  return Math.max(1, Math.min(windowBytes / 2, windowBytes - maxMessageBytes - MAX_ASSIGNMENT_FRAME_BYTES));
}

/** Checks the order of a producer's messages and turns them into inputs. */
class ProducerConversation {
  private hasHello = false;
  private isOver = false;

  private readonly session: SessionKey;

  constructor(
    private readonly origin: Origin,
    private readonly limits: ProduceLimits,
  ) {
    this.session = origin.session;
  }

  /** The inputs of one message, decoded while they are applied, so that inputs before a malformed part stay applied. */
  inputsOf(message: Buffer): MessageInputs {
    const decoded = decodeProduce(message, this.session, this.limits);
    return mapInputs(decoded, (part) => (this.isOver ? END : this.inputOf(part)));
  }

  private inputOf(decoded: DecodedProducerMessage | typeof UNKNOWN_MESSAGE | undefined): Input | undefined {
    if (decoded === undefined) return undefined;
    return this.hasHello ? this.laterInput(decoded) : this.firstInput(decoded);
  }

  private firstInput(decoded: DecodedProducerMessage | typeof UNKNOWN_MESSAGE): Input {
    if (decoded === UNKNOWN_MESSAGE) {
      return this.violation("the first message is empty; send hello first");
    }
    if ("$case" in decoded && decoded.$case === "hello") {
      this.hasHello = true;
      const { registrations } = decoded.value;
      const refused = anyRefusal(this.origin.caller.rights, "produce") ?? this.refusalOf(registrations);
      return refused ? this.end(refused) : producerOpened(this.origin, decoded.value);
    }
    const isRefused = "$case" in decoded && decoded.$case === "refused";
    if (isRefused && decoded.value.name === "hello") return this.end(decoded.value.refusal);
    const name = isRefused ? decoded.value.name : "$case" in decoded ? decoded.$case : "reply";
    return this.violation(`the first message is ${name}; send hello first`, { got: name });
  }

  private laterInput(decoded: DecodedProducerMessage | typeof UNKNOWN_MESSAGE): Input {
    const { session } = this;
    if (decoded === UNKNOWN_MESSAGE) return { kind: "messageMisunderstood", session };
    if (!("$case" in decoded)) return decoded;
    switch (decoded.$case) {
      case "register": {
        const { correlationId } = decoded.value;
        const refused = this.refusalOf(decoded.value.registrations);
        if (refused) return { kind: "messageMisunderstood", session, refused, correlationId };
        const registrations = sharedRegistrations(decoded.value.registrations, this.origin.caller.rights);
        return { kind: "topicsRegistered", session, registrations, correlationId };
      }
      case "deregister": {
        const { topics, correlationId } = decoded.value;
        return { kind: "topicsDeregistered", session, topics, correlationId };
      }
      case "updateCredit":
        return { kind: "creditUpdated", session, maxOutstanding: decoded.value.maxOutstanding };
      case "drain":
        return { kind: "producerDraining", session };
      case "refused": {
        const { name, refusal: refused, correlationId } = decoded.value;
        return name === "hello"
          ? this.secondHello()
          : { kind: "messageMisunderstood", session, refused, correlationId };
      }
      case "hello":
        return this.secondHello();
      case "reply":
        // decodeProduce turns replies into inputs. A reply that arrives here has no field that this version knows.
        return { kind: "messageMisunderstood", session };
    }
  }

  /** Why the producer may not answer on one of these topics. */
  private refusalOf(registrations: readonly Registration[]): Refusal | undefined {
    const { rights } = this.origin.caller;
    return firstRefusal(
      rights,
      "produce",
      registrations.map(({ topic }) => topic),
    );
  }

  private secondHello(): Input {
    return this.violation("hello was sent twice; send it once, as the first message");
  }

  private violation(message: string, metadata: Readonly<Record<string, string>> = {}): Input {
    return this.end(refusal("PROTOCOL_VIOLATION", message, metadata));
  }

  private end(reason: Refusal): Input {
    this.isOver = true;
    return { kind: "sessionEnded", session: this.session, refusal: reason };
  }
}

function producerOpened({ session, peer, caller }: Origin, hello: Hello): Input {
  return {
    kind: "producerOpened",
    session,
    sessionId: opaqueId(),
    producerId: hello.producerId,
    mintedId: `producer-${opaqueId()}`,
    displayName: hello.displayName,
    labels: Object.entries(hello.labels),
    registrations: sharedRegistrations(hello.registrations, caller.rights),
    maxOutstanding: hello.maxOutstanding,
    maxBacklog: hello.maxBacklog,
    reportDispositions: hello.reportDispositions,
    peer,
    principal: caller.principal.id,
  };
}

/** The registrations, with whether peers of other principals may be members of their groups. */
function sharedRegistrations(
  registrations: readonly Registration[],
  rights: Rights,
): readonly Registration[] {
  if (rights === ALL_RIGHTS) return registrations;
  return registrations.map(({ topic, group }) => ({
    topic,
    group,
    isGroupShared: group !== "" && rights.sharesGroupOn(topic),
  }));
}
