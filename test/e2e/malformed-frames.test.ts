/**
 * Calls that are malformed below the message: compression, prefixes, the number of messages, metadata. A status that the
 * bytes of a peer cause is never INTERNAL or UNKNOWN, which would blame the server.
 */
import { deflateSync, gzipSync } from "node:zlib";
import { status as Code } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { useServer } from "../support/in-process.js";
import { callRaw, connectRaw, framed } from "../support/raw-call.js";
import { bytesField } from "../support/wire-bytes.js";
import { connect } from "../support/wire-client.js";

const HEALTH = "/grpc.health.v1.Health/Check";
const REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const server = useServer();

const malformed = { code: "INVALID_ARGUMENT", reason: "MALFORMED_MESSAGE", domain: "ate.dispatcher" };
const violation = { code: "INVALID_ARGUMENT", reason: "PROTOCOL_VIOLATION", domain: "ate.dispatcher" };
const request = bytesField(1, bytesField(1, "raw.topic"));
const garbage = Buffer.from([0x0a, 0xff, 0xff, 0xff]);
const METHODS = ["Dispatch", "Gather", "Listen", "Submit", "Produce", "Subscribe"];

describe.each(METHODS)("on %s", (method) => {
  it.each([
    ["gzip", "gzip", Buffer.from("no gzip at all")],
    ["cut gzip", "gzip", gzipSync(Buffer.alloc(1_000, 7)).subarray(0, 20)],
    ["empty gzip", "gzip", Buffer.alloc(0)],
    ["deflate", "deflate", Buffer.from("no deflate at all")],
    ["cut deflate", "deflate", deflateSync(Buffer.alloc(1_000, 7)).subarray(0, 9)],
  ])("bad %s is a malformed message", async (_, encoding, packed) => {
    const session = connectRaw(server.address);
    const end = await callRaw(session, method, framed(packed, 1), { "grpc-encoding": encoding });
    expect(end.refused).toMatchObject(malformed);
    expect(end.code).toBe(Code.INVALID_ARGUMENT);
    await connect(server.address).dispatch({ topic: "t" });
  });

  it("a message that says it is compressed and is not is a malformed message", async () => {
    const { refused } = await callRaw(connectRaw(server.address), method, framed(garbage, 1));
    expect(refused).toMatchObject(malformed);
  });

  it("a flag that gRPC does not define is read as a message", async () => {
    const { refused } = await callRaw(connectRaw(server.address), method, framed(garbage, 2));
    expect(refused).toMatchObject(malformed);
  });

  it("an unknown compression is UNIMPLEMENTED, as gRPC demands", async () => {
    const end = await callRaw(connectRaw(server.address), method, framed(request, 1), {
      "grpc-encoding": "zip",
    });
    expect(end.code).toBe(Code.UNIMPLEMENTED);
  });
});

describe.each(["Dispatch", "Gather", "Listen", "CancelRequest", HEALTH])(
  "on %s, which takes one message,",
  (method) => {
    it.each([
      ["no message", Buffer.alloc(0)],
      ["half a prefix", Buffer.from([0, 0])],
      ["half a message", framed(request).subarray(0, 8)],
      ["two messages", Buffer.concat([framed(request), framed(request)])],
    ])("%s is a violation of the protocol", async (_, body) => {
      const end = await callRaw(connectRaw(server.address), method, body);
      expect(end.refused).toMatchObject(violation);
      expect(end.code).toBe(Code.INVALID_ARGUMENT);
    });
  },
);

describe.each([HEALTH, REFLECTION])("on %s", (path) => {
  it("a message that is not protobuf is a malformed message", async () => {
    const { refused } = await callRaw(connectRaw(server.address), path, framed(garbage));
    expect(refused).toMatchObject(malformed);
  });
});

describe("the headers of a call", () => {
  it("of another content type than gRPC are an HTTP error, as gRPC demands", async () => {
    const json = { "content-type": "application/json" };
    expect(await callRaw(connectRaw(server.address), "Dispatch", Buffer.alloc(0), json)).toMatchObject({
      http: 415,
      code: undefined,
    });
  });

  it.each([
    ["a value beyond ASCII", { "x-name": "Zo\u00eb" }],
    ["a control character of Latin-1", { "x-name": "\u009b31m" }],
    ["a name that gRPC does not allow", { "x-n*me": "v" }],
    ["binary that is no base64", { "x-data-bin": "\u00ff!!" }],
    ["a trace context beyond ASCII", { traceparent: "\u00e4" }],
  ])("with %s are accepted without that entry", async (_, headers) => {
    const end = await callRaw(connectRaw(server.address), "Dispatch", framed(request), headers);
    expect(end.code).toBe(Code.OK);
  });

  it.each(["/caf\u00e9.Service/Call", "/a%zz/b", "/a%20b/\u009b"])(
    "with the unknown path %j have an error text that decodes to the path",
    async (path) => {
      const bytes = Buffer.from(path).toString("latin1");
      const end = await callRaw(connectRaw(server.address), bytes, Buffer.alloc(0));
      expect(end.code).toBe(Code.UNIMPLEMENTED);
      expect(end.message).toMatch(/^[\x20-\x7e]*$/);
      expect(decodeURIComponent(end.message)).toContain(path);
    },
  );
});
