import { status as Code } from "@grpc/grpc-js";
import { WireError } from "ate-dispatcher-client/internal";
import { describe, expect, it } from "vitest";
import type { Logger } from "../../ports/logger.js";
import type { GrpcStatus } from "../wire/status.js";
import { guard } from "./call.js";

function setUp() {
  const errors: unknown[] = [];
  const statuses: GrpcStatus[] = [];
  const ignore = () => {};
  const error: Logger["error"] = ({ err }) => errors.push(err);
  const logger: Logger = { debug: ignore, info: ignore, warn: ignore, error };
  return { errors, statuses, logger, fail: (status: GrpcStatus) => void statuses.push(status) };
}

const malformed = () => {
  throw new WireError("a field is cut");
};
const bug = () => {
  throw new Error("a bug");
};

describe("a guarded callback", () => {
  it("that fails because of a bug is logged and ends the call INTERNAL", () => {
    const { errors, statuses, logger, fail } = setUp();
    guard(logger, fail, bug);

    expect(errors).toEqual([new Error("a bug")]);
    expect(statuses.map(({ code }) => code)).toEqual([Code.INTERNAL]);
  });

  it("whose refusal fails because of a bug is logged and ends the call INTERNAL", () => {
    const { errors, statuses, logger, fail } = setUp();
    guard(logger, fail, malformed, bug);

    expect(errors).toEqual([new Error("a bug")]);
    expect(statuses.map(({ code }) => code)).toEqual([Code.INTERNAL]);
  });

  it("throws nothing even if the end of the call fails", () => {
    const { errors, logger } = setUp();
    guard(logger, bug, malformed);
    guard(logger, bug, bug);

    expect(errors.length).toBeGreaterThanOrEqual(2);
  });
});
