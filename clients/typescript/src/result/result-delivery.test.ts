import { inspect } from "node:util";
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { Result } from "../gen/ate/dispatcher/v1/result.js";
import type { WireDelivery } from "../wire/wire-delivery.js";
import { ReceivedResult } from "./result-delivery.js";

describe("a result", () => {
  it("with a value has no data and no error", () => {
    const result = received({ $case: "value", value: { a: [null] } });

    expect(result).toMatchObject({ kind: "value", value: { a: [null] }, data: undefined, error: undefined });
    expect(result.value).toBe(result.value);
  });

  it("with data has a null value", () => {
    const result = received({ $case: "data", value: Uint8Array.of(1) }, { contentType: "image/png" });

    expect(result).toMatchObject({ kind: "data", value: null, contentType: "image/png" });
    expect(result.data).toEqual(Uint8Array.of(1));
  });

  it("with an error has the error, and its value throws the error", () => {
    const result = received({
      $case: "error",
      value: { code: status.NOT_FOUND, message: "no stock", details: [] },
    });
    const failure = { code: status.NOT_FOUND, reason: "PRODUCER_ERROR", details: "no stock" };

    expect(result.kind).toBe("error");
    expect(result.error).toMatchObject(failure);
    expect(result.data).toBeUndefined();
    expect(() => result.value).toThrow(expect.objectContaining(failure));
  });

  it("without an outcome has a null value", () => {
    expect(received(undefined)).toMatchObject({ kind: "value", value: null });
    expect(new ReceivedResult({ ...ENVELOPE, result: new Uint8Array() }).value).toBeNull();
  });

  it("keeps attributes, whatever their names", () => {
    const attributes = JSON.parse('{"__proto__": "x", "unit": "ms"}') as Record<string, string>;
    const { attributes: kept } = received(undefined, { attributes });

    expect(Object.entries(kept)).toEqual(Object.entries(attributes));
  });

  it.each<[what: string, bytes: number[]]>([
    ["cut off", [10, 5, 26]],
    ["a string that is not UTF-8", [10, 4, 26, 2, 0xc3, 0x28]],
    ["not protobuf", [0xff, 0xff]],
  ])("that is %s is an error of its own, and its envelope can be read", (_, bytes) => {
    const result = new ReceivedResult({ ...ENVELOPE, result: Uint8Array.from(bytes) });
    const failure = { code: status.DATA_LOSS, reason: "UNDECODABLE_RESULT" };

    expect(result.topic).toBe("topic1");
    expect(result).toMatchObject({ kind: "error", data: undefined, attributes: {}, error: failure });
    expect(() => result.value).toThrow(expect.objectContaining(failure));
    expect(inspect(result)).toContain("UNDECODABLE_RESULT");
  });

  it("shows its payload when it is printed", () => {
    expect(inspect(received({ $case: "value", value: 42 }))).toMatch(/topic: 'topic1'.*value: 42/s);
  });
});

const ENVELOPE: Omit<WireDelivery, "result"> = {
  requestId: "r",
  requester: "",
  topic: "topic1",
  producerId: "p",
  principal: "",
  group: "",
  ordinal: 1,
  more: false,
  sequence: 1n,
  late: false,
  context: {},
  latency: new Uint8Array(),
  receiveTime: new Uint8Array(),
};

function received(outcome: Result["outcome"], fields: Partial<Result> = {}): ReceivedResult {
  return new ReceivedResult({
    ...ENVELOPE,
    result: Result.encode({ ...Result.create(), outcome, ...fields }).finish(),
  });
}
