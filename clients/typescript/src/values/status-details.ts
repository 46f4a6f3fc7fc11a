import type { ServiceError } from "@grpc/grpc-js";
import type { Any } from "../gen/google/protobuf/any.js";
import { BadRequest, ErrorInfo, RetryInfo } from "../gen/google/rpc/error_details.js";
import { Status } from "../gen/google/rpc/status.js";
import { msFromDuration } from "./duration.js";

/** The contents of the standard error details; absent fields were not sent. */
export interface StatusDetails {
  readonly reason?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly fieldViolations?: readonly { readonly field: string; readonly description: string }[];
  readonly retryDelayMs?: number;
}

/** The trailer that holds a serialized `google.rpc.Status`. */
const DETAILS_KEY = "grpc-status-details-bin";

/** The `google.rpc.Status` of a failed call; undefined if it is absent or malformed. */
export function statusOfCall(error: ServiceError): Status | undefined {
  try {
    // Anything that looks like the error of a call may come from the program, with any kind of metadata.
    const bytes = error.metadata.get(DETAILS_KEY)[0];
    return Buffer.isBuffer(bytes) ? Status.decode(bytes) : undefined;
  } catch {
    return undefined;
  }
}

/** Reads ErrorInfo, BadRequest and RetryInfo. Skips details that are unknown or malformed. */
export function parseStatusDetails(details: readonly Any[]): StatusDetails {
  return Object.assign({}, ...details.map(parseDetail));
}

function parseDetail({ typeUrl, value }: Any): StatusDetails {
  try {
    switch (typeUrl.slice(typeUrl.lastIndexOf("/") + 1)) {
      case "google.rpc.ErrorInfo": {
        const { reason, metadata } = ErrorInfo.decode(value);
        return reason === "" ? { metadata } : { reason, metadata };
      }
      case "google.rpc.BadRequest":
        return {
          fieldViolations: BadRequest.decode(value).fieldViolations.map(({ field, description }) => ({
            field,
            description,
          })),
        };
      case "google.rpc.RetryInfo":
        return { retryDelayMs: msFromDuration(RetryInfo.decode(value).retryDelay) };
      default:
        return {};
    }
  } catch {
    return {};
  }
}
