/**
 * `npm run demo`: a dispatcher, two producers and two listeners, each in its own process. It sends the requests of the
 * original's example and draws who answered when. Exits 0 if every outcome is the expected one, else 1.
 */
import { once } from "node:events";
import { type Acceptance, createClient, type DispatcherClient } from "ate-dispatcher-client";
import { type Children, createChildren } from "./children.js";
import { Feed, type FeedEvent } from "./feed.js";
import { ARGS, type Expectation, KWARGS, LISTENERS, PRODUCERS, STEPS, type Step } from "./scenario.js";
import { drawTimeline, type Paint, type Row } from "./timeline.js";
import { differences, type Heard, type Observation } from "./verdict.js";

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;
const isPlain = !process.stdout.isTTY || Boolean(process.env["NO_COLOR"]);
const paint: Paint = (colour, text) => (isPlain ? text : `\u001b[${CODES[colour]}m${text}\u001b[0m`);

function say(text = ""): void {
  process.stdout.write(`${text}\n`);
}

/** Runs all steps. @returns differences from the expected outcomes. */
async function play(feed: Feed, children: Children): Promise<readonly string[]> {
  children.start("dispatcher", ["serve", "--listen", "127.0.0.1:0", "--log-level", "warn", "--json"]);
  const address = String((await feed.until("dispatcher", "listening")).fields["address"]);
  say(`${paint("bold", "dispatcher")} listens on ${address}`);
  const common = ["--address", address, "--json"];
  for (const { id, delayMs, topics } of PRODUCERS) {
    const answer = ["--echo", "--delay", `${delayMs}ms`];
    children.start(id, ["produce", ...topics, "--id", id, ...answer, ...common]);
    say(`${paint("bold", id)} answers after ${delayMs} ms on ${topics.join(", ")}`);
  }
  for (const { id, topics } of LISTENERS) {
    children.start(id, ["listen", ...topics, "--id", id, "--summaries", ...common]);
    say(`${paint("bold", id)} listens on ${topics.join(", ")}`);
  }
  await Promise.all([...PRODUCERS, ...LISTENERS].map(({ id }) => feed.until(id, "ready")));
  const client = createClient({ address });
  try {
    const found: string[] = [];
    for (const step of STEPS) found.push(...(await perform(step, client, feed, children)));
    found.push(...surplus(feed));
    return found;
  } finally {
    await client.close();
  }
}

async function perform(
  step: Step,
  client: DispatcherClient,
  feed: Feed,
  children: Children,
): Promise<readonly string[]> {
  switch (step.kind) {
    case "request":
      return await request(step.expected, client, feed);
    case "listenerLeaves":
      await client.updateListener(step.listener, { remove: [step.topic] });
      say(`\n${paint("bold", step.listener)} leaves ${step.topic}`);
      return [];
    case "producerEnds": {
      const how = await children.end(step.producer);
      say(`\n${paint("bold", step.producer)} says goodbye and ends`);
      return how === 0 ? [] : [`${step.producer} ended with ${how}, must be 0`];
    }
  }
}

async function request(
  expected: Expectation,
  client: DispatcherClient,
  feed: Feed,
): Promise<readonly string[]> {
  const { topic, ttlMs } = expected;
  say(`\nrequest ${paint("bold", topic)} 3 4 5 keyword=b, TTL ${ttlMs} ms`);
  const acceptance = await client.dispatch(topic, { args: ARGS, kwargs: KWARGS, ttlMs });
  const seen = await observe(acceptance, expected, feed);
  for (const line of drawTimeline(rowsOf(seen), ttlMs, paint)) say(line);
  const found = differences(expected, seen);
  for (const line of found) say(paint("red", `  ✗ ${line}`));
  return found;
}

/** Waits until a request has ended for every participant and collects the outcome. */
async function observe(
  { requestId, targets }: Acceptance,
  expected: Expectation,
  feed: Feed,
): Promise<Observation> {
  const onTopic = Object.entries(expected.heard).filter(([, producers]) => producers.length > 0);
  // A listener's summary comes after its last result of the request.
  const summaries = await Promise.all(onTopic.map(([id]) => feed.until(id, "summary", requestId)));
  // Late producers report that their assignment was revoked.
  await Promise.all(expected.late.map((producer) => feed.until(producer, "revoked", requestId)));
  const heard = LISTENERS.map(({ id }) => [id, feed.of(id, "result", requestId).map(heardOf)] as const);
  const late = PRODUCERS.flatMap(({ id: producer, delayMs }) =>
    feed
      .of(producer, "revoked", requestId)
      .map(({ fields }) => ({ producer, wouldBeAtMs: delayMs, toldAtMs: Number(fields["elapsed_ms"]) })),
  );
  return {
    asked: targets.map(({ producerId }) => producerId),
    heard: Object.fromEntries(heard),
    late,
    reason: [...new Set(summaries.map(({ fields }) => String(fields["reason"])))].join(),
  };
}

function heardOf({ fields }: FeedEvent): Heard {
  return {
    producer: String(fields["producer_id"]),
    latencyMs: Number(fields["latency_ms"]),
    value: fields["value"],
  };
}

function rowsOf({ heard, late }: Observation): readonly Row[] {
  const rows = new Map<string, Row>();
  for (const [listener, results] of Object.entries(heard)) {
    for (const { producer, latencyMs: atMs } of results) {
      const heardBy = [...(rows.get(producer)?.heardBy ?? []), listener];
      rows.set(producer, { producer, atMs, heardBy });
    }
  }
  for (const { producer, wouldBeAtMs: atMs, toldAtMs } of late) {
    rows.set(producer, { producer, atMs, toldAtMs, heardBy: [] });
  }
  return [...rows.values()].sort((a, b) => a.atMs - b.atMs);
}

/** Finds results beyond the expected ones, over all requests. */
function surplus(feed: Feed): readonly string[] {
  const requests = STEPS.flatMap((step) => (step.kind === "request" ? [step.expected] : []));
  return LISTENERS.flatMap(({ id }) => {
    const must = requests.reduce((sum, { heard }) => sum + (heard[id]?.length ?? 0), 0);
    const is = feed.of(id, "result").length;
    return is === must ? [] : [`${id} heard ${is} results in all, must be ${must}`];
  });
}

/** Rejects at a signal that ends the demo. */
async function interrupted(): Promise<never> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const name = await Promise.race(signals.map((signal) => once(process, signal).then(() => signal)));
  throw new Error(`ended by ${name}`);
}

const feed = new Feed();
const children = createChildren(feed);
try {
  const found = await Promise.race([play(feed, children), interrupted()]);
  say(found.length === 0 ? paint("green", "\n✓ everything came as it must") : "");
  process.exitCode = found.length === 0 ? 0 : 1;
} catch (error) {
  say(paint("red", `\n✗ ${error instanceof Error ? error.message : String(error)}`));
  process.exitCode = 1;
} finally {
  await children.endAll();
}
process.exit();
