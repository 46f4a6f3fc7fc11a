import { describe, expect, it } from "vitest";
import { WireMemory } from "../codec/wire-memory.js";
import { WireWriter } from "../codec/writer.js";
import { Request } from "../gen/ate/dispatcher/v1/request.js";
import { durationFromMs } from "../values/duration.js";
import { encodeRequest } from "./request.js";
import type { RequestOptions } from "./request-options.js";
import { encodeUsualRequest } from "./wire-request.js";

describe("a usual request", () => {
  it.each<[what: string, topic: string, options: RequestOptions]>([
    ["of nothing", "", {}],
    ["of a topic", "topic1", {}],
    ["of a long topic", "größe".repeat(100), {}],
    ["of half an emoji", "\ud83d", { contentType: "\ude00" }],
    ["of no bytes", "t", { data: new Uint8Array() }],
    ["of many bytes", "t", { data: new Uint8Array(100_000).fill(7) }],
    [
      "of all there is",
      "t",
      { data: Buffer.of(1), contentType: "image/png", ttlMs: 1500.25, requestId: "r" },
    ],
  ])("%s is what the generated codec writes", (_, topic, options) => {
    const ttl = options.ttlMs === undefined ? undefined : durationFromMs(options.ttlMs);
    const { data = new Uint8Array(), contentType = "", requestId = "" } = options;
    const message = { ...Request.create(), topic, data, contentType, ttl, requestId };

    const written = encodeUsualRequest(topic, options, new WireWriter());
    expect(Buffer.from(written ?? [])).toEqual(Buffer.from(Request.encode(message).finish()));
  });

  it.each([
    0,
    1e-6,
    0.5,
    999.9999999,
    1000,
    5000,
    127_000,
    128_000,
    3_600_000,
    2 ** 31 * 1000 - 1,
    2 ** 31 * 1000,
  ])("of a TTL of %d ms is what the generated codec writes", (ttlMs) => {
    const message = { ...Request.create(), topic: "t", ttl: durationFromMs(ttlMs) };

    expect(Buffer.from(encodeRequest("t", { ttlMs }, new WireMemory()))).toEqual(
      Buffer.from(Request.encode(message).finish()),
    );
  });

  it.each<[what: string, options: unknown]>([
    ["arguments", { args: [1] }],
    ["annotations", { attributes: { k: "v" } }],
    ["a policy", { completion: { firstSuccess: true } }],
    ["a negative TTL", { ttlMs: -1 }],
    ["a TTL that is none", { ttlMs: null }],
    ["data that is none", { data: "x" }],
    ["a media type that is none", { contentType: 1 }],
  ])("has no %s", (_, options) => {
    expect(encodeUsualRequest("t", options as RequestOptions, new WireWriter())).toBeUndefined();
  });

  it("keeps its bytes when the next one is written", () => {
    const writer = new WireWriter();
    const first = encodeUsualRequest("t", { data: new Uint8Array(200).fill(1) }, writer);
    const copy = Buffer.from(first ?? []);
    encodeUsualRequest("t", { data: new Uint8Array(200).fill(2) }, writer);

    expect(copy.equals(first ?? Buffer.of())).toBe(true);
  });
});
