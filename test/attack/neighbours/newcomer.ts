/** A peer that comes during an attack, from another address, and must be served: it registers, listens and asks. */
import { createClient, type DispatcherClient, DispatcherError } from "ate-dispatcher-client";

const LIMIT_MS = 5_000;
const TOPIC = "newcomer.work";

/** @returns what the newcomer could not do; empty if it was served. */
export async function newcomerProblems(address: string): Promise<readonly string[]> {
  const client = createClient({ address });
  const problems: string[] = [];
  try {
    const sessions = await Promise.all([registered(client), listening(client)]);
    problems.push(...sessions.flatMap((problem) => (problem === undefined ? [] : [problem])));
    const asked = await inTime("ask", () => ask(client));
    if (asked !== undefined) problems.push(asked);
  } finally {
    void client.close({ graceMs: 0 });
  }
  return problems;
}

async function registered(client: DispatcherClient): Promise<string | undefined> {
  let latest: unknown;
  const producer = client.createProducer({
    topics: [TOPIC],
    handler: () => 1,
    onStatus: (status) => {
      if ("error" in status) latest = status.error;
    },
  });
  return await inTime(
    "register",
    () => producer.ready(),
    () => latest,
  );
}

async function listening(client: DispatcherClient): Promise<string | undefined> {
  let latest: unknown;
  const listener = client.createListener({
    topics: [TOPIC],
    onResult: () => undefined,
    onStatus: (status) => {
      if ("error" in status) latest = status.error;
    },
  });
  return await inTime(
    "listen",
    () => listener.ready(),
    () => latest,
  );
}

async function ask(client: DispatcherClient): Promise<void> {
  const gather = client.gather(TOPIC, { ttlMs: LIMIT_MS });
  gather.acceptance.catch(() => undefined);
  const { outcomes } = await gather.summary;
  if (!outcomes.some(({ state }) => state === "ANSWERED")) throw new Error("no answer");
}

/** @param why - what is known if it takes too long. @returns what went wrong. */
async function inTime(
  what: string,
  act: () => Promise<void>,
  why: () => unknown = () => undefined,
): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(why() ?? new Error("too slow")), LIMIT_MS);
  });
  try {
    await Promise.race([act(), late]);
    return undefined;
  } catch (error) {
    const text = error instanceof DispatcherError ? error.reason : String(error);
    return `newcomer cannot ${what} (${text.slice(0, 60)})`;
  } finally {
    clearTimeout(timer);
  }
}
