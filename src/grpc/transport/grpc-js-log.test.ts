import { Metadata, setLogger } from "@grpc/grpc-js";
import { afterEach, expect, it } from "vitest";
import { routeGrpcJsLog } from "./grpc-js-log.js";

const { error, info, debug } = console;
afterEach(() => setLogger({ error, info, debug }));

it("names an entry of metadata that grpc-js cannot read, and not its value, which may be a token", () => {
  const lines: string[] = [];
  const record = (_: object, text: string) => void lines.push(text);
  routeGrpcJsLog(
    { debug: record, info: record, warn: record, error: record },
    { now: () => 0, timeOfDay: () => 0 },
  );

  Metadata.fromHttp2Headers({ authorization: "Bearer planted-\u0001secret", baggage: ["planted\nsecret"] });

  expect(lines).toEqual([
    expect.stringMatching(/Failed to add metadata entry authorization$/),
    expect.stringMatching(/Failed to add metadata entry baggage$/),
  ]);
});
