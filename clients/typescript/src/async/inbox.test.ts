import { describe, expect, it } from "vitest";
import { Inbox } from "./inbox.js";

describe("an inbox", () => {
  it("hands out items in order, to consumers that wait and consumers that come later", async () => {
    const inbox = new Inbox<number>();
    const first = inbox.next();
    const second = inbox.next();

    for (const item of [1, 2, 3]) inbox.push(item);

    expect([await first, await second, await inbox.next()].map(({ value }) => value)).toEqual([1, 2, 3]);
    expect(inbox.size).toBe(0);
    expect(inbox.shift()).toBeUndefined();
  });

  it("gives done after its end", async () => {
    const inbox = new Inbox<number>();
    inbox.push(1);

    inbox.end();
    inbox.push(2);

    expect(await inbox.next()).toEqual({ done: false, value: 1 });
    expect(await inbox.next()).toEqual({ done: true, value: undefined });
  });

  it("rejects after an end with an error, also consumers that wait", async () => {
    const inbox = new Inbox<number>();
    const waiting = inbox.next();

    inbox.end(new Error("broken"));

    await expect(waiting).rejects.toThrow("broken");
    await expect(inbox.next()).rejects.toThrow("broken");
  });

  it("keeps the order through any mix of adding and taking", () => {
    const inbox = new Inbox<number>();
    const [taken, expected]: [number[], number[]] = [[], []];
    let added = 0;

    for (let round = 0; round < 100; round++) {
      for (let count = 0; count < (round * 37) % 101; count++) {
        inbox.push(added);
        expected.push(added);
        added += 1;
      }
      for (let count = 0; count < (round * 53) % 97 && inbox.size > 0; count++)
        taken.push(inbox.shift() ?? -1);
    }
    while (inbox.size > 0) taken.push(inbox.shift() ?? -1);

    expect(taken).toEqual(expected);
  });
});
