import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { DispatcherError, errorOfStatus } from "./errors.js";
import { BadRequest, ErrorInfo, RetryInfo } from "./gen/google/rpc/error_details.js";
import { Status } from "./gen/google/rpc/status.js";

const TYPES = "type.googleapis.com/google.rpc";

describe("DispatcherError.from", () => {
  it("returns a DispatcherError unchanged, also one of another copy of the package", () => {
    const error = new DispatcherError({ code: status.NOT_FOUND, details: "gone" });
    const fields = { name: "DispatcherError", code: status.UNKNOWN, reason: "X", details: "x" };
    const foreign = Object.assign(new Error("x"), fields);

    expect(DispatcherError.from(error)).toBe(error);
    expect(DispatcherError.from(foreign)).toBe(foreign);
  });

  it("reads ErrorInfo, BadRequest and RetryInfo from the trailers", () => {
    const error = serviceError(status.RESOURCE_EXHAUSTED, "slow down", [
      {
        typeUrl: `${TYPES}.ErrorInfo`,
        value: ErrorInfo.encode({
          reason: "RATE_LIMITED",
          domain: "ate.dispatcher",
          metadata: { limit: "10" },
        }).finish(),
      },
      {
        typeUrl: `${TYPES}.RetryInfo`,
        value: RetryInfo.encode({ retryDelay: { seconds: 1n, nanos: 0 } }).finish(),
      },
      {
        typeUrl: `${TYPES}.BadRequest`,
        value: BadRequest.encode({
          fieldViolations: [{ ...NO_VIOLATION, field: "request.ttl", description: "too long" }],
        }).finish(),
      },
    ]);

    const converted = DispatcherError.from(error);

    expect(converted).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      reason: "RATE_LIMITED",
      message: "RESOURCE_EXHAUSTED: slow down",
      details: "slow down",
      metadata: { limit: "10" },
      fieldViolations: [{ field: "request.ttl", description: "too long" }],
      retryDelayMs: 1000,
      retryable: true,
      cause: error,
    });
  });

  it("skips details that are unknown or malformed", () => {
    const error = serviceError(status.NOT_FOUND, "gone", [
      { typeUrl: `${TYPES}.Help`, value: Uint8Array.of(1, 2) },
      { typeUrl: `${TYPES}.ErrorInfo`, value: Uint8Array.of(0xff) },
    ]);

    expect(DispatcherError.from(error)).toMatchObject({ code: status.NOT_FOUND, reason: "NOT_FOUND" });
  });

  it("ignores trailers that do not hold a status", () => {
    const metadata = new Metadata();
    metadata.set("grpc-status-details-bin", Buffer.of(0xff));
    const error = Object.assign(new Error("x"), { code: status.INTERNAL, details: "x", metadata });

    expect(DispatcherError.from(error)).toMatchObject({ code: status.INTERNAL, reason: "INTERNAL" });
  });

  it.each<[what: string, thrown: unknown, code: status, details: string]>([
    ["an abort", new DOMException("stop", "AbortError"), status.CANCELLED, "stop"],
    ["an Error", new Error("boom"), status.UNKNOWN, "boom"],
    ["a system error", Object.assign(new Error("x"), { code: "ENOENT" }), status.UNKNOWN, "x"],
    ["a string", "boom", status.UNKNOWN, "boom"],
    ["nothing", undefined, status.UNKNOWN, "undefined"],
  ])("gives %s a code, and keeps it as the cause", (_, thrown, code, details) => {
    expect(DispatcherError.from(thrown)).toMatchObject({ code, details });
    expect(DispatcherError.from(thrown).cause).toBe(thrown);
  });
});

describe("errorOfStatus", () => {
  it("takes the reason from the details, then from the argument, then from the name of the code", () => {
    const bare = { code: status.NOT_FOUND, message: "gone", details: [] };
    const info = ErrorInfo.encode({ reason: "NO_STOCK", domain: "shop", metadata: {} }).finish();
    const rich = { ...bare, details: [{ typeUrl: `${TYPES}.ErrorInfo`, value: info }] };

    expect(errorOfStatus(rich, "PRODUCER_ERROR").reason).toBe("NO_STOCK");
    expect(errorOfStatus(bare, "PRODUCER_ERROR").reason).toBe("PRODUCER_ERROR");
    expect(errorOfStatus(bare).reason).toBe("NOT_FOUND");
  });

  it.each([[undefined], [{ code: 0, message: "", details: [] }]])("reads %j as UNKNOWN", (value) => {
    expect(errorOfStatus(value).code).toBe(status.UNKNOWN);
  });

  it("keeps a code that gRPC does not define", () => {
    const error = errorOfStatus({ code: 77, message: "odd", details: [] });

    expect(error).toMatchObject({ code: 77, reason: "CODE_77", message: "CODE_77: odd" });
  });
});

const NO_VIOLATION = { reason: "", localizedMessage: undefined };

function serviceError(code: status, details: string, infos: Status["details"]): ServiceError {
  const metadata = new Metadata();
  const bytes = Status.encode({ code, message: details, details: infos }).finish();
  metadata.set("grpc-status-details-bin", Buffer.from(bytes));
  return Object.assign(new Error(`${code}: ${details}`), { code, details, metadata });
}
