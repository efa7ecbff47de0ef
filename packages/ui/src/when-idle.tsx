/** Does some work after the next paint, when the browser has nothing better to do, but soon; the answer calls it off. */
export function whenIdle(work: () => void): () => void {
  // Safari has no idle callback: soon is idle enough.
  if (typeof requestIdleCallback === "undefined") {
    const timer = setTimeout(work, 50);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(work, { timeout: 500 });
  return () => cancelIdleCallback(handle);
}
