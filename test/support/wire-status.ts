/**
 * Reads from the wire how a call, a stream or a single message was rejected: code, ErrorInfo, BadRequest, RetryInfo.
 */
import { status as Code, type StatusObject } from "@grpc/grpc-js";
import { BadRequest, ErrorInfo, RetryInfo, Status } from "ate-dispatcher-client/internal";

/** No controls, formats, separators but the space, and surrogates. */
const READABLE = /^[ \p{L}\p{M}\p{N}\p{P}\p{S}]*$/u;

/** A status that is not OK, or a rejection on a stream. For a plain OK only `code` is meaningful. */
export interface Refused {
  /** Name of the gRPC status code. */
  readonly code: string;
  readonly message: string;
  /** ErrorInfo.reason; "" if there is no ErrorInfo. */
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Paths of the BadRequest. */
  readonly fields: readonly string[];
  readonly retryDelayMs: number | undefined;
}

/** The rejection of a unary call. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";

  constructor(readonly refused: Refused) {
    super(`${refused.code} ${refused.reason}: ${refused.message}`);
  }
}

/** Waits for a call to be rejected. Throws if it succeeds. */
export async function refusalOf(call: Promise<unknown>): Promise<Refused> {
  try {
    await call;
  } catch (error) {
    if (error instanceof RefusedError) return error.refused;
    throw error;
  }
  throw new Error("the call succeeded; it should have been rejected");
}

/** Reads the status that ended a call. */
export function readEnd({ code, details, metadata }: StatusObject): Refused {
  const [packed] = metadata.get("grpc-status-details-bin");
  const status = packed === undefined ? undefined : Status.decode(packed as Buffer);
  if (status && (status.code !== code || status.message !== details)) {
    throw new Error(
      `the status is ${code} "${details}", but its details contain ${status.code} "${status.message}"`,
    );
  }
  return readStatus(status ?? { code, message: details, details: [] });
}

/** Reads a google.rpc.Status. Throws if its text is not readable: it could break a terminal. */
export function readStatus({ code, message, details }: Status): Refused {
  const find = <T>(type: string, reader: { decode(bytes: Uint8Array): T }): T | undefined => {
    const found = details.find(({ typeUrl }) => typeUrl === `type.googleapis.com/google.rpc.${type}`);
    return found && reader.decode(found.value);
  };
  const info = find("ErrorInfo", ErrorInfo);
  const violations = find("BadRequest", BadRequest)?.fieldViolations ?? [];
  const delay = find("RetryInfo", RetryInfo)?.retryDelay;
  for (const text of [message, ...violations.flatMap((v) => [v.field, v.description])]) {
    if (!READABLE.test(text)) throw new Error(`not readable: ${JSON.stringify(text)}`);
  }
  return {
    code: Code[code] ?? String(code),
    message,
    reason: info?.reason ?? "",
    domain: info?.domain ?? "",
    metadata: info?.metadata ?? {},
    fields: violations.map(({ field }) => field),
    retryDelayMs: delay && Number(delay.seconds) * 1_000 + delay.nanos / 1_000_000,
  };
}
