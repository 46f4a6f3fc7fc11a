import { describe, expect, it } from "vitest";
import { isShow } from "./show.js";

describe("request show", () => {
  it("shows a request if there are no options of a request", () => {
    expect(isShow("show", ["r-1"], { noProducers: "complete" })).toBe(true);
  });

  it.each<[topic: string, args: readonly string[], flags: Parameters<typeof isShow>[2]]>([
    ["topic1", ["r-1"], {}],
    ["show", [], {}],
    ["show", ["1", "2"], {}],
    ["show", ["r-1"], { ttl: 5_000 }],
    ["show", ["r-1"], { kw: [["a", "b"]] }],
    ["show", ["r-1"], { validateOnly: true }],
    ["show", ["r-1"], { noProducers: "fail" }],
  ])("sends a request with %s %j %j", (topic, args, flags) => {
    expect(isShow(topic, args, flags)).toBe(false);
  });
});
