/** Waits for a promise. Rejects after `waitMs` milliseconds with the message that `describe` returns. */
export async function withTimeout<T>(
  promise: Promise<T>,
  waitMs: number,
  describe: () => string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(describe())), waitMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
