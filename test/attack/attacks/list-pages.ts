/**
 * Pages of long lists, asked for again and again. A page that sorts or copies the whole set, or that shows everything of
 * each item, costs a hundred milliseconds and more for a request of a few bytes.
 */
import type { Attack } from "../attack.js";
import type { Attacker } from "../attacker/attacker.js";
import { prepared } from "../attacker/stream.js";
import { hello, METHOD, page } from "./messages.js";
import { openProducers, registrations, submitWaiting } from "./parties.js";

const PENDING = 200_000;
const PRODUCERS = 100;
const REGISTRATIONS = 10_000;
const CALLERS = 4;
const MAX_PAGES = 2_000;

export const listRequestsPages: Attack = {
  name: "list-requests-pages",
  sends: `ListRequests: pages of 1,000 beside ${PENDING} pending requests`,
  async run(attacker) {
    await submitWaiting(attacker, PENDING);
    await askForPages(attacker, METHOD.listRequests, page(1_000));
  },
};

export const listRequestsWithoutMatch: Attack = {
  name: "list-requests-without-match",
  sends: `ListRequests: of a topic without requests, beside ${PENDING} pending requests`,
  async run(attacker) {
    await submitWaiting(attacker, PENDING);
    await askForPages(attacker, METHOD.listRequests, page(1_000, "", "no.match"));
  },
};

export const listProducersPages: Attack = {
  name: "list-producers-pages",
  sends: `ListProducers: beside ${PRODUCERS} producers with ${REGISTRATIONS} registrations each`,
  async run(attacker) {
    await openLargeProducers(attacker);
    await askForPages(attacker, METHOD.listProducers, page(1_000));
  },
};

export const listTopicsWithoutMatch: Attack = {
  name: "list-topics-without-match",
  sends: "ListTopics: with a filter that matches nothing, beside 50,000 topics",
  async run(attacker) {
    await openProducers(attacker, 5, { hello: (i) => ({ registrations: registrations(10_000, `p${i}.`) }) });
    await askForPages(attacker, METHOD.listTopics, page(1_000, "", "*.*.*.*.none"));
  },
};

/** Producers whose views are large. They share their topics. */
export async function openLargeProducers(attacker: Attacker): Promise<void> {
  const message = prepared(hello({ registrations: registrations(REGISTRATIONS, "shared.") }), true);
  await openProducers(attacker, PRODUCERS, { hello: () => message });
}

async function askForPages(attacker: Attacker, method: string, message: Buffer): Promise<void> {
  const connection = attacker.connect();
  await attacker.repeat(MAX_PAGES, CALLERS, () => connection.call(method, message));
}
