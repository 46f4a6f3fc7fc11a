/** Messages that begin and do not end. Every test runs over a plain socket; another connection is served throughout. */
import { status as Code } from "@grpc/grpc-js";
import { describe, expect, it, onTestFinished } from "vitest";
import { startServer } from "../support/in-process.js";
import { callRaw, callWithoutEnd, connectRaw, framed } from "../support/raw-call.js";
import {
  callHeaders,
  data,
  FLAG,
  FRAME,
  preface,
  prefix,
  RawConnection,
  type Received,
} from "../support/raw-frames.js";
import { bytesField } from "../support/wire-bytes.js";
import { connect } from "../support/wire-client.js";

const KIB = 1_024;
const MIB = 1_024 * KIB;
const SUBMIT = "/ate.dispatcher.v1.DispatcherService/Submit";
const request = bytesField(1, bytesField(1, "t"));

async function openRaw(address: string, localAddress?: string): Promise<RawConnection> {
  const connection = await RawConnection.open(address, localAddress);
  onTestFinished(() => connection.destroy());
  await connection.send(preface());
  return connection;
}

describe("a message that is not complete in time", () => {
  const half = Buffer.concat([prefix(1_000), Buffer.alloc(500)]);

  it.each([
    ["the first of a Submit", "Submit", half, "PARTIAL_MESSAGE_LIMIT"],
    ["a later one of a Submit", "Submit", Buffer.concat([prefix(0), half]), "PARTIAL_MESSAGE_LIMIT"],
    ["half a prefix", "Submit", Buffer.from([0, 0]), "PARTIAL_MESSAGE_LIMIT"],
    ["the one of a Dispatch", "Dispatch", half, "FIRST_MESSAGE_TIMEOUT"],
    ["the one of a Dispatch, without a half-close", "Dispatch", framed(request), "FIRST_MESSAGE_TIMEOUT"],
  ])("ends its call, and the connection goes on: %s", async (_, method, body, reason) => {
    const { address } = await startServer({ firstMessageTimeoutMs: 50, closeTimeoutMs: 50 });
    const session = connectRaw(address);
    const end = await callWithoutEnd(session, method, body);
    expect(end.refused).toMatchObject({ reason, metadata: { limit_ms: "50" } });
    expect((await callRaw(session, "Dispatch", framed(request))).code).toBe(Code.OK);
  });

  it("does not concern a stream between messages", async () => {
    const { address } = await startServer({ firstMessageTimeoutMs: 50, closeTimeoutMs: 50 });
    const client = connect(address);
    const silent = client.submit();
    const other = client.listen({ topics: ["t"] });
    await other.next("ready");
    const ended = await callWithoutEnd(connectRaw(address), "Submit", half);
    expect(ended.refused?.reason).toBe("PARTIAL_MESSAGE_LIMIT");
    silent.submit({ correlationId: "c", request: { topic: "t" } });
    await silent.next("acceptance");
  });
});

describe("messages of one connection whose frames alternate", () => {
  it("are all complete in the end, although together they exceed the budget", async () => {
    const { address } = await startServer();
    const client = connect(address);
    const requests = Array.from({ length: 16 }, () =>
      client.dispatch({ topic: "t", data: Buffer.alloc(MIB - KIB) }),
    );
    expect((await Promise.all(requests)).every(({ requestId }) => requestId !== "")).toBe(true);
  });

  it("hold what the server reads of them, and end with a refusal beyond the budget of the address", async () => {
    const { address } = await startServer({ maxMessageBytes: 64 * KIB });
    const [first, second, third] = await Promise.all([openRaw(address), openRaw(address), openRaw(address)]);
    const begun = Buffer.concat([prefix(60 * KIB), Buffer.alloc(16_000)]);
    const streams = Array.from({ length: 1_000 }, (_, i) => 2 * i + 1);
    const flood = async (raw: RawConnection): Promise<void> => {
      await raw.send(...streams.flatMap((stream) => [callHeaders(stream, SUBMIT), data(stream, begun)]));
    };
    await Promise.all([flood(first), flood(second), flood(third)]);
    const isEnd = ({ type, flags }: Received) => type === FRAME.headers && (flags & FLAG.endStream) !== 0;
    const refused = await Promise.race([first.next(isEnd), second.next(isEnd), third.next(isEnd)]);
    expect(refused).toBeDefined();
    const other = connectRaw(address, "127.0.0.2");
    expect((await callRaw(other, "Dispatch", framed(request))).code).toBe(Code.OK);
    for (const raw of [first, second, third]) raw.destroy();
  });
});
